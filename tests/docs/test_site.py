"""The site is built without a warning: no dead link or anchor, and no name of the reference that is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr.strip(), done.stderr
    pages = sorted((ROOT / "docs").rglob("*.md"))
    made = {path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("index.html")}
    for page in pages:
        name = page.relative_to(ROOT / "docs").with_suffix("").as_posix()
        assert ("." if name == "index" else name) in made, name
