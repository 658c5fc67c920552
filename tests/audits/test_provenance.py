"""Where a report comes from: sums of what was read, the command that repeats it, and no secrets in it."""

from __future__ import annotations

import json
import subprocess
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import confide
from confide.audits.provenance import call_in_words, provenance, sum_of
from confide.audits.settings import Settings
from confide.cli import main
from confide.core.errors import DataError
from confide.inputs.named_files import named_files


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    inside = rng.random(400) < 0.5
    frame = pl.DataFrame({"score": rng.normal(size=400) + inside, "exposed": inside})
    frame.write_csv(tmp_path / "scores.csv")
    return tmp_path / "scores.csv"


def test_the_command_line_is_kept_as_it_was_written_with_the_sum_of_its_file(scores: Path) -> None:
    out = scores.parent / "my report"
    written = ["audit", "scores", str(scores), "--limit", "auc=0.6", "--out", str(out)]
    CliRunner().invoke(main, written, prog_name="confide")
    made = json.loads((out / "report.json").read_text("utf-8"))["made"]
    assert made["command"] == f"confide audit scores {scores} --limit auc=0.6 --out '{out}'"
    (given,) = made["inputs"]
    assert (given["role"], given["name"]) == ("evidence", "scores.csv")
    assert given["sha256"] == sha256(scores.read_bytes()).hexdigest()
    assert made["settings"]["limits"] == "auc=0.6" and made["packages"]["confide"] == confide.__version__


def test_the_same_audit_gives_the_same_page_but_for_where_it_comes_from(scores: Path) -> None:
    pages = [confide.audit(confide.Scores(scores)).report.page for _ in range(2)]
    for page in pages:
        page["made"] = None
    assert pages[0] == pages[1]


def test_a_call_in_python_is_told_in_words() -> None:
    x = np.zeros((3, 2))
    held = confide.Model(len, members=(x, x[:, 0]), nonmembers=pl.DataFrame({"a": [1]}), references=4)
    said = call_in_words(held, Settings(seed=3, limits=["auc=0.6"]))
    assert said == (
        "confide.audit(confide.Model(model=<builtin_function_or_method>, members=(<array 3x2>, <array 3>), "
        "nonmembers=<DataFrame>, references=4), seed=3, limits=['auc=0.6'])"
    )


def test_arrays_have_a_sum_of_their_content_and_frames_say_that_they_have_none() -> None:
    x = np.arange(6.0).reshape(3, 2)
    held = confide.Model(len, members=(x, x[:, 0]), nonmembers=pl.DataFrame({"a": [1]}))
    other = confide.Model(len, members=(x + 1, x[:, 0]), nonmembers=pl.DataFrame({"a": [1]}))
    first, second = ({i.role: i for i in provenance("model", h, Settings()).inputs} for h in (held, other))
    assert first["members"].sha256 != second["members"].sha256 and len(first["members"].sha256) == 64
    assert (first["nonmembers"].sha256, first["nonmembers"].why) == ("", "in memory")


def test_a_module_has_the_sum_of_its_state() -> None:
    torch = pytest.importorskip("torch")
    x = np.zeros((3, 2))
    net = torch.nn.Linear(2, 2)

    def summed() -> str:
        held = confide.Model(net, members=(x, x[:, 0]), nonmembers=(x, x[:, 0]))
        return next(i.sha256 for i in provenance("model", held, Settings()).inputs if i.role == "model")

    first = summed()
    assert len(first) == 64 and summed() == first
    with torch.no_grad():
        net.bias += 1
    assert summed() != first


def test_a_folder_has_the_sum_of_its_names_and_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.bin").write_bytes(b"1")
    first = sum_of(tmp_path)
    (tmp_path / "a/x.bin").rename(tmp_path / "a/y.bin")
    assert sum_of(tmp_path) != first
    (tmp_path / "a/y.bin").rename(tmp_path / "a/x.bin")
    assert sum_of(tmp_path) == first


def test_a_pipe_is_not_read_for_its_sum(tmp_path: Path) -> None:
    subprocess.run(["mkfifo", tmp_path / "pipe"], check=True)
    with pytest.raises(DataError, match="read once"):
        sum_of(tmp_path / "pipe")


def test_a_column_that_is_called_like_a_file_is_no_file(
    scores: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scores.parent)
    held = confide.Ratings("scores.csv", user="scores.csv", item="i")
    assert named_files(held) == {"records": (Path("scores.csv"),)}


def test_a_language_that_is_not_there_is_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match="the language is 'nl': choose en, de, fr"):
        Settings(language="nl")
    shown = CliRunner().invoke(main, ["audit", "scores", "x.csv", "--language", "nl"])
    assert shown.exit_code == 2 and "'en', 'de', 'fr'" in shown.output
