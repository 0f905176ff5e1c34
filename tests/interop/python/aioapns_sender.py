"""aioapns, whose host is fixed: a hosts file leads it, and an SSL context trusts handset's CA."""

import asyncio
import logging
import os
import pathlib
import ssl

from aioapns import APNs, NotificationRequest, PushType

from cases import PHONES, apns_error, run, stand_in_for_hosts_file, toast, unknown

HANDLE = PHONES["apns"]["handle"]


def silent(notification, token, **more):
    message = {"aps": {"content-available": 1}, "secureId": notification, **more}
    return NotificationRequest(token, message, priority=5, push_type=PushType.BACKGROUND)


async def main():
    apns = APNs(
        key=pathlib.Path(os.environ["HANDSET_APNS_KEY"]).read_text(),
        key_id=os.environ["HANDSET_APNS_KEY_ID"],
        team_id=os.environ["HANDSET_APNS_TEAM_ID"],
        topic=os.environ["HANDSET_APNS_TOPIC"],
        ssl_context=ssl.create_default_context(cafile=os.environ["HANDSET_CA"]),
    )

    async def send(notification):
        result = await apns.send_notification(silent(notification, HANDLE))
        if not result.is_successful:
            raise RuntimeError(f"{result.status} {result.description}")
        return result.status

    def answered(expected, request):
        """aioapns raises nothing: its result says what went wrong."""

        async def play():
            result = await apns.send_notification(request)
            found = f"{result.status} {result.description}"
            detail = found if found == expected else f"{found}, not {expected}"
            return {"ok": found == expected and not result.is_successful, "detail": detail}

        return play

    await run(
        "aioapns",
        {
            "send_notification": toast("apns", send),
            "unknown token": answered("400 BadDeviceToken", silent("1", unknown(HANDLE))),
            "expired token": answered("410 Unregistered", silent("1", apns_error("Unregistered"))),
            "too large": answered("413 PayloadTooLarge", silent("1", HANDLE, text="x" * 4096)),
            "throttled": answered(
                "429 TooManyRequests", silent("1", apns_error("TooManyRequests"))
            ),
            "unavailable": answered(
                "503 ServiceUnavailable", silent("1", apns_error("ServiceUnavailable"))
            ),
        },
    )
    apns.pool.close()


logging.getLogger("aioapns").setLevel(logging.CRITICAL)
stand_in_for_hosts_file("api.push.apple.com")
asyncio.run(main())
