"""The check for import circles finds planted ones, wherever the import stands, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.checks.circles import PACKAGE, circles, edges, main

LAZY = "def later():\n    from planted.b import B\n"
TYPES_ONLY = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from planted.b import B\n"
RELATIVE = "from .b import B\n"
MODULE = "from planted import b\n"
PLAIN = "import planted.b\n"
BY_NAME = "from importlib import import_module\nb = import_module('planted.b')\n"


def planted(folder: Path, **files: str) -> Path:
    package = folder / "planted"
    (package / "room").mkdir(parents=True)
    for name in ("__init__", "room/__init__"):
        (package / f"{name}.py").write_text("")
    for name, text in files.items():
        (package / f"{name}.py").write_text(text)
    return package


@pytest.mark.parametrize("a", [LAZY, TYPES_ONLY, RELATIVE, MODULE, PLAIN, BY_NAME])
def test_a_circle_of_three_is_found_with_its_path(tmp_path: Path, a: str, capsys) -> None:
    package = planted(tmp_path, a=a, b="import planted.c\n", c="from planted.a import A\n")
    (circle,) = circles(package)
    assert {(edge.importer, edge.imported) for edge in circle} == {
        ("planted.a", "planted.b"),
        ("planted.b", "planted.c"),
        ("planted.c", "planted.a"),
    }
    assert main([str(package)]) == 1
    assert "planted.b (line 1) imports planted.c" in capsys.readouterr().out


def test_two_circles_are_told_apart(tmp_path: Path) -> None:
    package = planted(
        tmp_path,
        a="from planted import b\n",
        b="from planted import a\n",
        c="from planted import d, a\n",
        d="from planted import c\n",
    )
    assert sorted(sorted(edge.importer[-1] for edge in circle) for circle in circles(package)) == [
        ["a", "b"],
        ["c", "d"],
    ]


def test_a_diamond_and_a_room_that_lists_its_files_are_no_circles(tmp_path: Path) -> None:
    package = planted(tmp_path, a="from planted import b, c\n", b=PLAIN.replace("b", "d"), c="import numpy\n")
    (package / "d.py").write_text("x = 1\n")
    (package / "room/__init__.py").write_text("from planted.room.one import One\n")
    (package / "room/one.py").write_text("from planted.room.two import Two\n")
    (package / "room/two.py").write_text("from ..d import x\n")
    assert circles(package) == []
    assert ("planted.room.two", "planted.d") in {(e.importer, e.imported) for e in edges(package)}
    assert main([str(package)]) == 0


@pytest.mark.slow
def test_the_graph_of_the_package_is_read() -> None:
    """A few hundred modules with some three imports each, among them one that is lazy."""
    found = {(edge.importer, edge.imported) for edge in edges(PACKAGE)}
    assert len(found) > 800
    assert ("confide.attacks.blind", "confide.core.nouns") in found
    assert ("confide", "confide.audits") in found
