"""The team's shape: OAuth 2.0 tokens, devices and messages as resources, JSON:API for what is read.

It is strict, so that a phone that says something else than its profile is noticed.
"""

from rest import Refused, RestHandler, route

PLATFORMS = ("windows", "ios", "android", "web")


class Handler(RestHandler):
    content_type = "application/vnd.api+json"
    token_header = None

    def user(self):
        """Who is signed in: everybody else is refused."""
        if self.token_header:
            scheme, token = "bearer", self.headers.get(self.token_header, "")
        else:
            scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        user = self.store.user_of(token) if scheme.lower() == "bearer" else None
        if user is None:
            raise Refused(401, {"errors": [{"title": "sign in"}]}, WWW_Authenticate="Bearer")
        return user

    @classmethod
    def push(cls, user, message):
        return [cls.wns.push(handle, message) for handle in cls.store.handles_of(user)]

    @route("POST", "/oauth/token")
    def token(self):
        form = self.form()
        if form.get("grant_type") != "password" or form.get("client_id") != "handset":
            raise Refused(400, {"error": "unsupported_grant_type"})
        user = form.get("username", "")
        if not self.store.knows(user, form.get("password", "")):
            raise Refused(400, {"error": "invalid_grant"})
        token = self.store.add_token(user)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": self.store.token_life}

    @route("POST", "/oauth/revoke")
    def revoke(self):
        self.store.drop_token(self.form().get("token"))
        return 200, {}

    @route("GET", "/me")
    def me(self):
        return 200, {"data": {"id": self.user()}}

    @route("POST", "/devices")
    def create(self):
        user, device = self.user(), self.store.new_device()
        self.keep(device, user, known={"app"})
        return 201, {"device": {"id": device}}, {"Location": f"/devices/{device}"}

    @route("PATCH", r"/devices/(\d+)")
    def change(self, device):
        user, device = self.user(), int(device)
        if self.store.devices.get(device, {}).get("user") != user:
            raise Refused(410)
        self.keep(device, user)
        return 200, {"device": {"id": device}}

    @route("DELETE", r"/devices/(\d+)")
    def delete(self, device):
        self.store.drop_device(int(device), self.user())
        return 204, None

    def keep(self, device, user, known=frozenset()):
        said = self.json().get("device")
        if not isinstance(said, dict) or set(said) != {"platform", "token", "topics"} | known:
            raise Refused(422, {"errors": [{"title": "device"}]})
        if said["platform"] not in PLATFORMS or not isinstance(said["topics"], list):
            raise Refused(422, {"errors": [{"title": "platform or topics"}]})
        self.store.put_device(device, user, said["platform"], said["token"], said["topics"])

    @route("POST", "/messages")
    def send(self):
        self.user()
        said = self.json().get("message", {})
        if set(said) != {"to", "text"}:
            raise Refused(422, {"errors": [{"title": "message"}]})
        message = self.store.add_message(said["to"], said["text"])
        self.push(said["to"], message)
        return 202, {"data": {"id": message}}

    @route("GET", "/messages")
    def unread(self):
        user = self.user()
        mine = [
            resource(id, one)
            for id, one in self.store.messages.items()
            if one["user"] == user and not one["seen"]
        ]
        return 200, {"data": mine}

    @route("GET", "/messages/([^/]+)")
    def fetch(self, message):
        return 200, {"data": resource(message, self.own(message))}

    @route("PATCH", "/messages/([^/]+)")
    def read(self, message):
        own = self.own(message)
        if self.json() != {"message": {"seen": True}}:
            raise Refused(422)
        own["seen"] = True
        return 200, {"data": resource(message, own)}

    def own(self, message):
        user, found = self.user(), self.store.messages.get(message)
        if found is None or found["user"] != user:
            raise Refused(404)
        return found


def resource(message, one):
    attributes = {"text": one["text"], "seen": one["seen"]}
    return {"type": "messages", "id": message, "attributes": attributes}
