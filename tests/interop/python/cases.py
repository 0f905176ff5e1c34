"""What every sender here shares.

A payload at the backend, the phones' addresses, a stand-in for a hosts file, and one line of JSON
a case on standard output. The senders themselves use their library as its own guide says.
"""

import asyncio
import base64
import inspect
import json
import os
import pathlib
import socket
import sys
import traceback
import urllib.parse
import urllib.request
import uuid
from importlib import metadata

# The phones' addresses, by platform: `handle`, and for Web Push `subscription`.
PHONES = json.loads(pathlib.Path(os.environ["INTEROP_PHONES"]).read_text())


def store(text):
    """Stores a secret text for alice at the app backend and leaves the push to the sender; its id."""
    request = urllib.request.Request(
        urllib.parse.urljoin(os.environ["HANDSET_HTTP"], "/api/notifications"),
        json.dumps({"payload": text, "push": False}).encode(),
        {
            "Authorization": "Basic " + base64.b64encode(b"alice:alice").decode(),
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        stored = json.load(answer)
    if stored["Deliveries"]:
        raise RuntimeError(f"the backend pushed it by itself: {stored}")
    return stored["Id"]


def toast(platform, send):
    """A case that sends the id of a fresh secret, passed when the phone shows that secret.

    `send` gets the id, and its result is the detail.
    """

    async def play():
        text = f"Secret {uuid.uuid4()}"
        notification = await asyncio.to_thread(store, text)
        detail = await called(send, notification)
        shown = {"platform": platform, "notification": notification, "body": text}
        return {"ok": True, "detail": detail or "sent", "toast": shown}

    return play


def accepted(send):
    """A case that is passed when the library reports success; its result is the detail."""

    async def play():
        return {"ok": True, "detail": await called(send)}

    return play


def refused(send, read, expected):
    """A case that is passed when what `read` makes of the library's error is `expected`."""

    async def play():
        try:
            result = await called(send)
        except Exception as error:
            found = read(error)
            detail = found if found == expected else f"{found} ({error}), not {expected}"
            return {"ok": found == expected, "detail": detail}
        return {"ok": False, "detail": f"no error: {result}"}

    return play


def not_run(reason):
    """A case that is left out."""

    async def play():
        return {"ok": None, "detail": reason}

    return play


async def called(function, *arguments):
    """The result of a coroutine function, or of a plain one in a thread of its own."""
    if inspect.iscoroutinefunction(function):
        return await function(*arguments)
    return await asyncio.to_thread(function, *arguments)


async def played(play):
    """The result of a case; that of one that broke is not ok."""
    try:
        return await play()
    except Exception as error:
        traceback.print_exc()
        return {"ok": False, "detail": f"{type(error).__name__}: {error}"}


async def run(library, cases):
    """Runs the cases at once and prints them in their order."""
    version = metadata.version(library)
    results = await asyncio.gather(*(played(play) for play in cases.values()))
    for case, result in zip(cases, results):
        print(json.dumps({"library": library, "version": version, "case": case, **result}))
    sys.stdout.flush()


def unknown(address):
    """An address that looks like this one and belongs to nobody."""
    return address[:-1] + ("1" if address.endswith("0") else "0")


def apns_error(reason):
    """The APNs device token that asks for an error."""
    return f"err:{reason}".encode().hex().ljust(64, "0")


def stand_in_for_hosts_file(*names):
    """Lets this process alone find the named hosts where handset serves HTTPS; that port.

    What a hosts file does for a machine, done for one program by its own name resolution, so that
    the tests change nothing of the machine. Where handset is not on port 443, which root alone may
    bind, the port is resolved, too: that reaches libraries that connect to what they are given. No
    library is changed.
    """
    https = urllib.parse.urlsplit(os.environ["HANDSET_HTTPS"])
    served = https.port or 443
    resolve = socket.getaddrinfo

    def getaddrinfo(host, port, *arguments, **options):
        name = host.decode() if isinstance(host, bytes) else host
        if name in names:
            host, port = https.hostname, served
        return resolve(host, port, *arguments, **options)

    socket.getaddrinfo = getaddrinfo
    return served
