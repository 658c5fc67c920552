"""Meet kinds of hostile input by a part of their titles, and print the rows of the table; all by default."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .corpus import KINDS
from .kinds import meet

if __name__ == "__main__":
    asked = [word for word in sys.argv[1:] if word != "--write"]
    for kind in KINDS:
        if not asked or any(word in kind.title for word in asked):
            with tempfile.TemporaryDirectory() as folder:
                counts = meet(kind, Path(folder))
            for fault in counts.faults or ():
                print("FAULT", fault, file=sys.stderr)
            print(counts.row(kind.title), flush=True)
