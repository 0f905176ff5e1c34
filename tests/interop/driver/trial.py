"""One sender's run, and what the phones showed of it."""

import json
import pathlib
import shutil
import subprocess
import threading

from node import Node

# How long one sender may take: some try again four times, as long apart as Retry-After says.
SENDER_TIMEOUT = 120

# How long a toast may take after its push.
TOAST = 20

# `handset env` as a shell takes it, then the sender in the shell's place.
IN_SHELL = """
set -e
variables=$("$INTEROP_HANDSET" env $INTEROP_ENV)
eval "$variables"
unset $INTEROP_WITHOUT
exec "$@"
"""

TESTS = pathlib.Path(__file__).resolve().parent.parent


class Trials:
    """Runs senders, and can stop those that run."""

    def __init__(self, libraries):
        self.libraries = pathlib.Path(libraries)
        self.node = Node(self.libraries / "node")
        self.running = set()
        self.stopped = False
        self.lock = threading.Lock()
        # Node looks for a library beside the script alone.
        for file in (TESTS / "node").glob("*.js"):
            shutil.copy(file, self.libraries / "node")

    def run(self, sender, world):
        """The rows of one sender."""
        if sender.npm_package and (row := self.node.too_old_for(sender.npm_package)):
            return [{**row, "way in": sender.way}]
        environment = {
            **world.environment,
            "INTEROP_HANDSET": world.handset,
            "INTEROP_ENV": " ".join(sender.environment),
            "INTEROP_WITHOUT": " ".join(sender.without),
            "INTEROP_VARIANT": sender.variant,
        }
        printed, problem = self.outcome(
            ["bash", "-c", IN_SHELL, *self.command(sender)], environment
        )
        rows = [{"way in": sender.way, **json.loads(line)} for line in printed.splitlines()]
        for row in rows:
            look_for_toast(row, world)
        if problem or not rows:
            of = {"library": sender.script, "version": "-", "way in": sender.way, "case": "(all)"}
            rows.append({**of, "ok": False, "detail": problem or "it tried nothing"})
        return rows

    def command(self, sender):
        if sender.script.startswith("node/"):
            program = ["node", self.libraries / sender.script]
        else:
            program = [self.libraries / "venv/bin/python", "-BWignore", TESTS / sender.script]
        return ["bash", *map(str, program)]

    def outcome(self, program, environment):
        """What the program printed, and what went wrong with it as a whole, if anything did."""
        pipe = subprocess.PIPE
        with self.lock:
            if self.stopped:
                return "", "stopped before it began"
            child = subprocess.Popen(
                program,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=pipe,
                stderr=pipe,
                text=True,
            )
            self.running.add(child)
        try:
            printed, said = child.communicate(timeout=SENDER_TIMEOUT)
            problem = f"ended with {child.returncode}: {said}" if child.returncode else None
        except subprocess.TimeoutExpired:
            child.kill()
            printed, said = child.communicate()
            problem = f"not done in {SENDER_TIMEOUT} s: {said}"
        with self.lock:
            self.running.discard(child)
        return printed, problem

    def stop(self):
        """Ends what runs and starts no more."""
        with self.lock:
            self.stopped = True
            for child in self.running:
                child.kill()


def look_for_toast(row, world):
    """A case that sent a payload's id is passed when the phone shows that payload."""
    toast = row.get("toast")
    if not (row["ok"] and toast):
        return
    if world.shown(toast, TOAST):
        row["detail"] = f"toast shown ({row['detail']})"
    else:
        row.update(ok=False, detail=f"{row['detail']}, but the phone showed no such toast")
