"""Pushes to channel URIs as WNS has it: an access token, then a raw notification."""

import json
import urllib.error
import urllib.parse
import urllib.request

# A handle is what a client says it is: nothing but this machine is posted to.
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirects)


class Wns:
    def __init__(self, token_url):
        self.token_url = token_url

    def access_token(self):
        form = {
            "grant_type": "client_credentials",
            "client_id": "ms-app://team",
            "client_secret": "secret",
            "scope": "notify.windows.com",
        }
        request = urllib.request.Request(self.token_url, urllib.parse.urlencode(form).encode())
        with OPENER.open(request, timeout=20) as answer:
            return json.load(answer)["access_token"]

    def push(self, handle, body):
        """Posts a raw notification, and returns what WNS says became of it."""
        if urllib.parse.urlsplit(handle).hostname not in LOOPBACK:
            return "refused: not on this machine"
        headers = {
            "Authorization": f"Bearer {self.access_token()}",
            "Content-Type": "application/octet-stream",
            "X-WNS-Type": "wns/raw",
        }
        request = urllib.request.Request(handle, body.encode(), headers)
        try:
            with OPENER.open(request, timeout=20) as answer:
                return answer.headers["X-WNS-Status"]
        except urllib.error.HTTPError as error:
            return f"refused: {error.code}"
