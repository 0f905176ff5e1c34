"""The senders, and the way in that each takes."""

from dataclasses import dataclass

# A resolver in the sender's own code stands in for the machine's hosts file.
HOSTS = "hosts file (own resolver)"

# A connection string of Azure's own, unchanged.
CLOUD = "cloud connection string"

NODE = ("NODE_OPTIONS", "NODE_EXTRA_CA_CERTS")

# The packages from npm.
LIBRARIES = {
    "node/firebase-admin.js": "firebase-admin",
    "node/firebase-admin-agent.js": "firebase-admin",
    "node/node-apn.js": "@parse/node-apn",
    "node/apns2.js": "apns2",
    "node/web-push.js": "web-push",
    "node/wns.js": "wns",
    "node/azure-notification-hubs.js": "@azure/notification-hubs",
    "node/azure-sb.js": "azure-sb",
    "node/azure-cloud.js": "@azure/notification-hubs",
}


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

    @property
    def npm_package(self):
        """The package from npm that a script of Node's is about."""
        return LIBRARIES.get(self.script)


SENDERS = (
    Sender("node/firebase-admin.js", "preload script"),
    Sender("node/firebase-admin-agent.js", "httpAgent and cert(path, agent)", without=NODE),
    Sender("python/firebase_admin_sender.py", "proxy", ("--proxy",)),
    Sender("python/firebase_admin_async_sender.py", HOSTS, real_handles=True),
    Sender("python/pyfcm_sender.py", "proxy", ("--proxy",)),
    Sender("node/node-apn.js", "options address, port, ca", without=NODE),
    # Through a proxy it forgets its option `ca`, and trusts what NODE_EXTRA_CA_CERTS names.
    Sender("node/node-apn.js", "option proxy", without=("NODE_OPTIONS",), variant="proxy"),
    Sender("node/apns2.js", "preload script"),
    Sender("python/aioapns_sender.py", f"{HOSTS}, ssl_context", real_handles=True),
    Sender("node/web-push.js", "endpoint, https", without=("NODE_OPTIONS",)),
    Sender("node/web-push.js", "preload script, real endpoint", real_handles=True),
    Sender("python/pywebpush_sender.py", "endpoint, http"),
    Sender("python/pywebpush_sender.py", "proxy, real endpoint", ("--proxy",), real_handles=True),
    Sender("node/wns.js", "preload script, real channel", real_handles=True),
    Sender("python/wns_sender.py", "proxy, real channel", ("--proxy",), real_handles=True),
    Sender("node/azure-notification-hubs.js", "connection string", without=("NODE_OPTIONS",)),
    Sender("node/azure-sb.js", "connection string", without=("NODE_OPTIONS",)),
    Sender("node/azure-cloud.js", f"{CLOUD}, preload script", variant="@azure/notification-hubs"),
    Sender(
        "node/azure-cloud.js",
        f"{CLOUD}, proxy",
        ("--proxy",),
        without=("NODE_OPTIONS",),
        variant="@azure/notification-hubs",
    ),
    Sender("node/azure-cloud.js", f"{CLOUD}, preload script", variant="azure-sb"),
)
