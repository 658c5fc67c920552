"""Every example notebook runs from its first cell to its last, and what its cells show can be shown."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def shown(value: object) -> dict[str, Any]:
    """What a notebook asks a value for, by the type of what it gets."""
    found: dict[str, Any] = {"text/plain": repr(value)}
    for kind in ("html", "svg", "markdown"):
        make = getattr(value, f"_repr_{kind}_", None)
        found |= {} if make is None else {kind: make()}
    bundle = getattr(value, "_repr_mimebundle_", None)
    return found if bundle is None else found | bundle(include=None, exclude=None)


def run(cell: str, names: dict[str, Any], where: str) -> dict[str, Any]:
    """Run a cell as a notebook does: what its last expression comes to is shown."""
    tree = ast.parse(cell)
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        exec(compile(tree, where, "exec"), names)
        return {}
    exec(compile(ast.Module(tree.body[:-1], []), where, "exec"), names)
    value = eval(compile(ast.Expression(last.value), where, "eval"), names)  # noqa: S307 - our cells
    return {} if value is None else shown(value)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_one_and_holds_no_output(path: Path) -> None:
    """Outputs would be of some other version, and nobody would see it."""
    book = json.loads(path.read_text("utf-8"))
    assert book["nbformat"] == 4
    assert book["nbformat_minor"] >= 5
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    for cell in book["cells"]:
        assert cell["cell_type"] in ("markdown", "code")
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_the_cells_of_a_notebook_run_in_their_order(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    names: dict[str, Any] = {"__name__": "__main__"}
    book = json.loads(path.read_text("utf-8"))
    every = [
        run(source(cell), names, f"{path.name}:{cell['id']}")
        for cell in book["cells"]
        if cell["cell_type"] == "code"
    ]
    assert any("html" in one for one in every)
    assert any("image/svg+xml" in one for one in every)


def test_there_is_a_notebook() -> None:
    assert FOLDER / "audit.ipynb" in NOTEBOOKS
