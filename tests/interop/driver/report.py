"""The table of what was tried, in Markdown."""

COLUMNS = ("library", "version", "way in", "case", "result")

# The longest detail in the table; a failure is told in full below it.
LONGEST = 90


def result_text(row):
    """One cell: how the case ended, and what the library said."""
    said = " ".join(str(row["detail"]).split()).replace("|", "\\|")
    said = said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
    word = {True: "passed", False: "FAILED", None: "*not run*"}[row["ok"]]
    return f"{word}: {said}" if said else word


def table(rows):
    """The rows as one table, aligned."""
    cells = [[str(row[name]) for name in COLUMNS[:-1]] + [result_text(row)] for row in rows]
    widths = [max(map(len, column)) for column in zip(COLUMNS, *cells)]
    lines = [COLUMNS, ["-" * width for width in widths], *cells]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths))} |"
        for line in lines
    )


def summary(rows, seconds):
    """One line, and all that is known of what failed."""
    failed = [row for row in rows if row["ok"] is False]
    not_run = sum(row["ok"] is None for row in rows)
    passed = len(rows) - len(failed) - not_run
    lines = [f"{passed} passed, {len(failed)} failed, {not_run} not run, in {seconds:.0f} s"]
    lines += [
        f"\n{row['library']} {row['version']}, {row['way in']}, {row['case']}:\n{row['detail']}"
        for row in failed
    ]
    return "\n".join(lines)
