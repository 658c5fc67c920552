"""The installed command, whose `sys.path` begins with its own folder and not with the user's."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFIDE = Path(sys.executable).parent / "confide"


@pytest.mark.slow
def test_worker_processes_find_the_users_module(desk: Path) -> None:
    command = [
        *(str(CONFIDE), "audit", "model", "mymodel:pipeline", "--train", "mymodel:train"),
        *("--members", "members.parquet", "--nonmembers", "holdout.parquet", "--label", "income"),
        *("--references", "2", "--jobs", "2", "--attacks", "loss,rmia", "--out", "out"),
    ]
    clean = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")
    }
    done = subprocess.run(command, cwd=desk, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    attacks = {
        finding["attack"] for finding in json.loads((desk / "out/report.json").read_text())["findings"]
    }
    assert any("rmia" in attack.lower() for attack in attacks)
