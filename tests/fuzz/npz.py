"""npz files: arrays of records as numpy writes them, headers that lie, archives that are no archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.hostile.archives import header, npy, packed

from confide.core.errors import ConfideError
from confide.inputs.images import Images, read_images
from confide.inputs.labels import same_labels
from confide.inputs.npz import LEAST, TIMES
from confide.inputs.records import RawRecords, as_raw_records

from .given import File, mutants
from .mutating import NUMBERS, mutated
from .oracle import AS_WRITTEN, READ, Outcome, need
from .running import Reader
from .zips import lying

Draw = Callable[[Any], Any]
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
KINDS = ("f2", "f4", "f8", ">f8", "i1", "i4", "i8", "u1", "u2", "u8", "?", ">i4")


@st.composite
def plain(draw: Draw) -> File:
    """Records of finite numbers with labels; read again they are the same."""
    rows = draw(st.integers(1, 6))
    shape = (rows, *draw(st.lists(st.integers(1, 3), min_size=1, max_size=2)))
    kind = np.dtype(draw(st.sampled_from(KINDS)))
    finite: dict[str, Any] = {"allow_nan": False, "allow_infinity": False} if kind.kind == "f" else {}
    x = draw(arrays.arrays(kind, shape, elements=finite))
    x = np.asfortranarray(x) if draw(st.booleans()) else x
    of = draw(st.sampled_from([st.integers(0, 9), st.text("abcé", min_size=1, max_size=3), st.booleans()]))
    y = np.array(draw(st.lists(of, min_size=rows, max_size=rows)))
    held = io.BytesIO()
    (np.savez_compressed if draw(st.booleans()) else np.savez)(held, X=x, y=y)
    return File(f"plain {kind} {shape}", held.getvalue(), ".npz", asked="read", written=(x, y), plain=True)


@cache
def files() -> list[bytes]:
    """Valid files to begin from."""
    rng = np.random.default_rng(0)
    x, y = npy(rng.normal(size=(12, 3))), npy(np.arange(12) % 3)
    pixels = npy(rng.integers(0, 255, (12, 4, 4)).astype(np.uint8))
    people = npy(np.array([f"p{i}" for i in range(12)]))
    return [
        packed({"X.npy": x, "y.npy": y, "who.npy": people}),
        packed({"X.npy": x, "y.npy": y}, zipfile.ZIP_DEFLATED),
        packed({"X.npy": pixels, "y.npy": y}),
    ]


@cache
def parts() -> list[bytes]:
    made = [np.zeros((12, 3)), np.arange(12), np.array(["a", "bb"] * 6), np.zeros((12, 4, 4), np.uint8)]
    return [npy(one) for one in made]


@st.composite
def headers(draw: Draw) -> bytes:
    """An array whose header tells of any type, order and shape."""
    sides = st.lists(st.one_of(st.integers(0, 20), st.sampled_from(NUMBERS), st.integers(-3, -1)), max_size=4)
    odd = st.sampled_from(
        ["()", "(,)", "(1,,2)", "(12", "12", "[12]", "(1e3,)", "(0x10,)", "(" * 300, "(" + "1," * 40 + ")"]
    )
    shape = draw(st.one_of(sides.map(lambda s: f"({', '.join(map(str, s))}{',' * (len(s) == 1)})"), odd))
    code, width = (
        draw(st.sampled_from("fiubcUSVOmM?tTp")),
        draw(st.sampled_from(["", *map(str, NUMBERS[:12]), "4", "8", "16"])),
    )
    kind = (
        draw(st.sampled_from("<>|=!")) + code + width + draw(st.sampled_from(["", "", "[ns]", "[7D]", "[x]"]))
    )
    descr = draw(
        st.sampled_from(
            [f"'{kind}'", f"'{kind}'", f"[('a', '{kind}')]", f"('{kind}', (2,))", "object", "'\\x00'"]
        )
    )
    order = draw(st.sampled_from(["False", "True", "0", "None"]))
    size = draw(st.sampled_from([0, 1, 12, 96, 288, 960]))
    version = draw(st.sampled_from([1, 1, 2, 3, 0, 9]))
    made = header(descr, shape, order=order, version=1 if version == 1 else 2, content=bytes(size))
    return made[:6] + bytes([version]) + made[7:]


@st.composite
def archives(draw: Draw) -> File:
    """Archives of odd arrays, with odd names, and with odd numbers in their directory."""
    odd = st.one_of(
        headers(), mutated(parts), st.binary(max_size=40), st.integers(0, 3).map(lambda i: parts()[i])
    )
    names = st.sampled_from(
        ["X.npy", "y.npy", "who.npy", "x.npy", "Y.npy", "../X.npy", "X", "a/y.npy", "\x1b[2J.npy"]
    )
    inside = {
        "X.npy": parts()[0],
        "y.npy": parts()[1],
        **draw(st.dictionaries(names, odd, min_size=1, max_size=3)),
    }
    content = draw(lying(packed(inside, draw(st.sampled_from(METHODS)))))
    asked = draw(st.sampled_from(["read", "read", "who", "pictures"]))
    return File(f"archive of {sorted(inside)}", content, ".npz", asked=asked)


def inputs() -> st.SearchStrategy[File]:
    asked = st.sampled_from(["read", "who", "pictures"])
    return st.one_of(
        plain(), archives(), archives(), asked.flatmap(lambda a: mutants(files, ".npz", asked=a))
    )


def _records(path: Path, user: str | None = None) -> RawRecords:
    return same_labels([as_raw_records(path, label=None, name="members", user=user)])[0]


READS: dict[str, Callable[[Path], Any]] = {
    "read": _records,
    "who": partial(_records, user="who"),
    "pictures": lambda path: read_images(Images(path)),
}


def meet(given: File, folder: Path, *, read: Callable[[Path], RawRecords] | None = None) -> Outcome:
    """Read records or pictures, and hold records against what was written."""
    path = given.put(folder)
    try:
        found = (read or READS[given.asked])(path)
    except ConfideError as error:
        need(not given.plain, f"a plain file is refused: {error}")
        raise
    if given.asked == "pictures":
        return READ
    need(
        found.x.ndim and len(found.x) == len(found.y) > 0, f"other rows: {found.x.shape} for {found.y.shape}"
    )
    need(found.ids is None or len(found.ids) == len(found), "other people")
    if given.written is None:
        return READ
    x, y = given.written
    need(found.x.dtype == x.dtype and np.array_equal(found.x, x), f"other numbers: {found.x} for {x}")
    need(found.y.tolist() == y.tolist(), f"other labels: {found.y} for {y}")
    return AS_WRITTEN


# Each of two or three arrays, and what it is unpacked from.
READER = Reader("npz", inputs, meet, most=lambda size: 3 * max(TIMES * size, LEAST))
