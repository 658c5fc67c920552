"""skops files: other names, types, values and cycles in their schema, other arrays, archives that lie.

Whatever is in them, reading and asking them may start nothing, unpickle nothing and write nothing.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tests.hostile.archives import npy, packed
from tests.models.skops import zoo

from confide.core.errors import ConfideError
from confide.models.sklearn.model import SklearnModel
from confide.models.skops.archive import AT_MOST
from confide.models.skops.reading import load_skops

from .given import File, mutants
from .mutating import mutated
from .npz import headers
from .oracle import AS_WRITTEN, READ, Outcome, need
from .running import Reader
from .skops_models import entries, files, parts
from .skops_schemas import other_schemas
from .watch import watch
from .zips import lying

Draw = Callable[[Any], Any]


@st.composite
def other_arrays(draw: Draw) -> File:
    """A model with one to three other arrays: of another shape or type, or with numbers that lead outside."""
    which = draw(st.integers(0, len(entries()) - 1))
    inside = dict(parts()[which])
    names = sorted(name for name in inside if name != "schema.json")
    done: list[str] = []
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)) if names else ():
        new = draw(st.one_of(headers(), mutated(lambda name=name: [inside[name]]), _numbers(inside[name])))
        inside[name] = new
        done.append(name)
    return File(f"{entries()[which].name}: {done}", packed(inside), ".skops", asked=which)


@st.composite
def _numbers(draw: Draw, whole: bytes) -> bytes:
    """An array of the same form with other numbers in a few places, or of another form."""
    if not whole.startswith(b"\x93NUMPY"):  # an archive of the arrays of a sparse matrix
        return draw(lying(whole)) if whole.startswith(b"PK") else whole
    array = np.load(io.BytesIO(whole), allow_pickle=False).copy()
    if not array.size or array.dtype.kind not in "iufb":
        return npy(np.zeros(draw(st.integers(0, 5))))
    how = draw(st.sampled_from(["numbers", "numbers", "shorter", "longer", "type", "shape"]))
    flat = array.reshape(-1)
    if how == "shorter":
        return npy(array[: draw(st.integers(0, len(array)))] if array.ndim else array)
    if how == "longer":
        return npy(np.concatenate([array, array]) if array.ndim else array.reshape(1))
    if how == "type":
        return npy(array.astype(draw(st.sampled_from(["i4", "i8", "f4", "f8", "u1", "?", "U3"]))))
    if how == "shape":
        return npy(flat[None] if draw(st.booleans()) else flat)
    odd = [
        -1,
        0,
        1,
        2,
        7,
        10**6,
        2**31 - 1,
        -(2**31),
        2**62,
        *([np.nan, np.inf, -np.inf, 1e300] if array.dtype.kind == "f" else []),
    ]
    with np.errstate(all="ignore"):
        for at in draw(st.lists(st.integers(0, len(flat) - 1), min_size=1, max_size=3)):
            flat[at] = np.array(draw(st.sampled_from(odd))).astype(array.dtype)
    return npy(array)


@st.composite
def archives(draw: Draw) -> File:
    """The archive of a model with numbers that lie, or packed in another way."""
    which = draw(st.integers(0, len(entries()) - 1))
    whole = packed(
        parts()[which], draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]))
    )
    return File(entries()[which].name, draw(lying(whole)), ".skops", asked=which)


def unchanged() -> st.SearchStrategy[File]:
    """Models as they are: they are read, and answer as before."""
    numbers = st.integers(0, len(entries()) - 1)
    return numbers.map(
        lambda i: File(entries()[i].name, files()[i], ".skops", asked=i, written=_answers(i), plain=True)
    )


@cache
def _answers(which: int) -> Any:
    return entries()[which].ask(entries()[which].model)


def inputs() -> st.SearchStrategy[File]:
    schema, array = other_schemas(), other_arrays()
    return st.one_of(
        schema, schema, schema, array, array, archives(), mutants(files, ".skops", asked=0), unchanged()
    )


def meet(given: File, folder: Path, *, read: Callable[..., SklearnModel] = load_skops) -> Outcome:
    """Read a model, ask it, and look at what that has caused."""
    path = given.put(folder)
    before, seen = set(folder.iterdir()), watch()
    entry = entries()[given.asked]
    seen.seen, seen.armed = None, True
    try:
        model = read(path)
        answered = _asked(model, entry)
    except ConfideError as error:
        need(not given.plain, f"a plain model is refused: {error}")
        raise
    finally:
        seen.armed = False
        need(seen.seen is None, f"a model does what no model may: {seen.seen}")
        need(set(folder.iterdir()) == before, "a model leaves a file")
    if given.written is None:
        return READ
    need(answered, "a plain model does not answer")
    need(np.array_equal(entry.ask(model.estimator), given.written), "other answers than before")
    return AS_WRITTEN


def _asked(model: SklearnModel, entry: zoo.Entry) -> bool:
    """Whether the model answers; it may say in a sentence that it cannot."""
    try:
        model.labels(np.asarray(entry.x.toarray() if hasattr(entry.x, "toarray") else entry.x))
    except ConfideError:
        return False
    return True


READER = Reader("skops", inputs, meet, most=lambda size: 2 * AT_MOST * size + 2**20)
