"""Runs real senders against `handset serve` and says what each of them saw.

Started by `tests/interop/run`, which brings the libraries.
"""

import argparse
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import authorities
import report
from process import Failure
from senders import SENDERS
from world import World

# How long one sender may take: two of them try again four times, as long apart as Retry-After says.
SENDER_TIMEOUT = 120

# How many senders run at once; most of their time they wait.
AT_ONCE = 6

# How long a toast may take after its push.
TOAST = 20

# `handset env` as a shell takes it, then the sender in its place.
IN_SHELL = """
set -e
variables=$("$INTEROP_HANDSET" env $INTEROP_ENV)
eval "$variables"
unset $INTEROP_WITHOUT
exec "$@"
"""


def arguments():
    parser = argparse.ArgumentParser(prog="tests/interop/run")
    parser.add_argument("--report", metavar="FILE", help="write the table there, too, as Markdown")
    parser.add_argument("--only", metavar="TEXT", help="only the senders whose script has it")
    parser.add_argument("--handset", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--libraries", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def command(script, libraries):
    """The sender's program. What Node requires it finds beside the script alone: hence the copy."""
    tests = pathlib.Path(__file__).parent.parent
    if script.startswith("node/"):
        for file in (tests / "node").glob("*.js"):
            shutil.copy(file, libraries / "node")
        return ["node", str(libraries / script)]
    return [str(libraries / "venv/bin/python"), "-B", "-W", "ignore", str(tests / script)]


def run(sender, world, libraries):
    """The rows of one sender."""
    environment = {
        **world.environment,
        "INTEROP_HANDSET": world.handset,
        "INTEROP_ENV": " ".join(sender.environment),
        "INTEROP_WITHOUT": " ".join(sender.without),
        "INTEROP_VARIANT": sender.variant,
    }
    program = ["bash", "-c", IN_SHELL, "bash", *command(sender.script, libraries)]
    try:
        done = subprocess.run(
            program,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SENDER_TIMEOUT,
        )
        out, problem = done.stdout, f"ended with {done.returncode}: {done.stderr}"
        broke = done.returncode != 0
    except subprocess.TimeoutExpired as error:
        out, problem, broke = (error.stdout or b"").decode(), "not done in time", True
    rows = [{"way in": sender.way, **json.loads(line)} for line in out.splitlines()]
    for row in rows:
        toast = row.get("toast")
        if row["ok"] and toast and not world.shown(toast, TOAST):
            row.update(ok=False, detail=f"{row['detail']}, but the phone showed no such toast")
        elif row["ok"] and toast:
            row["detail"] = f"toast shown ({row['detail']})"
    if broke or not rows:
        of = {"library": sender.script, "version": "-", "way in": sender.way, "case": "(all)"}
        rows.append({**of, "ok": False, "detail": problem})
    return rows


def tried(wish, folder):
    """Every row, in the order of the senders."""
    wanted = [sender for sender in SENDERS if (wish.only or "") in sender.script]
    libraries = pathlib.Path(wish.libraries)
    with ExitStack() as stack, ThreadPoolExecutor(AT_ONCE) as pool:
        worlds = {
            real: stack.enter_context(World(wish.handset, folder / name, real))
            for real, name in ((False, "own-names"), (True, "real-names"))
        }
        rows = [] if wish.only else authorities.rows(worlds[False])
        results = [pool.submit(run, sender, worlds[sender.real_handles], libraries) for sender in wanted]
        return rows + [row for result in results for row in result.result()]


def main():
    wish = arguments()
    # A signal ends the run as Ctrl-C does: everything that was started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="handset-interop.") as folder:
        try:
            rows = tried(wish, pathlib.Path(folder))
        except Failure as failure:
            print(f"tests/interop/run: {failure}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
    table = report.table(rows)
    print(f"{table}\n\n{report.summary(rows, time.monotonic() - began)}")
    if wish.report:
        pathlib.Path(wish.report).write_text(f"{table}\n")
    return 1 if any(row["ok"] is False for row in rows) else 0


sys.exit(main())
