"""Is this report about that file, and how was it made? python provenance.py report.json FILE

Exit code 1 where the file is not the one that was audited.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path


def main(report: Path, file: Path) -> int:
    """Print where the report comes from; 1 if no input of it has the sum of the file."""
    made = json.loads(report.read_text("utf-8"))["made"]
    print("made on", made["date"], "with confide", made["packages"]["confide"])
    print("made by", made["command"])
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    for given in made["inputs"]:
        if given["sha256"] == found:
            print(file, "is the audited file: SHA-256", found)
            return 0
    print(file, "was not audited: no input of the report has the SHA-256", found)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
