"""Evidence: files of the library's own, with other rows, other metadata and wrong bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from confide.core.diagnostics import Curve, Diagnostics
from confide.core.errors import ConfideError
from confide.core.evidence import Evidence, schema
from confide.core.kept_evidence import load, load_with_rows, save
from confide.inputs.scores import Scores, read_scores

from .given import File, mutants
from .mutating import JSON, edited
from .oracle import AS_WRITTEN, READ, Outcome, need
from .running import Reader
from .tables import VALUES, parquet

Draw = Callable[[Any], Any]
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cf"]), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def diagnostics(draw: Draw) -> Diagnostics:
    remark = st.one_of(WORDS, st.lists(st.one_of(WORDS, st.integers(0, 10**6)), max_size=3).map(tuple))
    xy = draw(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=3))
    curve = Curve(
        draw(WORDS), "x", "y", tuple(x for x, _ in xy), tuple(y for _, y in xy), draw(st.none() | NUMBERS)
    )
    return Diagnostics(tuple(draw(st.lists(remark, max_size=2))), draw(st.booleans()), (curve,))


@st.composite
def parts(draw: Draw) -> Evidence:
    """The evidence of one attack."""
    rows = draw(st.integers(1, 8))

    def column(of: Any) -> Any:
        return draw(st.lists(of, min_size=rows, max_size=rows))

    whole = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 5)
    columns = {"world": column(whole), "target": column(whole), "exposed": column(st.booleans())}
    columns |= {"hit": column(st.booleans()), "score": column(st.floats(allow_nan=False))}
    return Evidence(
        pl.DataFrame(columns, schema=schema()),
        attack=draw(WORDS),
        access=draw(WORDS),
        game=draw(WORDS),
        randomised=draw(st.booleans()),
        no_coin=draw(WORDS),
        crossed=draw(st.booleans()),
        excluded=draw(st.integers(0, 10**6)),
        seconds=draw(st.floats(0, 1e6)),
        diagnostics=tuple(draw(st.lists(diagnostics(), max_size=2))),
    )


def saved(made: list[Evidence]) -> bytes:
    with TemporaryDirectory() as folder:
        save(made, Path(folder) / "e.parquet")
        return (Path(folder) / "e.parquet").read_bytes()


@st.composite
def own(draw: Draw) -> File:
    """What the library writes; read again it is the same."""
    made = draw(st.lists(parts(), min_size=1, max_size=3, unique_by=lambda part: part.attack))
    return File("own", saved(made), ".parquet", written=made, plain=True)


@cache
def files() -> list[bytes]:
    """Valid files to begin from."""
    about = Diagnostics(
        ("a", ("There are ", 7, ".")), True, (Curve("t", "x", "y", (1.0, 2.0), (3.0, 4.0), 1.0),)
    )
    one = Evidence.of(np.array([True, False] * 9), np.arange(18.0), randomised=True, attack="lira")
    two = Evidence(one.table, attack="loss", diagnostics=(about, about), seconds=1.5, game="g")
    return [saved([one]), saved([one, two])]


@cache
def metadata() -> Any:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "e.parquet"
        path.write_bytes(files()[1])
        return json.loads(pl.read_parquet_metadata(path)["confide"])


@st.composite
def foreign(draw: Draw) -> File:
    """Rows of the library with something else beside them."""
    how = draw(st.sampled_from(["edited", "edited", "any", "text"]))
    if how == "text":
        text = draw(
            st.text(max_size=30) | st.sampled_from(["[" * 10**5, '{"a":' * 10**4, "NaN", "9" * 10**5])
        )
        text = text.encode("utf-8", "ignore").decode()
    else:
        text = json.dumps(draw(edited(metadata()) if how == "edited" else JSON))
    made = Evidence.of(np.array([True, False] * 2), np.arange(4.0), attack="loss").table
    made = made.with_columns(pl.lit(draw(st.sampled_from(["loss", "lira", "x"]))).alias("attack"))
    return File(f"metadata {text[:2_000]}", _with(made, text), ".parquet")


def _with(frame: pl.DataFrame, text: str) -> bytes:
    with TemporaryDirectory() as folder:
        frame.write_parquet(Path(folder) / "e.parquet", metadata={"confide": text})
        return (Path(folder) / "e.parquet").read_bytes()


NAMES = ("exposed", "score", "world", "target", "hit", "attack", "person", "id", "row of the file", "user")


@st.composite
def odd_rows(draw: Draw) -> File:
    """Tables of these columns with other types, as parquet or csv, and perhaps a column of people.

    With `asked`, also as the door of scores reads them; there "" means that no column is named.
    """
    rows = draw(st.integers(1, 6))
    made: list[pl.Series] = []
    for name in ("exposed", "score", *draw(st.lists(st.sampled_from(NAMES[2:]), max_size=4, unique=True))):
        kind = draw(st.sampled_from(list(VALUES)))
        values = VALUES[kind]
        if draw(st.booleans()):
            kind, values = draw(
                st.sampled_from([(pl.Int64, st.integers(0, 1)), (pl.Float64, NUMBERS), (pl.String, WORDS)])
            )
        made.append(
            pl.Series(name, draw(st.lists(st.none() | values, min_size=rows, max_size=rows)), dtype=kind)
        )
    frame = pl.DataFrame(made)
    user = draw(st.sampled_from([None, "", "user", "target", "id"]))
    flat = not any(kind.is_nested() or kind in (pl.Binary, pl.Duration) for kind in frame.dtypes)
    if flat and draw(st.booleans()):
        return File(f"rows {frame.schema}", frame.write_csv().encode(), ".csv", asked=user)
    return File(f"rows {frame.schema}", parquet(frame), ".parquet", asked=user)


def inputs() -> st.SearchStrategy[File]:
    text = b"attack,exposed,score\nlira,1,0.5\nlira,0,-1e300\n"
    csv = mutants(lambda: [text], ".csv")
    return st.one_of(own(), foreign(), foreign(), odd_rows(), mutants(files, ".parquet"), csv)


def meet(given: File, folder: Path, *, read: Callable[..., list[Evidence]] = load) -> Outcome:
    """Read evidence, and hold it against what was saved."""
    path = given.put(folder)
    if given.asked is not None:
        user = given.asked or None
        data = read_scores(Scores(path, user=user))
        need(
            sum(e.table["target"].n_unique() for e in data.evidence) == data.targets.height,
            "a target is lost",
        )
        for part, where in load_with_rows(path, user=user):
            need(where.height == part.table["target"].n_unique(), "a target without its row")
        return READ
    try:
        found = read(path)
    except ConfideError as error:
        need(not given.plain, f"evidence of our own is refused: {error}")
        raise
    for part in found:
        types = {name: part.table.schema[name] for name in schema()}
        need(types == schema(), f"other types: {types}")
        need(not part.table["score"].is_nan().any(), "a score that is NaN")
        need(isinstance(part.excluded, int) and part.excluded >= 0, f"excluded: {part.excluded}")
    if given.written is None:
        return READ
    need([e.attack for e in found] == [e.attack for e in given.written], "other attacks")
    for ours, theirs in zip(found, given.written, strict=True):
        need(ours.table.equals(theirs.table), f"other rows: {ours.table} for {theirs.table}")
        for name in (
            "access",
            "game",
            "randomised",
            "no_coin",
            "crossed",
            "excluded",
            "seconds",
            "diagnostics",
        ):
            one, other = getattr(ours, name), getattr(theirs, name)
            need(one == other, f"another {name}: {one!r} for {other!r}")
    return AS_WRITTEN


READER = Reader("evidence", inputs, meet, most=lambda size: 100 * size + 2 * 2**30)
