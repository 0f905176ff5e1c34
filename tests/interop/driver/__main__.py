"""Runs real senders against `handset serve` and says what each of them saw.

Started by `tests/interop/run`, which brings the libraries.
"""

import argparse
import pathlib
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import authorities
import report
from process import Failure
from senders import SENDERS
from trial import Trials
from world import World

# How many senders run at once; most of their time they wait to try again.
AT_ONCE = 6

# The signals that end the run.
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def arguments():
    parser = argparse.ArgumentParser(prog="tests/interop/run")
    parser.add_argument("--report", metavar="FILE", help="write the table there, too, as Markdown")
    parser.add_argument("--only", metavar="TEXT", help="only the senders whose script has it")
    parser.add_argument("--handset", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--libraries", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def tried(wish, folder):
    """Every row, in the order of the senders."""
    wanted = [sender for sender in SENDERS if (wish.only or "") in sender.script]
    trials = Trials(wish.libraries)
    with ExitStack() as stack:
        own = stack.enter_context(World(wish.handset, folder / "own-names"))
        real = stack.enter_context(World(wish.handset, folder / "real-names", real_handles=True))
        pool = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        # Left first, so that the pool and the worlds wait for nothing that still runs.
        stack.callback(trials.stop)
        results = [
            pool.submit(trials.run, sender, real if sender.real_handles else own)
            for sender in wanted
        ]
        rows = [] if wish.only else authorities.rows(own)
        return rows + [row for result in results for row in result.result()]


def interrupted(*_):
    """Ends the run, once: while everything that was started is stopped, nothing interrupts that."""
    for end in ENDS:
        signal.signal(end, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    wish = arguments()
    for end in ENDS:
        signal.signal(end, interrupted)
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
    return 1 if not rows or any(row["ok"] is False for row in rows) else 0


sys.exit(main())
