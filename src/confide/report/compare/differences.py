"""The difference of what the strongest attacks reach before and after, with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from confide.core.estimate import Estimate
from confide.measure import difference, difference_of_dependent
from confide.measure.influence import correlation
from confide.measure.rows import shape
from confide.report.compare.pairing import SharedPeople
from confide.report.compare.reading import Pair, Remeasured, by_attack, shown_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the strongest of several attacks reaches, before and after, and after minus before.

    Args:
        attacks: the strongest before and after, by the low end.
        before, after, apart: estimates; all hold together with the confidence of `apart`.
        each: of every attack by itself, the same three.
        same: are the scores the same, to the last one?
    """

    attacks: tuple[str, str]
    before: Estimate
    after: Estimate
    apart: Estimate
    each: Mapping[str, tuple[Estimate, Estimate, Estimate]]
    same: bool = False


def measured_difference(
    pair: Pair,
    shared: SharedPeople,
    again: tuple[Remeasured, Remeasured],
    *,
    fpr: float | None,
    error: float,
) -> Difference | None:
    """The difference, from the scores of both; None where no attack can be read on both.

    An adversary uses its best attack, on either side another one perhaps. So every attack after is held
    against every attack before: of k attacks k * k differences, each at an error of `error / k^2`. If all of
    their intervals hold, then the difference of the best ones is at least the largest over attacks after of
    the smallest low end over attacks before, and at most the same of the high ends.

    Where the same people were asked about, what they share is taken out of the interval (`paired`). Where no
    one is known to be in both, estimates are independent; where nobody knows, the interval holds for any
    dependence.

    Args:
        fpr: None for the AUC.
        error: with which the difference may be wrong.
    """
    read = [a for a in pair.common if all(shown_at(by_attack(s.findings)[a], fpr) for s in pair.sides)]
    if not read:
        return None
    own, same = error / len(read) ** 2, all(_same(pair, a) for a in read)
    apart = {(a, b): _apart(shared, again, (a, b), fpr=fpr, error=own) for a in read for b in read}
    whole = Estimate(0.0, 0.0, 0.0, 1 - own) if same else _of_the_best(apart, read)
    sides = [{a: _at(side, a, 1 - own, fpr) for a in read} for side in again]
    best = [max(each, key=lambda a, each=each: (each[a].low, each[a].value)) for each in sides]
    before, after = (_best(each, name) for each, name in zip(sides, best, strict=True))
    value = 0.0 if same else min(max(after.value - before.value, whole.low), whole.high)
    return Difference(
        attacks=(best[0], best[1]),
        before=before,
        after=after,
        apart=Estimate(value, whole.low, whole.high, 1 - error),
        each={a: (sides[0][a], sides[1][a], apart[a, a]) for a in read},
        same=same,
    )


def shown_difference(pair: Pair, *, fpr: float | None) -> Difference | None:
    """The difference, from the pages alone; None where no attack can be read on both.

    Each interval of a page is corrected for the attacks of its report, and holds whatever it has in common
    with the others. So the difference is within the far ends of both, with an error of the sum of all.
    """
    found = [by_attack(side.findings) for side in pair.sides]
    sides = [{a: e for a in pair.common if (e := shown_at(each[a], fpr)) is not None} for each in found]
    read = [a for a in sides[0] if a in sides[1]]
    if not read:
        return None
    sides = [{a: each[a] for a in read} for each in sides]
    best = [max(each, key=lambda a, each=each: (each[a].low, each[a].value)) for each in sides]
    before, after = (_best(each, name) for each, name in zip(sides, best, strict=True))
    error = sum(1 - e.confidence for each in sides for e in each.values())
    # What is above 1 promises nothing at all.
    apart = replace(difference_of_dependent(after, before), confidence=max(1 - error, 0.0))
    return Difference(
        attacks=(best[0], best[1]),
        before=before,
        after=after,
        apart=apart,
        each={a: (sides[0][a], sides[1][a], difference_of_dependent(sides[1][a], sides[0][a])) for a in read},
    )


def _apart(
    shared: SharedPeople,
    again: tuple[Remeasured, Remeasured],
    attacks: tuple[str, str],
    *,
    fpr: float | None,
    error: float,
) -> Estimate:
    """What an attack after reaches, minus what one before reaches."""
    asked = shared.before[attacks[0]], shared.after[attacks[1]]
    # The mean over several worlds varies with the worlds, of which nobody knows what they share.
    known = shared.pairing(*attacks) != "unknown" and all(shape(a.evidence) != "pool" for a in asked)
    confidence = 1 - (error if known else error / 2)
    first, second = (_at(s, a, confidence, fpr) for s, a in zip(again, attacks, strict=True))
    if not known:
        return difference_of_dependent(second, first)
    moved = [a.influence(fpr) for a in asked]
    together = 0.0 if moved[0] is None or moved[1] is None else correlation(moved[0], moved[1])
    return difference(second, first, correlation=together)


def _same(pair: Pair, attack: str) -> bool:
    """Are both the same scores of the same people?"""
    columns = "world", "target", "exposed", "hit", "score"
    first, second = (side.evidence[attack].table.select(columns) for side in pair.sides)
    return first.equals(second)


def _at(again: Remeasured, attack: str, confidence: float, fpr: float | None) -> Estimate:
    found = again.at(attack, fpr, confidence)
    assert found is not None, "only attacks that can be read were kept"
    return found


def _of_the_best(apart: Mapping[tuple[str, str], Estimate], read: Sequence[str]) -> Estimate:
    """The interval of max over attacks after minus max over attacks before, from those of all pairs."""
    low = max(min(apart[a, b].low for a in read) for b in read)
    high = max(min(apart[a, b].high for a in read) for b in read)
    return Estimate(0.0, low, high, 0.95)


def _best(each: Mapping[str, Estimate], name: str) -> Estimate:
    """What the best of all attacks reaches; the value is that of the strongest by its low end."""
    low, high = (max(ends) for ends in zip(*((e.low, e.high) for e in each.values()), strict=True))
    return Estimate(min(max(each[name].value, low), high), low, high, each[name].confidence)
