"""What the backend remembers, in memory: users, tokens, devices, messages."""

import itertools
import secrets
import threading
import time


class Store:
    def __init__(self, numbered):
        # In seconds.
        self.token_life = 3600
        self.passwords = {"alice": "wonderland", "bob": "builder"}
        self.devices = {}
        # Ids that were given out and are not known any more.
        self.forgotten = set()
        self.messages = {}
        self.requests = []
        self._tokens = {}
        self._lock = threading.Lock()
        self._device_ids = itertools.count(7)
        # The tutorials' payloads are numbered from 0.
        self._message_ids = itertools.count(0) if numbered else map("m-{}".format, itertools.count(1))

    def knows(self, user, password):
        known = self.passwords.get(user.lower())
        return known is not None and secrets.compare_digest(known.encode(), password.encode())

    def add_token(self, user):
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = (user.lower(), time.monotonic() + self.token_life)
        return token

    def user_of(self, token):
        user, end = self._tokens.get(token, (None, 0))
        return user if time.monotonic() < end else None

    def drop_token(self, token):
        with self._lock:
            self._tokens.pop(token, None)

    def expire_tokens(self):
        with self._lock:
            count = len(self._tokens)
            self._tokens.clear()
        return count

    def new_device(self):
        with self._lock:
            return next(self._device_ids)

    def put_device(self, device, user, platform, handle, tags):
        with self._lock:
            # A handle is one device's alone.
            for other, known in list(self.devices.items()):
                if known["handle"] == handle and other != device:
                    del self.devices[other]
            self.devices[device] = {"user": user, "platform": platform, "handle": handle, "tags": tags}

    def drop_device(self, device, user):
        with self._lock:
            if self.devices.get(device, {}).get("user") == user:
                del self.devices[device]

    def forget_devices(self):
        with self._lock:
            count = len(self.devices)
            self.forgotten.update(self.devices)
            self.devices.clear()
        return count

    def add_message(self, user, text):
        with self._lock:
            message = next(self._message_ids)
            self.messages[message] = {"user": user.lower(), "text": text, "seen": False}
        return message

    def handles_of(self, user):
        with self._lock:
            return [one["handle"] for one in self.devices.values() if one["user"] == user.lower()]

    def state(self):
        with self._lock:
            devices = [
                {"id": id, "user": one["user"], "platform": one["platform"], "tags": one["tags"]}
                for id, one in self.devices.items()
            ]
            messages = [{"id": id, "seen": one["seen"]} for id, one in self.messages.items()]
            return {"devices": devices, "messages": messages, "requests": list(self.requests)}
