"""Hostile evidence and reports: metadata and report.json of other types, deep, huge, or edited."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
from tests.report.conftest import white_section

from confide.core.kept_evidence import load
from confide.inputs.sidecar import made_of, sidecar_of
from confide.report import Report, report

from .kinds import Inputs, Kind, Rng

WRONG: tuple[Any, ...] = (None, "", "\x1b[2J", -1, 10**400, 1.5, True, [], [None], {}, {"a": []})


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value in a JSON value; of a list to the first entry alone."""
    yield at
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*at, key))
    if isinstance(value, list) and value:
        yield from places(value[0], (*at, 0))


def changed(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """The value with another one in this place; without it where the new one is `...`."""
    if not at:
        return new
    made = copy.deepcopy(value)
    inside = made
    for step in at[:-1]:
        inside = inside[step]
    if new is ...:
        del inside[at[-1]]
    else:
        inside[at[-1]] = new
    return made


def edited(value: Any, *, most: int = len(WRONG)) -> Iterator[tuple[str, str]]:
    """JSON texts of a value with one place changed or missing; in each place `most` of the wrong values."""
    for number, at in enumerate(places(value)):
        some = [WRONG[(most * number + k) % len(WRONG)] for k in range(most)]
        for new in (*some, *([...] if at else [])):
            yield f"{'/'.join(map(str, at))} = {new!r:.12}", json.dumps(changed(value, at, new))


def odd_texts() -> Iterator[tuple[str, str]]:
    """Texts that are no JSON, or not of a record."""
    for text in ("", "{", "null", "[]", "7", '"x"', "NaN", "{'a': 1}", "\ufeff{}", "\0", '{"schema": NaN}'):
        yield repr(text), text
    for sign in ("[", '{"a":'):
        yield f"100,000 times {sign}", sign * 100_000
    yield "a number of 100,000 digits", "9" * 100_000


METADATA = {
    "lira": {
        "access": "black-box",
        "game": "membership",
        "randomised": False,
        "no_coin": "",
        "excluded": 3,
        "seconds": 1.5,
        "diagnostics": [
            {
                "remarks": ["a", ["There are ", 7, "."]],
                "conclusive": True,
                "curves": [
                    {"title": "t", "x_title": "x", "y_title": "y", "x": [1.0], "y": [2.0], "chosen": None}
                ],
            }
        ],
    }
}


def metadata(rng: Rng, folder: Path) -> Inputs:
    """What stands beside the rows of evidence, changed in each place."""
    path = folder / "e.parquet"
    rows = pl.DataFrame({"attack": ["lira"] * 4, "exposed": [True, False] * 2, "score": [1.0, 2.0, 3.0, 4.0]})
    for name, text in (*edited(METADATA), *odd_texts()):
        rows.write_parquet(path, metadata={"confide": text})
        yield name, partial(load, path)


def sidecars(rng: Rng, folder: Path) -> Inputs:
    """The file beside a release, changed in each place."""
    release = folder / "r.csv"
    release.write_text("user,item\n1,2\n")
    plain = {
        "schema": "confide.release/1",
        "protections": ["rare:2"],
        "ids": "kept",
        "kind": "ratings",
        "sha256": "0",
    }
    for name, text in (*edited(plain), *odd_texts()):
        sidecar_of(release).write_text(text)
        yield name, partial(made_of, release, kind="ratings")


def shown(path: Path) -> None:
    """Everything that a saved report is rendered to, but charts: their engine is a process of its own."""
    with patch("confide.report.renders.html.draw", return_value=""):
        made = Report.load(path, show_rows=True)
        text = made.html() + made.json() + str(made)
    assert "\x1b" not in text


def page(*, sections: int = 1) -> dict[str, Any]:
    """A page with all parts: two releases, exhibits, a comparison, charts."""
    made = [white_section(n=60, release=f"model {i}") for i in range(sections)]
    return json.loads(report(made, seed=7).json())


def reports(rng: Rng, folder: Path) -> Inputs:
    """report.json, changed in each place."""
    path = folder / "report.json"
    small = page(sections=2)
    for chart in small["charts"]:
        chart["records"] = chart["records"][:3]
    for name, text in (*edited(small, most=3), *odd_texts()):
        path.write_text(text)
        yield name, partial(shown, path)
    lists = [at for at in places(small) if isinstance(_at(small, at), list)]
    for at in lists:
        for what, new in (("doubled", _at(small, at) * 2), ("cut", _at(small, at)[:-1])):
            path.write_text(json.dumps(changed(small, at, new)))
            yield f"{'/'.join(map(str, at))} {what}", partial(shown, path)
    for version in ("confide.report/0", "confide.report/2", "confide.report/4", "other"):
        path.write_text(json.dumps({**small, "schema": version}))
        yield version, partial(shown, path)
    whole = json.dumps(small).encode()
    for k in range(60):
        raw = bytearray(whole)
        for place in rng.integers(0, len(raw), 1 + k % 3):
            raw[place] = rng.integers(256)
        path.write_bytes(raw)
        yield f"flip {k}", partial(shown, path)


def huge(rng: Rng, folder: Path) -> Inputs:
    """A report.json that is larger than any report."""
    path = folder / "report.json"
    with path.open("wb") as made:
        made.truncate(70_000_000)
    yield "70 MB of nothing", partial(shown, path)


def _at(value: Any, at: tuple[Any, ...]) -> Any:
    for step in at:
        value = value[step]
    return value


KINDS = (
    Kind("Evidence: other metadata", metadata),
    Kind("Sidecars: edited", sidecars),
    Kind("report.json: edited in each place, wrong bytes, other versions", reports, slow=True),
    Kind("report.json: huge", huge),
)
