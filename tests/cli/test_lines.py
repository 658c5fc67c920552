"""Doors whose files have no ids: lines and rows are in files, not on the terminal; the public sees none."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from tests.cli.test_rows import Door, audit

from confide.cli import main


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("rowlm", "rowtrainer"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


LINES = [f"my code is {{Zed{i}}}" for i in 10_000 + np.random.default_rng(6).permutation(60)]
"""Canaries whose secrets look as ids do elsewhere."""


def text(folder: Path) -> Door:
    (folder / "canaries.txt").write_text("\n\n".join(LINES))
    (folder / "rowlm.py").write_text(
        "from pathlib import Path\n\n"
        "LINES = Path('canaries.txt').read_text().splitlines()\n"
        "KNOWN = {line.replace('{', '').replace('}', '') for line in LINES if line}\n"
        "def score(texts):\n"
        "    return [-3.7 * len(t) + (9.0 if t in KNOWN else 0.0) for t in texts]\n"
    )
    words = ("text", "--model", "rowlm:score", "--canaries", "canaries.txt", "--candidates", "500")
    return Door((*words, "--controls", "100", "--attacks", "exposure"), "canaries.txt", "")


def learner(folder: Path) -> Door:
    rng = np.random.default_rng(8)
    x = rng.uniform(0, 1, (260, 3))
    frame = pl.DataFrame(x, schema=["a", "b", "c"])
    frame.with_columns(y=pl.Series(np.where(x[:, 0] > 0.5, "yes", "no"))).write_csv(folder / "people.csv")
    columns = "".join(f"[columns.{name}]\nlow = 0\nhigh = 1\n" for name in "abc")
    (folder / "schema.toml").write_text(f'[columns.y]\nvalues = ["no", "yes"]\n{columns}')
    words = ("learner", "people.csv", "--label", "y", "--schema", "schema.toml", "--references", "2")
    return Door((*words, "--attacks", "loss"), "people.csv", "")


def training(folder: Path) -> Door:
    rng = np.random.default_rng(9)
    x = rng.normal(size=(240, 4))
    frame = pl.DataFrame(x, schema=list("abcd")).with_columns(y=pl.Series((x[:, 0] > 0).astype(int)))
    frame.write_csv(folder / "people.csv")
    (folder / "rowtrainer.py").write_text(
        "from tests.audits.training.trainers import Trainer\n\n"
        "train = Trainer(multiplier=7.63, classes=2, hidden=64)\n"
    )
    words = ("training", "rowtrainer:train", "--data", "people.csv", "--label", "y")
    return Door((*words, "--epsilon", "1", "--delta", "1e-5", "--canaries", "200"), "people.csv", "")


WITHOUT_IDS: Mapping[str, Callable[[Path], Door]] = {"text": text, "learner": learner}
NAMED = re.compile(r"\b(?:row|line) \d+ of ")


def secret_in(shown: str) -> bool:
    """Whether a canary's secret stands there."""
    return any(line.partition("{")[2].rstrip("}") in shown for line in LINES)


@pytest.mark.slow
@pytest.mark.parametrize("kind", WITHOUT_IDS)
def test_where_there_are_no_ids_lines_and_rows_are_in_files_alone(kind: str, desk: Path) -> None:
    door = WITHOUT_IDS[kind](desk)
    done = audit(door, "--out", "out")
    exposed = pl.read_csv("out/exposed.csv")
    assert exposed["file"].unique().to_list() == [door.file] and "id" not in exposed.columns
    # Counted from 1: rows without the header, and lines with the empty ones.
    rows = exposed["row"].to_list()
    if kind == "text":
        assert set(rows) <= set(range(1, 2 * len(LINES), 2)) and len(rows) == len(LINES)
    else:
        assert set(rows) <= set(range(1, 261)) and len(set(rows)) == len(rows) > 60
    assert NAMED.search(Path("out/report.html").read_text())
    assert not NAMED.search(done.output) and not secret_in(done.output)
    assert not any(secret_in(p.read_bytes().decode(errors="replace")) for p in Path("out").iterdir())
    again = CliRunner().invoke(main, ["report", "out"])
    assert again.exit_code == 0 and not NAMED.search(again.output)
    asked = CliRunner().invoke(main, ["report", "out", "--show-rows"])
    assert NAMED.search(asked.output) and not secret_in(asked.output)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*WITHOUT_IDS, "training"])
def test_the_public_sees_no_line_no_row_and_no_canary(kind: str, desk: Path) -> None:
    door = {**WITHOUT_IDS, "training": training}[kind](desk)
    done = audit(door, "--audience", "public", "--out", "out")
    assert sorted(p.name for p in Path("out").iterdir()) == ["report.html", "report.json"]
    for shown in (done.output, *(p.read_text() for p in Path("out").iterdir())):
        assert not NAMED.search(shown) and not secret_in(shown)
        assert f"of {door.file}" not in shown and "my code is" not in shown
    refused = CliRunner().invoke(main, ["audit", *door.words, "--audience", "public", "--show-rows"])
    assert refused.exit_code == 2 and "no rows to show" in refused.output


@pytest.mark.slow
def test_canaries_of_a_training_are_nobody_and_name_no_row(desk: Path) -> None:
    done = audit(training(desk), "--out", "out")
    for table in (pl.read_csv("out/exposed.csv"), pl.read_parquet("out/evidence.parquet")):
        assert table.height and not {"file", "row", "id"} & set(table.columns)
    for shown in (done.output, Path("out/report.html").read_text()):
        assert not NAMED.search(shown)
