"""Rooms of attacks: a file is an attack, a file that begins with `_` is a part of several."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import pytest

import confide.attacks
from confide.attacks.catalogue import ROOMS, attacks_of

HOUSE = Path(confide.attacks.__file__).parent
FILES = [
    path.relative_to(HOUSE)
    for path in sorted(HOUSE.rglob("*.py"))
    if len(path.relative_to(HOUSE).parts) >= 3 and path.name != "__init__.py"
]
"""<goal>/<kind>/<file>.py, and deeper where an attack has a folder of its own."""

KINDS = {
    *("ratings", "traces", "likes", "images", "counts", "table", "statistics", "answers", "crosstabs"),
    *("model", "synthetic", "text", "training", "updates"),
}
ACCESS = {"black_box", "white_box"}  # two rooms of the kind "model", which has the most attacks

NO_GAME = "no game of it is played: it is a method behind an exhibit"
EXEMPT = {
    "reconstruction/images": NO_GAME,
    "reconstruction/table": NO_GAME,
    "reconstruction/traces": NO_GAME,
    "reconstruction/crosstabs/between_releases.py": NO_GAME,
    "reconstruction/crosstabs/cell_bounds.py": NO_GAME,
    "reconstruction/crosstabs/contradictions.py": "it reads a release, and attacks nobody",
    "reconstruction/crosstabs/counts_from_means.py": NO_GAME,
    "reconstruction/crosstabs/differencing.py": NO_GAME,
    "reconstruction/crosstabs/hidden_cells.py": NO_GAME,
    "reconstruction/crosstabs/solution_variability.py": NO_GAME,
}
"""A file, or all files of a room."""
LISTED = set(attacks_of())


def module_of(path: Path) -> str:
    return ".".join(("confide", "attacks", *path.with_suffix("").parts))


def attacks_in(module: str) -> set[type]:
    """The classes defined there that have the face of an attack: a name, a paper, and a call on a case."""
    found = import_module(module)
    return {
        one
        for one in vars(found).values()
        if inspect.isclass(one)
        and one.__module__ == module
        and all(hasattr(one, part) for part in ("name", "paper", "__call__"))
    }


def exempt(path: Path) -> bool:
    return str(path) in EXEMPT or "/".join(path.parts[:2]) in EXEMPT


@pytest.mark.parametrize("path", [p for p in FILES if not exempt(p)], ids=str)
def test_a_file_is_an_attack_and_a_file_with_an_underscore_is_none(path: Path) -> None:
    found = attacks_in(module_of(path))
    if path.name.startswith("_"):
        assert not found, f"{path} is a part: move {found} to files of their own"
    else:
        assert found, f"{path} defines no attack: put `_` before its name"
        assert found <= LISTED, f"{found - LISTED} cannot be chosen: add them to ALL"


def test_every_attack_stands_in_a_room() -> None:
    assert set.union(*(attacks_in(module_of(path)) for path in FILES)) == LISTED


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_room_is_named_by_goal_and_kind(path: Path) -> None:
    assert path.parts[0] in ROOMS and path.parts[1] in KINDS | ACCESS


def test_what_is_exempt_is_there_and_has_no_attack() -> None:
    """An exemption that is no longer needed is an error."""
    for room in EXEMPT:
        rooms = [path for path in FILES if room in (str(path), "/".join(path.parts[:2]))]
        assert rooms and not any(attacks_in(module_of(path)) for path in rooms)
