"""A generator of the user's: a function of a frame, called for one world after another, in limited time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import numpy as np
import polars as pl

from confide.audits.synthetic.population import frame_of
from confide.core.arrays import Ints, Rng
from confide.core.budget import Budget
from confide.core.errors import KnowledgeError
from confide.core.language import Kept, keep
from confide.core.nouns import Release
from confide.views.table import Domain, Table

PATIENCE = 120.0
"""Seconds that a generator has for one world."""
TRIES = 25
"""Worlds in a row that may fail before the generator is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class OfFunction:
    """Makes synthetic rows by a function of the user's: make(frame, seed) -> frame.

    A world in which it raises or returns other columns is skipped, and made again with another seed; what
    went wrong is kept for the report. One that takes too long ends the attempt.

    Args:
        make: the function.
        domains: of the tables that it is given, in the order of their columns.
        patience: seconds for one world.
        failures: what went wrong in skipped worlds, a sentence each.
    """

    make: Callable[..., Any]
    domains: tuple[Domain, ...]
    patience: float = PATIENCE
    failures: list[Kept] = field(default_factory=list[Kept])

    @property
    def budget(self) -> Budget | None:
        """None: nobody vouches for it."""
        return None

    def __call__(self, data: Table, *, rng: Rng) -> Release[Table]:
        """Make rows.

        Raises:
            KnowledgeError: if it failed several times in a row, or took too long.
        """
        frame = frame_of(data)
        for _ in range(TRIES):
            seed = int(rng.integers(2**31))
            try:
                return Release(table_of(self._called(frame, seed), self.domains), None, "the generator")
            except _SkippedError as why:
                self.failures.append(why.text)
        raise KnowledgeError(
            keep(
                "the generator failed {n:d} times in a row, the last time {why}: correct it, and run the "
                "audit again.",
                n=TRIES,
                why=str(self.failures[-1]),
            )
        )

    def _called(self, frame: pl.DataFrame, seed: int) -> Any:
        """What the function returns for a frame of its own."""
        found: list[Any] = []
        raised: list[BaseException] = []

        def work() -> None:
            try:
                found.append(self.make(frame.clone(), seed))
            except BaseException as error:  # also a SystemExit of the user's program
                raised.append(error)

        # A thread that hangs cannot be ended: it is left behind, and ends with the process.
        thread = Thread(target=work, daemon=True)
        thread.start()
        thread.join(self.patience)
        if thread.is_alive():
            raise KnowledgeError(
                keep(
                    "the generator took more than {seconds:g} seconds for one world: give it more time "
                    "(`--patience`).",
                    seconds=self.patience,
                )
            )
        if raised:
            # Not its message: a program may write a row into it.
            raise _SkippedError(keep("it raised {error}", error=type(raised[0]).__name__))
        return found[0]


class _SkippedError(Exception):
    """Why a world is skipped."""

    def __init__(self, text: Kept) -> None:
        super().__init__(str(text))
        self.text = text


def table_of(made: Any, domains: tuple[Domain, ...]) -> Table:
    """What a generator returned, as codes: a number counts as the nearest one that the files have.

    Raises:
        _SkippedError: if it is no frame, has other columns, no rows, or a category that no file has.
    """
    frame = made if isinstance(made, pl.DataFrame) else _polars(made)
    if missing := [d.name for d in domains if d.name not in frame.columns]:
        raise _SkippedError(keep("it returned no column {column}", column=_short(missing[0])))
    if not frame.height:
        raise _SkippedError(keep("it returned no row"))
    return Table.of(domains, np.stack([_codes(frame[d.name], d) for d in domains], axis=1))


def _polars(made: Any) -> pl.DataFrame:
    try:
        return pl.from_pandas(made)
    except Exception:
        raise _SkippedError(
            keep("it returned a {kind}, and no data frame", kind=type(made).__name__)
        ) from None


def _short(name: str) -> str:
    return f"{name!r:.60}"


def _codes(values: pl.Series, domain: Domain) -> Ints:
    last = len(domain) - 1
    if domain.numbers is None:
        known = {label: i for i, label in enumerate(domain.labels[: len(domain) - domain.missing])}
        text = values.cast(pl.String)
        codes = text.replace_strict(known, default=-1, return_dtype=pl.Int64).to_numpy().copy()
        if domain.missing:
            codes[text.is_null().to_numpy()] = last
        if (codes < 0).any():
            raise _SkippedError(
                keep("it returned a value of {column} that no file has", column=_short(domain.name))
            )
        return codes
    try:
        numbers = values.cast(pl.Float64).to_numpy()
    except pl.exceptions.PolarsError:
        raise _SkippedError(
            keep("it returned text for {column}, which holds numbers", column=_short(domain.name))
        ) from None
    there = np.flatnonzero(np.isfinite(domain.numbers))
    order = there[np.argsort(domain.numbers[there], kind="stable")]
    rising = domain.numbers[order]
    nearest = order[np.searchsorted((rising[1:] + rising[:-1]) / 2, np.nan_to_num(numbers))]
    if np.isnan(numbers).any() and not domain.missing:
        raise _SkippedError(
            keep("it returned empty cells of {column}, which has none", column=_short(domain.name))
        )
    return np.where(np.isnan(numbers), last, nearest)
