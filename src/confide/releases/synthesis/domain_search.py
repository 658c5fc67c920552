"""Bounds and categories of a domain file that a budget is spent on: what is asked, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from confide.core.arrays import Ints, Rng
from confide.core.errors import DataError
from confide.inputs.columns import missing
from confide.inputs.domain_text import ColumnDraft
from confide.mechanisms.noise.source import Noise
from confide.mechanisms.statistics.heavy_hitters import HeavyHitters
from confide.mechanisms.statistics.private_keys import PrivateKeys
from confide.mechanisms.synthesize.columns.private_bounds import PrivateBounds, round_numbers
from confide.mechanisms.synthesize.columns.trimming import trimmed
from confide.views.statistics import PersonRows

Found: TypeAlias = Mapping[str, Any]
"""Column -> its bounds, or its categories; of what JSON can say."""

NUMBERS = ("integer", "real")
LARGEST = 12
"""Bounds are searched for up to 10^12."""
YEARS = (1800, 2200)
OTHER = "other"
"""What categories that were not found count as."""
SIGNS = "".join(map(chr, range(32, 127)))
LONGEST = 24
"""Signs of a category that is found without a delta."""
CLEAR = 1 - 1e-8
"""How surely the noise of a word that nobody has stays below the bound."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSearch:
    """Finds bounds and categories of columns under a budget, which is divided evenly over the columns.

    Args:
        bounds: the columns whose bounds are searched for; kind by name.
        categories: the columns whose categories are searched for.
        epsilon, delta: for everything together; delta is divided over `categories`.
        at_most: rows of one person; None where a row is a person.
        noise: "secure", or "rehearsal".
    """

    bounds: Mapping[str, str]
    categories: Sequence[str]
    epsilon: float
    delta: float
    at_most: int | None
    noise: Noise = "secure"

    @classmethod
    def of(
        cls, drafts: Sequence[ColumnDraft], *, epsilon: float, delta: float, at_most: int | None, noise: Noise
    ) -> DomainSearch:
        """What the blanks of a template ask for.

        Raises:
            DataError: if nothing is blank that can be found.
        """
        bounds = {d.name: d.kind for d in drafts if "low" in d.blank}
        categories = [d.name for d in drafts if "values" in d.blank]
        if not bounds and not categories:
            raise DataError(
                "there is nothing to spend --private on: no column has bounds or categories that are "
                "unknown. Leave out --private."
            )
        return cls(
            bounds=bounds, categories=categories, epsilon=epsilon, delta=delta, at_most=at_most, noise=noise
        )

    @property
    def each(self) -> float:
        """Epsilon of one column."""
        # The next float below: the parts must not add up to more.
        return float(np.nextafter(self.epsilon / (len(self.bounds) + len(self.categories)), 0))

    def __call__(self, frame: pl.DataFrame, *, person: str | None, rng: Rng) -> Found:
        """What was found; a column without anything clearly above the noise is not in it.

        Args:
            frame: the table.
            person: the column that says whose each row is.
            rng: of a rehearsal.
        """
        people: Ints | None = None
        if person is not None and self.at_most is not None:
            cut = trimmed(frame, person, self.at_most, noise=self.noise, rng=rng)
            frame, people = cut.frame, cut.people
        found: dict[str, Any] = {}
        for name, kind in self.bounds.items():
            if (ends := self._ends(frame[name], kind, people, rng)) is not None:
                found[name] = ends
        for name in self.categories:
            if values := self._values(frame[name], people, rng):
                found[name] = values
        return found

    def _ends(self, column: pl.Series, kind: str, people: Ints | None, rng: Rng) -> list[Any] | None:
        """Bounds as JSON says them: numbers, or days as text."""
        if kind == "date":
            values = column.dt.replace_time_zone(None) if isinstance(column.dtype, pl.Datetime) else column
            days = values.cast(pl.Date).to_physical().cast(pl.Float64).fill_null(float("nan")).to_numpy()
            candidates = np.array([float((date(y, 1, 1) - EPOCH.date()).days) for y in range(*YEARS)])
        else:
            days = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
            candidates = round_numbers(LARGEST, whole=kind == "integer")
        find = PrivateBounds(epsilon=self.each, candidates=candidates, at_most=self.at_most, noise=self.noise)
        ends = find(PersonRows(rows=len(days), person=people, values=days), rng=rng).view
        if ends is None or kind == "real":
            return None if ends is None else list(ends)
        # The upper end is where the next cell begins.
        low, high = int(ends[0]), int(ends[1]) - 1
        if kind == "integer":
            return [low, high]
        return [(EPOCH.date() + timedelta(days=day)).isoformat() for day in (low, high)]

    def _values(self, column: pl.Series, people: Ints | None, rng: Rng) -> list[str]:
        there = (~missing(column)).to_numpy()
        rows = column.cast(pl.String).filter(pl.Series(there))
        whose = None if people is None else people[there]
        given = PersonRows.of(person=whose, group=rows.to_numpy().astype(str), rows=len(rows))
        if self.delta:
            delta = float(np.nextafter(self.delta / len(self.categories), 0))
            find = PrivateKeys(epsilon=self.each, delta=delta, at_most=self.at_most, noise=self.noise)
        else:
            find = self._words()
        made = find(given, rng=rng)
        return [str(key) for key in made.view.keys]

    def _words(self) -> HeavyHitters:
        """Finds words of many people without a delta, sign by sign."""
        settings: Any = {
            "epsilon": self.each,
            "at_most": self.at_most,
            "noise": self.noise,
            "alphabet": SIGNS,
            "length": LONGEST,
        }
        law = HeavyHitters(**settings, bound=1).law(
            l1=self.at_most or 1, l2_squared=(self.at_most or 1) ** 2, parts=LONGEST + 1
        )
        return HeavyHitters(**settings, bound=max(law.half_width(CLEAR), 1))


def filled(draft: ColumnDraft, found: Found) -> ColumnDraft:
    """A draft with what was found of its column."""
    made = found.get(draft.name)
    if made is None:
        return draft
    if "values" in draft.blank:
        values = [*made, *([] if OTHER in made else [OTHER])]
        why = "Found under noise: categories of few people are not listed, and count as other."
        given = {"values": values, "other": OTHER, **draft.given}
        return replace(draft, blank={}, given=given, why=why)
    low, high = [date.fromisoformat(day) for day in made] if draft.kind == "date" else made
    blank = {name: said for name, said in draft.blank.items() if name not in ("low", "high")}
    why = "Found under noise: values of few people may be beyond the bounds, and count as the nearer one."
    return replace(
        draft, blank=blank, given={"low": low, "high": high, **draft.given, "outside": "clip"}, why=why
    )
