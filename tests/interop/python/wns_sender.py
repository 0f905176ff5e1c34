"""A WNS sender of a page, with requests, through the proxy; PyPI has no WNS library in use."""

import asyncio
import json
import os
import urllib.parse

import requests

from cases import PHONES, refused, run, toast, unknown

CHANNEL = PHONES["wns"]["handle"]


def access_token():
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["HANDSET_WNS_CLIENT_ID"],
        "client_secret": os.environ["HANDSET_WNS_CLIENT_SECRET"],
        "scope": "notify.windows.com",
    }
    answer = requests.post("https://login.live.com/accesstoken.srf", form, timeout=20)
    answer.raise_for_status()
    return answer.json()["access_token"]


def send_raw(body, channel=CHANNEL):
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/octet-stream",
        "X-WNS-Type": "wns/raw",
        "X-WNS-RequestForStatus": "true",
    }
    answer = requests.post(channel, body.encode(), headers=headers, timeout=20)
    answer.raise_for_status()
    return f"{answer.status_code} {answer.headers['X-WNS-Status']}"


def send(notification):
    return send_raw(json.dumps({"secureId": notification}))


def asking(status):
    """The channel that asks for an error."""
    return urllib.parse.urljoin(CHANNEL, f"/w/?token=error-{status}")


def status(error):
    return f"{type(error).__name__} {error.response.status_code}"


def fails(channel, expected, body="1"):
    return refused(lambda: send_raw(body, channel), status, f"HTTPError {expected}")


TOKEN = access_token()
asyncio.run(
    run(
        "requests",
        {
            "wns/raw": toast("wns", send),
            "unknown token": fails(unknown(CHANNEL), 404),
            "expired token": fails(asking(410), 410),
            "too large": fails(CHANNEL, 413, "x" * 5001),
            "throttled": fails(asking(406), 406),
            "unavailable": fails(asking(503), 503),
        },
    )
)
