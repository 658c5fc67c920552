"""A desk where a door is tried: a folder of its own, which a refusal must leave as it was."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from confide.core.errors import ConfideError

from .kinds import Inputs, Rng

Call = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Tried:
    """One argument of one door with one value.

    Args:
        argument: of which door, in words.
        value: in words.
        call: the door, with it.
    """

    argument: str
    value: str
    call: Call


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
    """Call; a refusal can be printed, and leaves the working folder as it was.

    What a result wrote is removed, so that the next call finds the same.
    """
    before = set(here.rglob("*"))
    try:
        return call()
    except ConfideError as error:
        # Bytecode is written by Python, for a module of the user's own.
        new = {path for path in here.rglob("*") if "__pycache__" not in path.parts} - before
        if found := sorted(new):
            raise WrittenError(tuple(map(str, found))) from error
        if not str(error).isprintable():
            raise AssertionError(f"cannot be printed: {error!r:.200}") from error
        raise
    finally:
        for path in sorted(set(here.rglob("*")) - before):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def inputs_of(tried: Callable[[Path], Iterable[Tried]]) -> Callable[[Rng, Path], Inputs]:
    """All that is tried, as the `make` of a `Kind`."""

    def make(_: Rng, folder: Path) -> Inputs:
        with desk(folder) as here, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for one in tried(here):
                name = f"{one.argument} = {one.value}"
                yield name, partial(held_to_one_sentence, one.call, here)

    return make
