"""A program that the driver started, the events it prints, and its end."""

import json
import subprocess
import threading
import time

# How long anything may take before the run fails, in seconds.
PATIENCE = 30


class Failure(Exception):
    """What keeps the senders from being tried at all."""


class Running:
    """A program that prints NDJSON until it is stopped, by its own process id."""

    def __init__(self, arguments, environment, log):
        self.name = " ".join(arguments[1:])
        self.log = log
        self.child = subprocess.Popen(
            arguments,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log.open("w"),
            text=True,
        )
        self.events = []
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.child.stdout:
            with self.news:
                self.events.append(json.loads(line))
                self.news.notify_all()
        with self.news:
            self.news.notify_all()

    def event(self, name, fits=lambda event: True, patience=PATIENCE):
        """The first event of that name that fits, be it past or to come; none after the patience."""
        end, looked_at = time.monotonic() + patience, 0
        with self.news:
            while True:
                for event in self.events[looked_at:]:
                    if event["event"] == name and fits(event):
                        return event
                looked_at = len(self.events)
                left = end - time.monotonic()
                if left <= 0 or not self.reader.is_alive():
                    return None
                self.news.wait(left)

    def ready(self, name):
        """Waits for the event that says so."""
        if not self.event(name):
            raise Failure(f"`handset {self.name}` did not say {name}:\n{self.log.read_text()}")

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.reader.join(PATIENCE)
        self.child.stdout.close()


def printed(arguments, environment, given=""):
    """What a program prints that is over soon."""
    done = subprocess.run(
        arguments, env=environment, input=given, capture_output=True, text=True, timeout=PATIENCE
    )
    if done.returncode != 0:
        said = f"{done.stdout}{done.stderr}".strip()
        raise Failure(f"`handset {' '.join(arguments[1:])}` ended with {done.returncode}:\n{said}")
    return done.stdout
