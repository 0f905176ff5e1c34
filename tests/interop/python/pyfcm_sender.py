"""pyfcm through the proxy, as HTTPS_PROXY and REQUESTS_CA_BUNDLE say.

What FCM answers with Retry-After, pyfcm sends again until it is answered otherwise: a handle that
is always throttled or unavailable would never return, so those two cases are not run.
"""

import asyncio
import os

from pyfcm import FCMNotification

from cases import PHONES, accepted, not_run, refused, run, toast, unknown

TOKEN = PHONES["fcm"]["handle"]


def notify(data, token=TOKEN):
    # One for each: threads must not share it.
    fcm = FCMNotification(service_account_file=os.environ["GOOGLE_APPLICATION_CREDENTIALS"])
    return fcm.notify(fcm_token=token, data_payload=data)


def name(notification, token=TOKEN):
    """What FCM calls the message."""
    return notify({"secureId": notification}, token)["name"]


def kind(error):
    return type(error).__name__


def fails(token, expected):
    return refused(lambda: notify({"secureId": "1"}, token), kind, expected)


asyncio.run(
    run(
        "pyfcm",
        {
            "notify": toast("fcm", name),
            "unknown token": fails(unknown(TOKEN), "FCMNotRegisteredError"),
            "expired token": fails("error:UNREGISTERED", "FCMNotRegisteredError"),
            "other project": fails("error:SENDER_ID_MISMATCH", "FCMSenderIdMismatchError"),
            "too large": refused(lambda: notify({"text": "x" * 5000}), kind, "InvalidDataError"),
            "throttled once": accepted(lambda: name("1", "error:QUOTA_EXCEEDED:1:pyfcm")),
            "throttled": not_run("pyfcm sends again for as long as there is Retry-After"),
            "unavailable": not_run("pyfcm sends again for as long as there is Retry-After"),
        },
    )
)
