"""Meet kinds of hostile input by a part of their titles, all by default, and print their rows of the table.

With --write the rows are put into SECURITY.md. With --fail a fault is an error. With --part a part is read of
the kinds that take minutes, as in continuous integration; "tried" counts all, and nothing can be written.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from . import table
from .corpus import KINDS
from .kinds import EVERY, meet

OPTIONS = {"--write", "--fail", "--part"}

if __name__ == "__main__":
    if others := {word for word in sys.argv[1:] if word.startswith("-")} - OPTIONS:
        titles = "\n".join(f"  {kind.title}" for kind in KINDS)
        print(f"{__doc__}\nTitles:\n{titles}", file=sys.stderr)
        sys.exit(0 if others <= {"-h", "--help"} else 2)
    part = "--part" in sys.argv
    if part and "--write" in sys.argv:
        sys.exit("--part counts no whole rows: leave out one of --part and --write")
    asked = [word for word in sys.argv[1:] if not word.startswith("--")]
    found: dict[str, str] = {}
    faults: list[str] = []
    for kind in KINDS:
        if not asked or any(word in kind.title for word in asked):
            with tempfile.TemporaryDirectory() as folder:
                counts = meet(kind, Path(folder), every=EVERY if part and kind.parted else 1)
            faults += counts.faults or []
            found[kind.title] = counts.row(kind.title)
            print(found[kind.title], flush=True)
    for fault in faults:
        print("FAULT", fault, file=sys.stderr)
    if "--write" in sys.argv:
        table.write(found, [kind.title for kind in KINDS])
    sys.exit("--fail" in sys.argv and bool(faults))
