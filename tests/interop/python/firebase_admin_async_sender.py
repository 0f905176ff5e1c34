"""firebase-admin's coroutines (httpx, HTTP/2), which honour no proxy: a hosts file leads them."""

import asyncio

import firebase_admin
from firebase_admin import messaging

from cases import PHONES, not_run, run, stand_in_for_hosts_file, toast, unknown

TOKEN = PHONES["fcm"]["handle"]


def silent(notification, token):
    android = messaging.AndroidConfig(priority="high")
    return messaging.Message(data={"secureId": notification}, android=android, token=token)


async def send_each_async(notification):
    messages = [silent(notification, token) for token in (TOKEN, unknown(TOKEN))]
    good, bad = (await messaging.send_each_async(messages)).responses
    if not good.success:
        raise good.exception
    if not isinstance(bad.exception, messaging.UnregisteredError):
        raise RuntimeError(f"the unknown token was answered {bad.exception!r}")
    return f"success, {type(bad.exception).__name__}"


port = stand_in_for_hosts_file("fcm.googleapis.com", "oauth2.googleapis.com")
firebase_admin.initialize_app()
case = toast("fcm", send_each_async)
if port != 443:
    case = not_run(f"httpx connects to port 443, handset could only serve {port}")
asyncio.run(run("firebase-admin", {"send_each_async (HTTP/2)": case}))
