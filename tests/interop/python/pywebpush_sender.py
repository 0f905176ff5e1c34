"""pywebpush posts to the endpoint of the phone's subscription, be it http or https."""

import asyncio
import os
import urllib.parse

from pywebpush import WebPushException, webpush

from cases import PHONES, refused, run, toast, unknown

SUBSCRIPTION = PHONES["webpush"]["subscription"]


def push(text, endpoint=SUBSCRIPTION["endpoint"], encoding="aes128gcm"):
    answer = webpush(
        {**SUBSCRIPTION, "endpoint": endpoint},
        text,
        vapid_private_key=os.environ["HANDSET_VAPID_PRIVATE"],
        vapid_claims={"sub": "mailto:sender@example.com"},
        content_encoding=encoding,
        ttl=60,
        timeout=20,
    )
    return str(answer.status_code)


def asking(status):
    """The endpoint that asks for an error."""
    return urllib.parse.urljoin(SUBSCRIPTION["endpoint"], f"/wpush/v1/error-{status}")


def answer(error):
    if isinstance(error, WebPushException):
        return f"WebPushException {error.response.status_code}"
    return type(error).__name__


def fails(endpoint, status, text="1"):
    return refused(lambda: push(text, endpoint), answer, f"WebPushException {status}")


asyncio.run(
    run(
        "pywebpush",
        {
            "webpush, aes128gcm": toast("webpush", push),
            "webpush, aesgcm": toast("webpush", lambda id: push(id, encoding="aesgcm")),
            "unknown token": fails(unknown(SUBSCRIPTION["endpoint"]), 404),
            "expired token": fails(asking(410), 410),
            "too large": fails(SUBSCRIPTION["endpoint"], 413, "x" * 6000),
            "throttled": fails(asking(429), 429),
            "unavailable": fails(asking(503), 503),
        },
    )
)
