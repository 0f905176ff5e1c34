"""The senders, and the way in that each takes."""

from dataclasses import dataclass

NODE = ("NODE_OPTIONS", "NODE_EXTRA_CA_CERTS")


@dataclass(frozen=True)
class Sender:
    """A script of `node` or `python`, in the environment that `handset env` prints."""

    script: str
    way: str
    # Arguments of `handset env`.
    environment: tuple = ()
    # Variables that it does without.
    without: tuple = ()
    # The services give out addresses under the real hosts' names.
    real_handles: bool = False
    # What else the script is told.
    variant: str = ""


SENDERS = (
    Sender("node/firebase-admin.js", "preload script"),
    Sender("node/firebase-admin-agent.js", "httpAgent and cert(path, agent)", without=NODE),
    Sender("python/firebase_admin_sender.py", "proxy", ("--proxy",)),
    Sender("python/firebase_admin_async_sender.py", "hosts file (own resolver)"),
    Sender("python/pyfcm_sender.py", "proxy", ("--proxy",)),
    Sender("node/node-apn.js", "options address, port, ca", without=NODE),
    Sender("node/node-apn.js", "option proxy", ("--proxy",), without=NODE, variant="proxy"),
    Sender("node/apns2.js", "preload script"),
    Sender("python/aioapns_sender.py", "hosts file (own resolver), ssl_context"),
    Sender("node/web-push.js", "endpoint, https", without=("NODE_OPTIONS",)),
    Sender("node/web-push.js", "preload script, real endpoint", real_handles=True),
    Sender("python/pywebpush_sender.py", "endpoint, http"),
    Sender("python/pywebpush_sender.py", "proxy, real endpoint", ("--proxy",), real_handles=True),
    Sender("node/wns.js", "preload script, real channel", real_handles=True),
    Sender("python/wns_sender.py", "proxy, real channel", ("--proxy",), real_handles=True),
)
