"""The shape of the Notify Users and Secure Push tutorials, and of what they become on ASP.NET Core.

The original, an ASP.NET Web API, has PascalCase, authenticates before it routes, answers 403 without a
body to wrong credentials and 500 to none, and numbers its payloads from 0. ASP.NET Core has camelCase,
and authenticates only for calls that exist, with 401. Both are stricter here than there: property names in
another case are refused, so that a phone with the wrong profile is noticed.
"""

import base64
import binascii

from rest import Refused, RestHandler, route

PLATFORMS = ("mpns", "wns", "apns", "gcm", "fcmv1", "browser")


class Handler(RestHandler):
    core = False

    def before(self):
        if not self.core:
            self.signed_in = self.authenticate()

    def authenticate(self):
        """Who is signed in: everybody else is refused."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = ""
        if scheme.lower() != "basic" or not user:
            raise Refused(401 if self.core else 500)
        if not self.store.knows(user, password):
            raise Refused(401 if self.core else 403)
        return user.lower()

    def user(self):
        return self.authenticate() if self.core else self.signed_in

    @classmethod
    def push(cls, user, message):
        return [cls.wns.push(handle, str(message)) for handle in cls.store.handles_of(user)]

    def cased(self, name):
        return name[0].lower() + name[1:] if self.core else name

    @route("POST", "/api/register")
    def create(self):
        self.user()
        return 200, f"{self.store.new_device()}-0"

    @route("PUT", r"/api/register/(\d+)-0")
    def put(self, device):
        user, device = self.user(), int(device)
        said = self.json()
        names = {self.cased(name): name for name in ("Platform", "Handle", "Tags")}
        if set(said) != set(names):
            raise Refused(400)
        said = {names[name]: value for name, value in said.items()}
        if said["Platform"] not in PLATFORMS:
            raise Refused(400)
        if device in self.store.forgotten:
            raise Refused(410)
        tags = [*said["Tags"], f"username:{user}"]
        self.store.put_device(device, user, said["Platform"], said["Handle"], tags)
        return 200, None

    @route("DELETE", r"/api/register/(\d+)-0")
    def delete(self, device):
        self.store.drop_device(int(device), self.user())
        return 200, None

    @route("POST", "/api/notifications")
    def send(self):
        user = self.user()
        self.push(user, self.store.add_message(user, "a text of the backend's own"))
        return 200, None

    @route("GET", r"/api/notifications/(\d+)")
    def fetch(self, message):
        self.user()
        found = self.store.messages.get(int(message))
        # The original asks nobody whose it is.
        if found is None:
            raise Refused(404 if self.core else 500)
        values = {"Id": int(message), "Payload": found["text"], "Read": found["seen"]}
        return 200, {self.cased(name): value for name, value in values.items()}
