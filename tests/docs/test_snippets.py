"""Every command and Python snippet of the documentation runs, in the order in which a reader meets it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from confide.cli import main
from confide.core.drafts import remove

from .made_models import write_classifier, write_own_step, write_photos

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SAVED = re.compile(r"audit\.save\(\"([^\"]+)\"\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)

ELSEWHERE = "first-ten-minutes.md"
"""`test_first_minutes.py` runs its commands, and reads what they print too."""

NOT_RUN = {
    "git clone": "needs the repository on a network",
    "make demo": "makes an environment; `confide demo` has its own tests",
    "make test": "would start this test again",
    "pip install": "needs a package index",
    "confide outsource serve": "runs until it is stopped; tests/serve/evaluator starts one",
    "confide outsource ask": "needs that server",
    "confide audit protocol flwr": "needs flwr, in an environment of its own",
    "confide collaborate plan.toml --simulate --record transcript    # one": "docs/collaborate.md runs it",
    "confide join plan.toml": "a party's own process, beside the others'; tests/cli/test_join.py starts all",
    "confide match plan.toml": "a party's own process; tests/cli/test_match.py starts both",
    "confide outsource plan --model net.safetensors": "docs/outsource.md runs it on a model",
    "confide audit computation record-a": "needs the records of such a run",
}
"""The commands that no test can run, each with the reason."""

READ_ONLY = {
    "ci.md": "configuration of other programs; tests/docs/test_ci.py runs its commands",
    "collaborate.md": "commands on machines of their own; tests/serve/flower runs them",
    "computation.md": "records of runs on several machines; tests/audits/computations makes some",
    "decoder.md": "formulas, fenced without a language",
    "explorer.md": "a server that runs until it is stopped; tests/serve/explorer starts one",
    "match.md": "commands on the machines of two parties; tests/cli/test_match.py runs them",
    "sql.md": "a query as it is asked; query.md runs some",
    "table.md": "a command on a server that no example has",
}
"""Pages whose blocks are no code, each with the reason."""

QUICK = ("likes.md", "ratings.md")
"""Pages that run in a second or two; `make slow` runs the others."""

JUDGED = (0, 1)
"""Exit codes of an audit that ran: 1 says that a limit is exceeded. 2 is bad input, 3 a fault of confide."""


@dataclass(frozen=True, slots=True)
class Block:
    page: Path
    line: int
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """The commands of a console block, each on one line; other lines are output."""
        joined = self.text.replace("\\\n", " ")
        return [line[2:] for line in joined.splitlines() if line.startswith("$ ")]


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(page, text[: found.start()].count("\n") + 1, found[1], found[2])
        for found in BLOCK.finditer(text)
    ]


def not_run(command: str) -> bool:
    return any(command.startswith(start) for start in NOT_RUN)


def clear() -> None:
    """Remove what a block wrote: the same file is asked for in Python and on the command line."""
    shutil.rmtree("confide-report", ignore_errors=True)
    for pattern in ("safer*", "found.*"):
        for path in Path().glob(pattern):
            remove(path)


def survey_names() -> dict[str, Any]:
    """What README.md and docs/scikit-learn.md take for granted: a fitted pipeline, its file, and data."""
    import skops.io
    from mypkg.mymodel import pipeline  # pyright: ignore[reportMissingImports]

    train, holdout = pl.read_parquet("train.parquet"), pl.read_parquet("holdout.parquet")
    sides = {"X_train": train.drop("income"), "X_holdout": holdout.drop("income")}
    labels = {"y_train": train["income"].to_numpy(), "y_holdout": holdout["income"].to_numpy()}
    records = {"members": train, "nonmembers": holdout}
    skops.io.dump(pipeline, "model.skops")
    return {"model": pipeline, "pipeline": pipeline, "my_client": pipeline, **sides, **labels, **records}


def write_boosters() -> None:
    """What docs/scikit-learn.md takes for granted of LightGBM and XGBoost: their files, and records."""
    import lightgbm
    import xgboost

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(400, 3)), rng.integers(0, 2, 400)
    light = lightgbm.Dataset(x, y, feature_name=["a", "b", "c"])
    lightgbm.train({"objective": "binary", "verbose": -1}, light, 5).save_model("model.txt")
    extreme = xgboost.DMatrix(x, y, feature_names=["a", "b", "c"])
    xgboost.train({"objective": "binary:logistic"}, extreme, 5).save_model("model.json")
    for name, rows in (("numbers", slice(0, 200)), ("others", slice(200, 400))):
        frame = pl.DataFrame(x[rows], schema=["a", "b", "c"]).with_columns(pl.Series("class", y[rows]))
        frame.write_parquet(f"{name}.parquet")


def network_names(page: list[Block]) -> dict[str, Any]:
    """The names that docs/pytorch.md takes for granted, and the files: its own module, weights, records."""
    module_block = page[0]
    import torch
    from safetensors.torch import save_model

    made: dict[str, Any] = {}
    exec(compile(module_block.text, "mypkg/mymodel.py", "exec"), made)
    Path("mypkg/mymodel.py").write_text(module_block.text)
    sys.modules.pop("mypkg.mymodel", None)
    rng = np.random.default_rng(0)
    for side in ("train", "holdout"):
        X = rng.integers(0, 2, (64, 446)).astype(np.float32)
        y = rng.integers(0, 30, 64)
        made |= {f"X_{side}": X, f"y_{side}": y}
        np.savez(f"{side}.npz", X=X, y=y)
    made["module"] = made["train"](made["X_train"], made["y_train"], rng=rng)
    torch.save(made["module"].state_dict(), "net.pt")
    save_model(made["module"], "net.safetensors")
    write_photos(next(block.text for block in page if block.text.startswith("# photos.py")))
    write_classifier()
    return made


def test_every_block_is_run_or_its_reason_is_given() -> None:
    known = {"python", "console", "toml"}
    other = {b.page.name for page in PAGES for b in blocks(page) if b.language not in known}
    assert other == set(READ_ONLY)
    commands = [c for page in PAGES for b in blocks(page) if b.language == "console" for c in b.commands]
    assert all(c.startswith("confide ") for c in commands if not not_run(c))
    for start in NOT_RUN:
        assert any(c.startswith(start) for c in commands), f"{start!r} is on no page any more"


def run_command(block: Block, command: str) -> None:
    words = shlex.split(command, comments=True)[1:]
    done = CliRunner().invoke(main, words)
    where = f"{block.page.name}:{block.line}: {command}"
    assert done.exit_code in JUDGED, f"{where}\n{done.output}"
    if "--out" in words:
        assert Path(words[words.index("--out") + 1]).exists(), where


def pages_with_code() -> list[Any]:
    """A parameter for each page; data.md loads a real data set, which is not downloaded for a test."""
    real = (
        pytest.mark.slow,
        pytest.mark.real_data,
        pytest.mark.skipif("CONFIDE_DATA" not in os.environ, reason="no real data"),
    )
    marks = dict.fromkeys(QUICK, ()) | {"data.md": real}
    found = [
        p for p in PAGES if p.name != ELSEWHERE and {b.language for b in blocks(p)} & {"python", "console"}
    ]
    return [pytest.param(p, id=p.name, marks=marks.get(p.name, pytest.mark.slow)) for p in found]


@pytest.mark.parametrize("page", pages_with_code())
def test_the_blocks_of_a_page_run(page: Path, desk: Path) -> None:
    there = blocks(page)
    names = network_names(there) if page.name == "pytorch.md" else survey_names()
    if page.name == "scikit-learn.md":
        write_own_step()
        write_boosters()
    for block in there:
        clear()
        if block.language == "python":
            if module := re.match(r"# (\w+\.py)\n", block.text):  # a file of the reader's own
                Path(module[1]).write_text(block.text)
            exec(compile(block.text, f"{page.name}:{block.line}", "exec"), names)
            for folder in SAVED.findall(block.text):
                assert Path(folder, "report.html").exists(), f"{page.name}:{block.line}"
        if block.language == "toml" and (named := re.match(r"# (\S+\.toml)\n", block.text)):
            Path(named[1]).write_text(block.text)
        for command in block.commands if block.language == "console" else ():
            if not not_run(command):
                run_command(block, command)
