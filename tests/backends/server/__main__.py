"""A team's own app backend, in another language and another shape than the embedded one.

    python3 tests/backends/server --shape team|tutorial|aspnetcore --wns-token-url URL

It is ready when it prints its ready line. Each line on standard input is a command, answered by one line
of JSON; it ends with its standard input.
"""

import argparse
import json
import sys
import threading
from http.server import ThreadingHTTPServer

import team
import tutorial
from store import Store
from wns import Wns


def arguments():
    parser = argparse.ArgumentParser(prog="server")
    parser.add_argument("--shape", required=True, choices=["team", "tutorial", "aspnetcore"])
    parser.add_argument("--wns-token-url", required=True, help="where WNS gives access tokens")
    parser.add_argument("--token-header", metavar="NAME", help="instead of Authorization: Bearer")
    return parser.parse_args()


def handler(wish):
    """The handler of requests, whose class attributes are its backend."""
    store = Store(numbered=wish.shape != "team")
    more = {"store": store, "wns": Wns(wish.wns_token_url)}
    if wish.shape == "team":
        return type("Team", (team.Handler,), {**more, "token_header": wish.token_header})
    core = wish.shape == "aspnetcore"
    return type("Tutorial", (tutorial.Handler,), {**more, "core": core})


def obey(line, backend):
    """Carries out a command, and returns what to say about it."""
    store = backend.store
    command, *words = line.split(maxsplit=2)
    match command, words:
        case "send", [user, text]:
            message = store.add_message(user, text)
            return {"event": "sent", "id": message, "outcomes": backend.push(user, message)}
        case "password", [user, password]:
            store.passwords[user] = password
            return {"event": "password.changed"}
        case "token-life", [seconds]:
            store.token_life = int(seconds)
            return {"event": "token-life.changed"}
        case "expire-tokens", []:
            return {"event": "tokens.expired", "count": store.expire_tokens()}
        case "forget-devices", []:
            return {"event": "devices.forgotten", "count": store.forget_devices()}
        case "state", []:
            return {"event": "state", **store.state()}
    return {"event": "unknown", "command": command}


def say(event):
    print(json.dumps(event), flush=True)


def main():
    backend = handler(arguments())
    server = ThreadingHTTPServer(("127.0.0.1", 0), backend)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say({"event": "backend.ready", "url": f"http://127.0.0.1:{server.server_port}"})
    for line in sys.stdin:
        if line.strip():
            say(obey(line.strip(), backend))


main()
