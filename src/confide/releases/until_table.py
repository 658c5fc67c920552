"""The least change of a table under which attacks stay below rates: over k, methods and single cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, inf

import numpy as np

from confide.audits.protections import Scale, parse_protections
from confide.audits.table.binding import bound
from confide.audits.table.protections import PROTECTIONS
from confide.core.errors import ConfideError, DataError
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.inputs.table import Table, TableData
from confide.mechanisms.anonymize.full_domain import FullDomain
from confide.releases.until_found import LeastChange, Tried
from confide.releases.until_halves import Half, Reached
from confide.views.table import Table as Cells
from confide.views.table_people import number_of_people

METHODS = ("mondrian", "local", "lattice")
"""In the order of the search: the first ones mostly lose least, and rule out most of the others unplayed."""
SURE = 0.68
"""The confidence of the intervals whose upper ends decide: one standard error beyond the rate."""
NEAR = 0.1
"""k is found to within this share of it: so near to each other, two of them differ by less than luck does."""
FEWER = (0.9, 0.6)
"""Single cells are tried beside these parts of the best k."""
SECONDS = 20.0
"""CPU time for one search of the lattice; a larger one is left out, and said to be."""


@dataclass(slots=True, kw_only=True)
class Search:
    """What was tried on one half of the people.

    Args:
        half: the people who are asked about.
        limits: the rates by name.
        attacks: that are played.
        strongest: those that reached most last time. They are played first: if they break a rate, no other
            need be.
    """

    held: Table
    data: TableData
    half: Half
    limits: dict[str, float]
    attacks: Sequence[AnyAttack]
    tried: dict[str, Tried] = field(default_factory=dict)
    strongest: list[str] = field(default_factory=list)
    _views: dict[tuple[str, int], Cells] = field(default_factory=dict)

    def weakest(self, scale: Scale, best: float) -> Tried | None:
        """The weakest setting that keeps the rates, if there is one that loses less than the best so far.

        The search takes for granted that a larger k loses more and gives less away.
        """
        top = self._largest(scale, best)
        if top is None or (best < inf and not self.play(scale.write(top)).kept):
            return None
        found = smallest(lambda k: self.play(scale.write(k)).kept, int(scale.weakest), top)
        return None if found is None else self.tried[scale.write(found)]

    def play(self, text: str) -> Tried:
        """Play the attacks on the release of a protection."""
        known = self.tried.get(text)
        if known is None or (known.reached is None and known.why == ""):
            known = self._played(text)
            self.tried[text] = known
        return known

    def loss(self, text: str) -> float:
        """The loss of a protection, without any attack; more than everything where it cannot be applied."""
        if text not in self.tried:
            try:
                view = self.released(text)
            except ConfideError as why:
                self.tried[text] = Tried(text=text, loss=inf, why=str(why))
            else:
                self.tried[text] = Tried(text=text, loss=self.half.loss([view], self.data.known))
        return self.tried[text].loss

    def _largest(self, scale: Scale, best: float) -> int | None:
        """The largest k that can be applied and loses less than the best so far."""
        low, high = (
            int(scale.weakest),
            min(int(scale.strongest), max(number_of_people(self.data.cells) // 4, 2)),
        )

        def too_much(k: int) -> bool:
            return not self.loss(scale.write(k)) < best

        if best == inf:
            return high
        if too_much(low):
            return None
        first = smallest(too_much, low + 1, high, near=0)
        return high if first is None else first - 1

    def _played(self, text: str) -> Tried:
        loss = self.loss(text)
        if loss == inf:
            return self.tried[text]
        views, mechanism = self.both(text), self.mechanism(text)
        reached = self.half.played(
            views, mechanism, self.limits, self.attacks, confidence=SURE, first=self.strongest
        )
        self.strongest = list(dict.fromkeys(reached.attack.values()))
        kept = reached.kept(self.limits)
        return Tried(text=text, loss=loss, reached=reached, kept=kept)

    def released(self, text: str, which: int = 0) -> Cells:
        """The release of one round; of several steps the first is applied once."""
        if (text, which) not in self._views:
            before, _, last = text.rpartition("+")
            if before:
                return self.mechanism(last)(
                    self.released(before, which), rng=np.random.default_rng(which)
                ).view
            self._views[text, which] = self.half.released(self.mechanism(text), which)
        return self._views[text, which]

    def both(self, text: str) -> tuple[Cells, ...]:
        """The releases of both rounds."""
        return tuple(self.released(text, i) for i in range(len(self.half.worlds)))

    def mechanism(self, text: str) -> AnyMechanism:
        """The mechanism, bound to this table."""
        mechanism = bound(parse_protections([text], PROTECTIONS)[text], self.data, self.held)
        return replace(mechanism, seconds=SECONDS) if isinstance(mechanism, FullDomain) else mechanism


def search(
    held: Table,
    data: TableData,
    methods: Sequence[str],
    *,
    limits: dict[str, float],
    attacks: Sequence[AnyAttack],
    on: tuple[Half, Half],
) -> LeastChange:
    """The least change of a table under which the attacks, played on one half of the people, keep the rates.

    A rate is kept if it stays below by a standard error, so that the other half is likely to find the same.
    Loss is the mean over the known columns of (values in the range - 1) / (values of the column - 1).

    Args:
        methods: names of protections whose setting is k; all of them if empty.
        limits: the rates by name.
        attacks: that may be played.
        on: the half that chooses, and the half that judges.

    Raises:
        DataError: for a method that cannot be searched, or if nothing keeps the rates: then the best that was
            reached is said.
    """
    for name in methods:
        if name not in METHODS:
            raise DataError(
                f"--until searches the k of {', '.join(METHODS)}, and not {name!r}: give `--with` one of "
                "these without a setting, or none for all of them."
            )
    chosen = Search(held=held, data=data, half=on[0], limits=limits, attacks=attacks)
    best: Tried | None = None
    for name in METHODS:
        if name not in (methods or METHODS):
            continue
        scale = PROTECTIONS[name].scale
        assert scale is not None
        found = chosen.weakest(scale, inf if best is None else best.loss)
        best = best if found is None else found
    if best is None:
        raise DataError(_nothing(limits, list(chosen.tried.values())))
    flat = best
    name, _, k = flat.text.partition(":")
    for part in FEWER:
        fewer = max(2, min(round(part * int(k)), int(k) - 1))
        if fewer < int(k):
            base = f"{name}:{fewer}"
            scale = Scale(
                weakest=fewer + 1,
                strongest=5 * fewer,
                write=lambda most, base=base: f"{base}+cells:{most:.0f}",
                whole=True,
            )
            best = chosen.weakest(scale, best.loss) or best
    mechanism = chosen.mechanism(best.text)
    judge = Search(held=held, data=data, half=on[1], limits=limits, attacks=attacks)
    reached = on[1].played(judge.both(best.text), mechanism, limits, attacks, confidence=0.95)
    return LeastChange(
        limits=limits, chosen=best, flat=flat, other=reached, tried=tuple(chosen.tried.values())
    )


def smallest(holds: Callable[[int], bool], low: int, high: int, *, near: float = NEAR) -> int | None:
    """The smallest whole number from `low` to `high` of which something holds that holds of all larger ones.

    None where it holds of none. Halved on a scale of ratios, as small numbers differ most; the ends, which
    cost most or say least, are asked about last. It may be larger than the smallest by the share `near`.

    >>> [smallest(lambda k: k >= least, 2, 200, near=0) for least in (11, 2, 200, 201)]
    [11, 2, 200, None]
    """
    fails, found = low - 1, None
    while high > fails and not (found is not None and found - fails - 1 <= near * found):
        top = high + (found is None)  # nothing is known of `high` until something holds
        middle = min(max(round((max(fails, 1) * top) ** 0.5), fails + 1), high)
        if holds(middle):
            found, high = middle, middle - 1
        else:
            fails = middle
    return found


def _nothing(limits: dict[str, float], tried: Sequence[Tried]) -> str:
    asked = ",".join(f"{name}={rate:g}" for name, rate in limits.items())
    played = [(t, t.reached) for t in tried if t.reached is not None]
    if not played:
        why = next((t.why for t in tried if t.why), "")
        return f"--until {asked}: no protection could be applied. {why}".strip()

    def beyond(one: tuple[Tried, Reached]) -> float:
        return max(rate.high / limits[name] for name, rate in one[1].rate.items())

    nearest, reached = min(played, key=beyond)
    said = ", ".join(
        f"{name} {1000 * rate.value:.0f} in 1,000 (with chance allowed for, up to {ceil(1000 * rate.high):,})"
        for name, rate in reached.rate.items()
    )
    return (
        f"no protection keeps {asked} surely enough: the nearest is {nearest.text}, which loses "
        f"{nearest.loss:.2f} of the known columns and reaches {said}. Let fewer columns be known, ask "
        "about more people (--targets), or allow more."
    )
