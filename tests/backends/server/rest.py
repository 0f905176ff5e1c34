"""What every shape's handler has: routes, bodies, answers."""

import json
import re
import urllib.parse
from http.server import BaseHTTPRequestHandler

MAX_BODY = 64 * 1024


class Refused(Exception):
    """A request is answered with this status, and what goes with it."""

    def __init__(self, status, body=None, **headers):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


def route(method, pattern):
    """Marks the method of a handler that answers requests for a path."""

    def mark(function):
        function.route = (method, re.compile(pattern))
        return function

    return mark


class RestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    content_type = "application/json"

    def push(self, user, message):
        raise NotImplementedError

    def serve(self):
        self.url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(self.url.query))
        self.store.requests.append(f"{self.command} {self.url.path}")
        try:
            length = int(self.headers.get("Content-Length") or 0)
            if length > MAX_BODY:
                self.close_connection = True
                raise Refused(413)
            self.body = self.rfile.read(length)
            self.before()
            status, body, headers = self.dispatch()
        except Refused as refused:
            status, body, headers = refused.status, refused.body, refused.headers
        self.answer(status, body, headers)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def before(self):
        """Comes before a request is routed."""

    def dispatch(self):
        known = False
        for name in dir(self):
            method, pattern = getattr(getattr(type(self), name, None), "route", (None, None))
            found = pattern and pattern.fullmatch(self.url.path)
            if found and method == self.command:
                parts = [urllib.parse.unquote(part) for part in found.groups()]
                return (*getattr(self, name)(*parts), None, None)[:3]
            known = known or bool(found)
        raise Refused(405 if known else 404)

    def answer(self, status, body, headers):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name.replace("_", "-"), value)
        if data:
            self.send_header("Content-Type", self.content_type)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def json(self):
        try:
            value = json.loads(self.body)
        except ValueError:
            raise Refused(400) from None
        if not isinstance(value, dict):
            raise Refused(400)
        return value

    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode()))

    def log_message(self, *_):
        """The requests are in the store; nothing is said about them here."""
