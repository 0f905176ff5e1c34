"""A machine of its own: `handset serve`, and a phone of alice's on each platform."""

import base64
import json
import os
import pathlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from process import Failure, Running, printed

PLATFORMS = ("wns", "apns", "fcm", "webpush")


def is_free(port):
    """True when this process may listen on the port and nobody does."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class World:
    """Services and phones with a home below `folder`, until it is left."""

    def __init__(self, handset, folder, real_handles=False):
        self.handset = str(handset)
        self.folder = pathlib.Path(folder)
        self.real_handles = real_handles
        # Who takes handset for the real hosts expects it on their port.
        self.https = 443 if real_handles and is_free(443) else 0
        self.phones = {}
        self.started = []
        self.stopping = False
        self.lock = threading.Lock()
        for name in ("user", "tmp"):
            (self.folder / name).mkdir(parents=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.folder / "user"),
            "TMPDIR": str(self.folder / "tmp"),
            "HANDSET_HOME": str(self.folder / "state"),
            # Without it the bus of a desktop that happens to run would be found.
            "XDG_RUNTIME_DIR": str(self.folder / "no-runtime"),
            "INTEROP_PHONES": str(self.folder / "phones.json"),
        }

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        ports = {"http": 0, "https": self.https, "proxy": 0}
        addresses = [f"--{name}=127.0.0.1:{port}" for name, port in ports.items()]
        real = ["--real-handles"] if self.real_handles else []
        self.write_rules()
        serve = self.running("serve", "--ephemeral", *addresses, *real)
        serve.ready("services.ready")
        backend = json.loads(self.said("env", "--json"))["HANDSET_HTTP"]
        with ThreadPoolExecutor(len(PLATFORMS)) as pool:
            addresses = dict(pool.map(lambda name: (name, self.phone(name, backend)), PLATFORMS))
        (self.folder / "phones.json").write_text(json.dumps(addresses, indent=2))

    def write_rules(self):
        """The hub's rules: those that it begins with, and one that somebody has from the cloud."""
        claims = {
            "DefaultFullSharedAccessSignature": ["Listen", "Manage", "Send"],
            "DefaultListenSharedAccessSignature": ["Listen"],
            "DefaultSendSharedAccessSignature": ["Send"],
            "RootManageSharedAccessKey": ["Listen", "Manage", "Send"],
        }
        rules = [
            {"name": name, "key": base64.b64encode(os.urandom(32)).decode(), "claims": held}
            for name, held in claims.items()
        ]
        folder = self.folder / "state" / "credentials"
        folder.mkdir(mode=0o700, parents=True)
        file = folder / "hub.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps({"rules": rules}))

    def phone(self, platform, backend):
        """Switches a phone on, which is named after its platform; its address for senders."""
        device = ("--device", platform)
        account = ("--backend", backend, "--user", "alice", "--password-stdin")
        self.said(*device, "login", "--vault", "file", *account, given="alice\n")
        self.said(*device, "register", "--platform", platform)
        # Three silent pushes an hour would not do for all the senders of one platform.
        self.said(*device, "condition", "set", "throttle=off")
        self.phones[platform] = self.running(*device, "run", "--toast", "none")
        self.phones[platform].ready("phone.ready")
        status = json.loads(self.said(*device, "--json", "status"))
        return {"handle": status["handle"], "subscription": status["subscription"]}

    def running(self, *arguments):
        log = self.folder / f"{'-'.join(arguments[:2]).strip('-')}.log"
        with self.lock:
            if self.stopping:
                raise Failure("stopped before everything ran")
            self.started.append(
                Running([self.handset, "--json", *arguments], self.environment, log)
            )
            return self.started[-1]

    def said(self, *arguments, given=""):
        return printed([self.handset, *arguments], self.environment, given)

    def shown(self, toast, patience):
        """True when the phones of the toast's platforms show it, with the very text."""
        platforms = toast["platform"]
        platforms = [platforms] if isinstance(platforms, str) else platforms
        return all(self.shown_on(platform, toast, patience) for platform in platforms)

    def shown_on(self, platform, toast, patience):
        def fits(event):
            return event.get("notification") == toast["notification"]

        event = self.phones[platform].event("toast.shown", fits, patience)
        return event is not None and event["toast"]["body"] == toast["body"]

    def stop(self):
        """Stops the phones, then the services."""
        with self.lock:
            self.stopping = True
        with ExitStack() as all_of_them:
            for running in self.started:
                all_of_them.callback(running.stop)
