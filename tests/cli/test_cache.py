"""`confide cache`: sees and removes what confide keeps, and nothing else."""

import os
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression

from confide.cli import main
from confide.core.cache import Cache, key_of
from confide.core.evidence import Evidence
from confide.core.kept_evidence import save
from confide.learners.torch.learner import TorchLearner
from confide.models.skops.reading import save_estimators
from confide.models.torch.model import TorchModel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache of one file of evidence, ten days old, and one of models; beside them a file of the user's."""
    cache = Cache(tmp_path / "kept")
    old = cache.keep(key_of("evidence"), lambda draft: pl.DataFrame({"a": [1]}).write_parquet(draft))
    cache.keep(key_of("models"), lambda draft: draft.write_bytes(b"\x00" * 2_000))
    os.utime(old, (time.time() - 10 * 86_400,) * 2)
    (tmp_path / "kept" / "thesis.txt").write_text("mine")
    return tmp_path / "kept"


def run(*words: object) -> str:
    done = CliRunner().invoke(main, ["cache", *map(str, words)], standalone_mode=False)
    assert done.exception is None, done.output
    return done.output


def test_list_and_size_name_what_is_kept(folder: Path) -> None:
    lines = run("list", "--cache", folder).splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["models", "evidence"], "the newest first"
    assert "2 kB" in lines[0] and "10 days" in lines[1]
    assert lines[2].startswith("2 files (1 of evidence, 1 of models)")
    assert run("size", "--cache", folder, "--older-than", "5d").startswith(
        "1 files (1 of evidence, 0 of models)"
    )


def test_list_says_what_each_file_is_of(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "kept")
    made = Evidence.of(np.arange(6) % 2 == 0, np.arange(6.0), attack="rmia")
    fitted = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    module = torch.nn.Linear(2, 2)
    learner = TorchLearner(factory=lambda: module, epochs=1, batch_size=1)
    keep = {
        "rmia, 6 targets": lambda draft: save([made], draft),
        "2 models": lambda draft: save_estimators([(fitted, [0, 1])] * 2, draft),
        "3 models": lambda draft: learner.save([TorchModel(module)] * 3, draft),
        "scores of pictures": lambda draft: draft.write_bytes(b"\x93NUMPY\x01"),
    }
    for said, write in keep.items():
        cache.keep(key_of(said), write)
    lines = run("list", "--cache", tmp_path / "kept").splitlines()[:-1]
    found = {key_of(said)[:12]: said for said in keep}
    assert len(lines) == 4
    for line in lines:
        name = next(name for name in found if f"  {name}  " in line)
        assert line.endswith(found[name]), line


def test_clear_removes_what_is_old_enough_and_nothing_else(folder: Path) -> None:
    assert "Would be removed: 1 files" in run("clear", "--cache", folder, "--older-than", "5d", "--dry-run")
    assert len(list(folder.glob("*.kept"))) == 2
    assert run("clear", "--cache", folder, "--older-than", "5d").startswith("Removed 1 files")
    assert run("clear", "--cache", folder).startswith("Removed 1 files of 2 kB")
    assert not list(folder.glob("*.kept"))
    assert (folder / "thesis.txt").read_text() == "mine"


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert run("size", "--cache", tmp_path / "none").startswith("0 files")
    assert run("clear", "--cache", tmp_path / "none").startswith("Removed 0 files")
    assert not (tmp_path / "none").exists()


def test_a_span_without_a_unit_is_refused_and_nothing_is_removed(folder: Path) -> None:
    done = CliRunner().invoke(main, ["cache", "clear", "--cache", str(folder), "--older-than", "5"])
    assert done.exit_code == 2 and "unit" in done.output
    assert len(list(folder.glob("*.kept"))) == 2


def test_a_folder_of_other_files_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for word in ("clear", "size", "list"):
        done = CliRunner().invoke(main, ["cache", word, "--cache", str(tmp_path)])
        assert done.exit_code == 2 and "is no cache of confide" in done.output
    assert (tmp_path / "thesis.txt").read_text() == "mine"
