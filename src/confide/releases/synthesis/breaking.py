"""How many records break each rule of a domain, counted under noise: a domain that is wrong shows in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from confide.core.arrays import Rng
from confide.core.budget import Unit
from confide.core.errors import DataError
from confide.mechanisms.noise.source import Noise
from confide.mechanisms.statistics.counts import PrivateCounts
from confide.mechanisms.synthesize.columns.breaches import breaches
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.releases.synthesis.synthesiser import Prepared


@dataclass(frozen=True, slots=True)
class Breach:
    """How many break a rule.

    Args:
        rule: as it was written.
        count: records, or people where the promise hides people, with noise.
        low, high: what the exact count is between, with 95 % confidence.
    """

    rule: str
    count: int
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachCounts:
    """Counts who breaks each rule and each structural zero, by noisy counts.

    *Statement.* The release keeps epsilon for one record, or for one person with at most K rows.

    *Proof.* One person breaks each of m rules or does not: m counts of people move by at most 1 each, and
    `PrivateCounts` adds noise for that. Rules are public, and all are answered.

    Args:
        epsilon: for all counts together.
        unit: a record, or a person with at most K rows.
        noise: "secure" for a release; "rehearsal" draws it from `rng`.

    >>> import polars as pl
    >>> from confide.mechanisms.synthesize.columns.kinds import Integer
    >>> from confide.mechanisms.synthesize.columns.rules import rule_of
    >>> days = PublicDomain(tuple(Integer(n, 0, 9) for n in ("start", "end")), (rule_of("end >= start"),))
    >>> rows = pl.DataFrame({"start": [5] * 100, "end": [3] * 90 + [7] * 10})
    >>> given = Prepared(schema={}, rows=rows, people=None, trimmed=0, clipped={})
    >>> BreachCounts(epsilon=8.0, unit=Unit.record(), noise="rehearsal")(
    ...     given, days, rng=np.random.default_rng(0)
    ... )
    (Breach(rule='end >= start', count=90, low=90, high=90),)
    """

    epsilon: float
    unit: Unit
    noise: Noise = "secure"

    def __call__(self, given: Prepared, domain: PublicDomain, *, rng: Rng) -> tuple[Breach, ...]:
        """Count and publish.

        Args:
            given: the rows that count.
            domain: with the rules.
            rng: of a rehearsal.
        """
        found = breaches(given.rows, domain, people=given.people)
        rows = 1 if self.unit.kind == "record" else int(self.unit.at_most or 1)
        count = PrivateCounts(
            epsilon=self.epsilon, at_most=rows * len(found.keys), of="people", noise=self.noise
        )
        made = count(found, rng=rng).view
        ends = np.clip(np.column_stack([made.values, made.noise]), 0, None).round().astype(int)
        return tuple(Breach(str(key), *row) for key, row in zip(made.keys, ends.tolist(), strict=True))


def need_rules(domain: PublicDomain) -> None:
    """Refuse a domain of which nothing can be broken.

    Raises:
        DataError: with what to leave out.
    """
    if not domain.rules and not domain.zeros:
        raise DataError("--breaches counts who breaks a rule, and the domain has none: leave it out.")


def said_of(found: Sequence[Breach], unit: Unit) -> str:
    """A sentence, which begins with a space; nothing of no rule.

    >>> said_of([Breach("end >= start", 12, 3, 21)], Unit.record())
    ' Counted with noise, rules are broken by: 12 records (3 to 21) end >= start.'
    """
    each = ", ".join(f"{b.count:,} {noun_of(unit)} ({b.low:,} to {b.high:,}) {b.rule}" for b in found)
    return f" Counted with noise, rules are broken by: {each}." if found else ""


def card_part(found: Sequence[Breach], epsilon: float, unit: Unit) -> dict[str, Any]:
    """What the card says of it."""
    counts = [{"rule": b.rule, "count": b.count, "low": b.low, "high": b.high} for b in found]
    return {"epsilon": epsilon, "of": noun_of(unit), "confidence": 0.95, "counts": counts}


def noun_of(unit: Unit) -> str:
    """What is counted."""
    return "records" if unit.kind == "record" else "people"
