"""firebase-admin through the proxy, as HTTPS_PROXY and REQUESTS_CA_BUNDLE say."""

import asyncio

import firebase_admin
from firebase_admin import messaging

from cases import PHONES, refused, run, toast, unknown

TOKEN = PHONES["fcm"]["handle"]


def silent(notification, **target):
    android = messaging.AndroidConfig(priority="high")
    return messaging.Message(data={"secureId": notification}, android=android, **target)


def send(notification):
    return messaging.send(silent(notification, token=TOKEN))


def send_to_installation(notification):
    """By the installation's id, which takes the token's place in newer releases."""
    return messaging.send(silent(notification, fid=TOKEN.split(":")[0]))


def send_each(notification):
    targets = [TOKEN, unknown(TOKEN)]
    answer = messaging.send_each([silent(notification, token=token) for token in targets])
    return good_and_bad(answer)


def send_each_for_multicast(notification):
    targets = [TOKEN, unknown(TOKEN)]
    message = messaging.MulticastMessage(data={"secureId": notification}, tokens=targets)
    return good_and_bad(messaging.send_each_for_multicast(message))


def good_and_bad(answer):
    """What a batch of one good and one unknown token says of both."""
    good, bad = answer.responses
    if not good.success:
        raise good.exception
    if not isinstance(bad.exception, messaging.UnregisteredError):
        raise RuntimeError(f"the unknown token was answered {bad.exception!r}")
    return f"success, {kind(bad.exception)}"


def topic(notification):
    answer = messaging.subscribe_to_topic([TOKEN], "interop-python")
    if answer.success_count != 1:
        raise RuntimeError(f"{[error.reason for error in answer.errors]}")
    return messaging.send(silent(notification, topic="interop-python"))


def kind(error):
    return type(error).__name__


def fails(token, expected):
    return refused(lambda: messaging.send(silent("1", token=token)), kind, expected)


def too_large():
    return messaging.send(messaging.Message(data={"text": "x" * 5000}, token=TOKEN))


firebase_admin.initialize_app()
asyncio.run(
    run(
        "firebase-admin",
        {
            "send": toast("fcm", send),
            "send to a fid": toast("fcm", send_to_installation),
            "send_each": toast("fcm", send_each),
            "send_each_for_multicast": toast("fcm", send_each_for_multicast),
            "subscribe_to_topic, send to the topic": toast("fcm", topic),
            "unknown token": fails(unknown(TOKEN), "UnregisteredError"),
            "expired token": fails("error:UNREGISTERED", "UnregisteredError"),
            "other project": fails("error:SENDER_ID_MISMATCH", "SenderIdMismatchError"),
            "too large": refused(too_large, kind, "InvalidArgumentError"),
            "throttled": fails("error:QUOTA_EXCEEDED", "QuotaExceededError"),
            "unavailable": fails("error:UNAVAILABLE", "UnavailableError"),
        },
    )
)
