"""The Node that is there, and the libraries that want a later one."""

import json
import subprocess


class Node:
    """The Node on the path, and the packages installed below `folder`."""

    def __init__(self, folder):
        self.folder = folder
        said = subprocess.run(
            ["node", "--print", "process.versions.node"],
            capture_output=True,
            check=True,
            text=True,
        )
        self.version = said.stdout.strip()

    def too_old_for(self, library):
        """The row that says so, or none where the library says that it runs here."""
        path = self.folder / "node_modules" / library / "package.json"
        about = json.loads(path.read_text())
        needed = earliest(about.get("engines", {}).get("node", ""))
        if int(self.version.split(".")[0]) >= needed:
            return None
        return {
            "library": library,
            "version": about["version"],
            "case": "(all)",
            "ok": None,
            "detail": f"it needs Node {needed}, this is {self.version}",
        }


def earliest(engines):
    """The lowest major version in a range such as `>=20` or `20 || 22`; 0 where it names none."""
    digits = "".join(sign if sign.isdigit() or sign in ".|" else " " for sign in engines)
    alternatives = [words.split() for words in digits.split("||")]
    return min(int(words[0].split(".")[0]) if words else 0 for words in alternatives)
