"""Wrong values at every door: each argument of each record and of the settings, and columns of odd types.

Arguments are taken from the records themselves, so a new field is tried without a word here.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cache, partial
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression

import confide
from confide.audits import KINDS as DOORS
from confide.audits import Settings, spec_of
from confide.cli.audit import command
from confide.cli.commands import main
from confide.cli.flags import _kind_and_flag
from confide.core.errors import ConfideError
from confide.releases import KINDS as RELEASES
from confide.releases import ReleaseSettings

from .kinds import Inputs, Kind, Rng
from .tables import TRAITS, every_type, people_table
from .values import odd_arrays, odd_frames, odd_values

Call = Callable[[], object]


def _records(n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    x = rng.normal(size=(n, 3))
    return x, (x[:, 0] + rng.normal(size=n) > 0).astype(np.int64)


@cache
def right() -> dict[str, dict[str, Any]]:
    """What each door takes: the arguments of a record that can be audited within moments."""
    plain = people_table()
    rng = np.random.default_rng(3)
    pictures = rng.integers(0, 256, (24, 8, 8)).astype(np.uint8)
    named = confide.Evidence.of(exposed=np.arange(200) < 100, score=rng.normal(size=200))
    visits = {"records": plain, "user": "user", "time": "time"}
    return {
        "model": {
            "model": LogisticRegression().fit(*_records()),
            "members": _records(),
            "nonmembers": _records(41),
            "references": 0,
        },
        "ratings": visits | {"item": "item", "rating": "rating", "facts": 2, "wrong": 0, "targets": 10},
        "traces": visits | {"place": "item", "bin": "1d", "points": 2, "targets": 10},
        "likes": {
            "records": plain,
            "user": "user",
            "item": "item",
            "traits": TRAITS,
            "trait": "trait",
            "folds": 2,
        },
        "images": {"pictures": _pictures(pictures), "gallery": 0.5, "worlds": 1},
        "counts": visits | {"place": "item", "bin": "1d", "group": 10, "targets": 40},
        "scores": {"evidence": named},
    }


def _pictures(pixels: np.ndarray) -> object:
    from confide.views.images import Pictures

    return Pictures(pixels, np.arange(len(pixels)) % 6)


FAST = {
    "model": "loss",
    "ratings": "counting",
    "traces": "unicity",
    "likes": "likes-tfidf",
    "images": "recogniser",
    "counts": "inner-product",
}
"""One quick attack a door."""
OWN_CODE = ("progress", "tell")
"""Functions of the user's own: what they raise is the user's way to stop an audit."""
RIGHT_RELEASE: dict[str, Any] = {
    "ratings": "rare:2",
    "traces": "thin:0.5",
    "likes": "rare:2",
    "images": "mosaic:2",
}


@dataclass(frozen=True)
class WrittenError(Exception):
    """Something was written though the input was refused."""

    files: tuple[str, ...]


@contextmanager
def desk(folder: Path) -> Iterator[Path]:
    """A working folder of its own; the cache is elsewhere."""
    before, kept = Path.cwd(), os.environ.get("CONFIDE_CACHE")
    here = folder / "desk"
    here.mkdir(exist_ok=True)
    os.chdir(here)
    os.environ["CONFIDE_CACHE"] = str(folder / "cache")
    try:
        yield here
    finally:
        os.chdir(before)
        os.environ.pop("CONFIDE_CACHE", None)
        if kept is not None:
            os.environ["CONFIDE_CACHE"] = kept


def held_to_one_sentence(call: Call, here: Path) -> object:
    """Call; a refusal can be printed, and leaves the working folder as it was."""
    before = sorted(here.rglob("*"))
    try:
        return call()
    except ConfideError as error:
        found = sorted(set(here.rglob("*")) - set(before))
        if found:
            raise WrittenError(tuple(map(str, found))) from error
        if not str(error).isprintable():
            raise AssertionError(f"cannot be printed: {error!r:.200}") from error
        raise


def audited(door: str, given: dict[str, Any], settings: dict[str, Any]) -> object:
    """An audit of one quick attack."""
    quick = {} if door == "scores" else {"attacks": FAST[door]}
    done = confide.audit(spec_of(door).record(**given), **{**quick, **settings})
    return done.report


def combinations(folder: Path) -> Iterator[tuple[str, Call]]:
    """Each argument of each door with each wrong value."""
    odd = list(odd_values(folder))
    for door in DOORS:
        base = right()[door]
        for field in fields(spec_of(door).record):
            for name, value in odd:
                yield (
                    f"{door}, {field.name} = {name}",
                    partial(audited, door, {**base, field.name: value}, {}),
                )
    for field in fields(Settings):
        for name, value in odd:
            if field.name not in OWN_CODE or not callable(value):
                given = {field.name: value}
                yield f"settings, {field.name} = {name}", partial(audited, "likes", right()["likes"], given)
    for field in fields(ReleaseSettings):
        for name, value in odd:
            yield (
                f"protect, {field.name} = {name}",
                partial(_settings_of_a_release, {field.name: value}),
            )
    for name, value in odd:
        yield f"audit, held = {name}", partial(confide.audit, value)
        yield f"protect, held = {name}", partial(confide.protect, value, "rare:2", out="x.csv")


def _settings_of_a_release(given: dict[str, Any]) -> object:
    return ReleaseSettings(**{"protections": ("rare:2",), "out": Path("x.csv"), **given})


def odd_tables() -> Iterator[tuple[str, Call]]:
    """Each column of each door in a frame in memory, of each type of polars and of pandas; and odd arrays."""
    plain = people_table()
    roles = {
        "ratings": ("user", "item", "rating", "time"),
        "traces": ("user", "time", "item"),
        "likes": ("user", "item"),
        "counts": ("user", "time", "item"),
    }
    for door, columns in roles.items():
        for column in columns:
            frames = [(n, plain.with_columns(v.alias(column))) for n, v in every_type()]
            for name, frame in [*frames, *odd_frames(plain, column)]:
                given = {**right()[door], "records": frame}
                yield f"{door}, column {column} of type {name}", partial(audited, door, given, {})
    for name, trait in every_type(40):
        given = {**right()["likes"], "traits": TRAITS.with_columns(trait.alias("trait"))}
        yield f"likes, trait of type {name}", partial(audited, "likes", given, {})
    x, y = _records()
    for side in ("members", "nonmembers", "population"):
        for name, array in odd_arrays():
            for part, pair in (("X", (array, y)), ("y", (x, array))):
                given = {**right()["model"], side: pair}
                yield f"model, {part} of {side} of {name}", partial(audited, "model", given, {})
    for name, answers in odd_arrays():
        given = {**right()["model"], "model": lambda X, answers=answers: answers}
        yield f"model, answers are {name}", partial(audited, "model", given, {})


def _in_a_desk(made: Callable[[Path], Iterator[tuple[str, Call]]], folder: Path) -> Inputs:
    with desk(folder) as here, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, call in made(folder):
            yield name, partial(held_to_one_sentence, call, here)


def arguments(rng: Rng, folder: Path) -> Inputs:
    yield from _in_a_desk(combinations, folder)


def columns(rng: Rng, folder: Path) -> Inputs:
    yield from _in_a_desk(lambda _: odd_tables(), folder)


TYPED = (
    "", " ", "-1", "0", "1e308", "nan", "inf", "9" * 400, "²", "١٢", "a\x1b[2J", "\u202eabc", "x" * 5000,
    "no/such/file.csv", ".", "/dev/null", "--", "rare:1", "a=b", "tpr@0.01=2", "loss,loss", "None", "\ud800",
)  # fmt: skip
"""Texts that a shell can give."""


class TracebackError(Exception):
    """A command that ended with a traceback, or an exit code that no document names."""


def typed(rng: Rng, folder: Path) -> Inputs:
    """Each option of each audit with each text; files are those of the right call."""
    with desk(folder) as here:
        people_table().write_csv(here / "t.csv")
        TRAITS.write_csv(here / "traits.csv")
        people_table().select("exposed", "score").write_csv(here / "e.csv")
        np.savez(here / "m.npz", X=_records()[0], y=_records()[1])
        np.savez(here / "p.npz", X=np.zeros((24, 8, 8), np.uint8), y=np.arange(24) % 6)
        (here / "own.py").write_text("import numpy as np\ndef ask(X): return np.full((len(X), 2), 0.5)\n")
        for door in DOORS:
            base = _command(door)
            hints = get_type_hints(spec_of(door).record, include_extras=True)
            for option in command(spec_of(door)).params:
                if option.name not in hints or _kind_and_flag(hints[option.name])[1].argument:
                    continue
                for k, text in enumerate(TYPED):
                    call = [*base, option.opts[0], text]
                    yield f"{door} {option.opts[0]} {text!r:.30} ({k})", partial(_run, call)


def _command(door: str) -> list[str]:
    by_place = {"model": "own:ask", "images": "p.npz", "scores": "e.csv"}
    made = ["audit", door, by_place.get(door, "t.csv")]
    if door != "scores":
        made += ["--attacks", FAST[door]]
    given = {k: v for k, v in right()[door].items() if isinstance(v, str | int | float)}
    given |= {"members": "m.npz", "nonmembers": "m.npz"} if door == "model" else {}
    given |= {"traits": "traits.csv"} if door == "likes" else {}
    for name, value in given.items():
        made += [f"--{name}", str(value)]
    return made


def _run(call: list[str]) -> object:
    done = CliRunner().invoke(main, call)
    if done.exit_code == 2:
        raise ConfideError(done.output[-200:])
    if done.exit_code not in (0, 1) or "Traceback" in done.output:
        raise TracebackError(f"{done.exit_code}: {done.output[-300:]}".replace("\n", " "))
    return done


assert set(RELEASES) <= set(DOORS)

KINDS = (
    Kind("Python: each argument of each door, with wrong values", arguments, slow=True),
    Kind("Python: each column in memory and each array, of odd types", columns, slow=True),
    Kind("Command line: each option of each audit, with wrong texts", typed, slow=True),
)
