"""What was done to traces before they were released: coarsening, noise, splitting, suppression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from scipy.spatial import KDTree

from confide.core.arrays import Bools, Floats, Ints
from confide.inputs.clocks import clock_text, clock_words, span_text
from confide.inputs.worked_out.making import RULED, SAME, Making, Step, making, mostly
from confide.inputs.worked_out.pairs import sampled, threshold
from confide.inputs.worked_out.parts import parts_of
from confide.inputs.worked_out.places import AS_THEY_WERE, Coarse, Moves, law_of, rules
from confide.inputs.worked_out.times import Fit, clock_of
from confide.mechanisms.randomize.planar_laplace import plane
from confide.views.traces import Traces

MOST = 60_000
"""Visits that are compared; whole people are left out beyond them."""
NEAR_M = 1.5
"""Metres between points that are the same: what written digits round."""
FINE = 1e-4
"""Degrees: a rule for places that is finer says nothing beside noise."""
NO_RULE = "and no rule says why"
Cut: TypeAlias = Callable[[Ints], Ints]
"""How an original time is released."""


@dataclass(frozen=True, slots=True, eq=False)
class _Both:
    """The visits of people who are on both sides; of many people, of some.

    Args:
        who, time, place: int64[k], of the original.
        owner, row, when, there: int64[m], of the release: the person, the id, the time and the place.
        exact, shown: all visits of both sides.
        owners: int64[ids], the person behind each id.
    """

    who: Ints
    time: Ints
    place: Ints
    owner: Ints
    row: Ints
    when: Ints
    there: Ints
    exact: Traces
    shown: Traces
    owners: Ints

    @classmethod
    def of(cls, exact: Traces, shown: Traces, owners: Ints) -> _Both:
        whose = owners[shown.person]
        people = np.intersect1d(exact.person, whose)
        many = np.bincount(exact.person, minlength=exact.people)[people].cumsum()
        if len(people) and many[-1] > MOST:  # every so manieth person, whole
            people = people[:: -(-int(many[-1]) // MOST)]
        ours, theirs = np.isin(exact.person, people), np.isin(whose, people)
        return cls(
            exact.person[ours].astype(np.int64),
            exact.time[ours],
            exact.place[ours].astype(np.int64),
            whose[theirs],
            shown.person[theirs].astype(np.int64),
            shown.time[theirs],
            shown.place[theirs].astype(np.int64),
            exact,
            shown,
            owners,
        )

    def fit(self, cut: Cut, code: Codes | None = None) -> Fit:
        """How well rules explain the released visits, by the person, the time, and the code of the place."""
        ours, theirs = self.keys(cut, code)
        return Fit(float(np.isin(theirs, ours).mean()), float(np.isin(ours, theirs).mean()))

    def keys(self, cut: Cut, code: Codes | None = None) -> tuple[Ints, Ints]:
        """One number for each visit of either side: equal where person, time and place are."""
        ours, theirs = cut(self.time), self.when
        times, at = np.unique(np.concatenate([ours, theirs]), return_inverse=True)
        key = np.concatenate([self.who, self.owner]) * len(times) + at
        if code is not None:
            key = key * code.many + np.concatenate([code.ours[self.place], code.theirs[self.there]])
        return key[: len(ours)], key[len(ours) :]


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Codes of places: equal where a rule takes the original place to the released one.

    Args:
        ours, theirs: int64[p], the code of each place as one of the original, or of the release.
        table: float64[t, 2], the points of the original places under the rule; their codes are 0..t-1.
    """

    ours: Ints
    theirs: Ints
    table: Floats

    @property
    def many(self) -> int:
        return 1 + int(max(self.ours.max(initial=0), self.theirs.max(initial=0)))

    @classmethod
    def of(cls, both: _Both, coarse: Coarse) -> Codes:
        used, there = np.unique(both.exact.place), np.unique(both.shown.place)
        ours, theirs = np.zeros(both.exact.places, np.int64), np.zeros(both.exact.places, np.int64)
        where = both.exact.where
        if where is None:
            same = np.arange(both.exact.places)
            return cls(same, same, np.empty((0, 2)))
        ruled, one = np.unique(coarse.points(where[used]), axis=0, return_inverse=True)
        flat = plane(np.concatenate([ruled, where[there]]))
        away, nearest = KDTree(flat[: len(ruled)]).query(flat[len(ruled) :])
        ours[used] = one.reshape(-1)
        # A released point that is near none has a code of its own.
        own = len(ruled) + np.arange(len(there))
        theirs[there] = np.where(np.asarray(away) <= NEAR_M, np.asarray(nearest), own)
        return cls(ours, theirs, ruled)


def worked_out(exact: Traces, shown: Traces, owner: Ints) -> Making:
    """What was done, by a comparison of the visits of the same person.

    Args:
        exact: the original visits, as they were read.
        shown: the released visits, a person for each id, with places under the same codes.
        owner: int64[ids], the person behind each id.
    """
    both = _Both.of(exact, shown, owner)
    if not len(both.who) or not len(both.owner):
        return Making()
    # Where a person ever was is compared first: with it the clock is surer than by times alone.
    tried = [(coarse, Codes.of(both, coarse)) for coarse in _rules(both)]
    coarse, codes = _best(both, _never, tried)
    when, cut, no_time = _times(both, codes)
    coarse, codes, noise, no_place = _places(both, cut, tried)
    parts, no_parts = parts_of(both.owner, both.row, both.when)
    doubts, left = [no_time, no_place, no_parts], list[Step]()
    if not any(doubts):
        if noise is not None:
            left = _left_after_noise(both, codes)
        else:
            left, doubt = _left(both, cut, codes, split=parts is not None)
            doubts.append(doubt)
    return making([coarse.step, when, noise, parts, *left], doubts)


def _rules(both: _Both) -> list[Coarse]:
    where = both.exact.where
    if where is None:
        return [AS_THEY_WERE]
    # A rule that leaves these places where they were is none.
    used, found = where[np.unique(both.exact.place)], rules(where[np.unique(both.shown.place)])
    return [AS_THEY_WERE, *(c for c in found if np.abs(c.points(used) - used).max() > FINE)]


def _best(both: _Both, cut: Cut, tried: list[tuple[Coarse, Codes]]) -> tuple[Coarse, Codes]:
    """The first rule that explains nearly all places, or the one that explains most."""
    shares = [both.fit(cut, codes).explained for _, codes in tried]
    enough = [i for i, share in enumerate(shares) if share >= SAME]
    return tried[enough[0] if enough else int(np.argmax(shares))]


def _times(both: _Both, codes: Codes) -> tuple[Step | None, Cut, str | None]:
    """The rule that cut times, and the same as a function; or why none explains them."""
    same = both.fit(_as_it_was)
    if same.explained >= SAME:
        return None, _as_it_was, None
    found = clock_of(both.when, lambda clock: both.fit(clock, codes))
    if found is None or found[1].explained < RULED:  # places may have been moved by noise
        found = clock_of(both.when, both.fit)
    if found is not None and found[1].explained >= max(RULED, same.explained):
        clock, fit = found
        plain = not isinstance(clock.unit, str) and not clock.ahead and not clock.written
        text = f"bin:{span_text(clock.seconds)}" if plain else f"cut:{clock_text(clock)}"
        return Step(text, f"Times were cut {clock_words(clock)}{mostly(fit.explained)}."), clock, None
    if same.explained >= RULED:
        return None, _as_it_was, None
    share = 1 - same.explained
    return None, _as_it_was, f"{share:.0%} of the released times are no times of the same person, {NO_RULE}"


def _as_it_was(time: Ints) -> Ints:
    return time


def _never(time: Ints) -> Ints:
    return np.zeros_like(time)


def _places(
    both: _Both, cut: Cut, tried: list[tuple[Coarse, Codes]]
) -> tuple[Coarse, Codes, Step | None, str | None]:
    """The rule for places, the codes under it, the noise after it; or why neither explains them."""
    coarse, codes = _best(both, cut, tried)
    explained = both.fit(cut, codes).explained
    if explained < SAME and both.exact.where is not None:
        base = tried[1] if len(tried) > 1 else tried[0]
        noise = law_of(_moves(both, cut, *base))
        if noise is not None:
            return *base, noise, None
    if explained >= RULED:
        return coarse, codes, None, None
    share = 1 - explained
    doubt = f"{share:.0%} of the released visits are at no place where the same person was then, {NO_RULE}"
    return AS_THEY_WERE, tried[0][1], None, doubt


def _moves(both: _Both, cut: Cut, coarse: Coarse, codes: Codes) -> Moves:
    """Visits that surely belong together: a person's only ones at that time, or all from one place."""
    ours, theirs = both.keys(cut)
    keys, at = np.unique(np.concatenate([ours, theirs]), return_inverse=True)
    one, other = at[: len(ours)], at[len(ours) :]
    many, shown = np.bincount(one, minlength=len(keys)), np.bincount(other, minlength=len(keys))
    place, first = codes.ours[both.place], np.full(len(keys), -1)
    first[one] = place
    alone = np.ones(len(keys), np.bool_)
    np.logical_and.at(alone, one, place == first[one])
    chosen = np.flatnonzero((alone & (many == shown) & (many > 0))[other])
    after = both.exact.where[both.there[chosen]] if both.exact.where is not None else np.empty((0, 2))
    on_table = bool(len(chosen)) and float(np.mean(codes.theirs[both.there] < len(codes.table))) >= SAME
    if coarse.rule is None or both.exact.where is None:
        return Moves(first[other[chosen]], after, codes.table, on_table)
    # Noise before or after a rule ends on its lattice: on the original places, and on those of the release.
    shown = both.exact.where[np.unique(both.shown.place)]
    strange = shown[codes.theirs[np.unique(both.shown.place)] >= len(codes.table)]
    return Moves(first[other[chosen]], after, np.concatenate([codes.table, strange]), True)


def _left(both: _Both, cut: Cut, codes: Codes, *, split: bool) -> tuple[list[Step], str | None]:
    """What was suppressed: places of few people, and rows at random; or that no rule says what."""
    rare, stays = _rare(both, cut, codes, split=split)
    ours, theirs = both.keys(cut, codes)
    keys, at = np.unique(np.concatenate([ours, theirs]), return_inverse=True)
    one, other = at[: len(ours)], at[len(ours) :]
    shown = np.bincount(other, minlength=len(keys))
    # Of visits that look the same as many are kept as are released; or all, where each is released once.
    order = np.argsort(one, kind="stable")
    rank = np.empty(len(one), np.int64)
    rank[order] = np.arange(len(one)) - np.searchsorted(one[order], one[order])
    kept = shown[one] > (0 if shown.max() == 1 else rank)
    sample, doubt = sampled(kept, stays[codes.ours[both.place]], both.who, codes.ours[both.place])
    return [*([sample] if sample else []), *([rare] if rare else [])], doubt


def _rare(both: _Both, cut: Cut, codes: Codes, *, split: bool) -> tuple[Step | None, Bools]:
    """Places of few people, and for each code of a place whether it is still there."""
    visits = both.exact.person.astype(np.int64)
    if split:
        visits = _ids(both, cut)
    place, shown = codes.ours[both.exact.place], codes.theirs[both.shown.place]
    count = _visitors(visits, place, codes.many)
    there = np.bincount(shown, minlength=codes.many) > 0
    known = np.bincount(place, minlength=codes.many) > 0
    step = threshold(count[known & ~there], count[known & there]) if (known & ~there).any() else None
    if step is None:
        return None, np.ones(codes.many, np.bool_)
    return replace(step, sentence=step.sentence.replace("Items", "Places")), there


def _ids(both: _Both, cut: Cut) -> Ints:
    """A number for the id under which each original visit is released, or would be."""
    # By the latest released visit of the same person before it: parts follow each other in time.
    ours, theirs, whose = cut(both.exact.time), both.shown.time, both.owners[both.shown.person]
    first = int(min(ours.min(), theirs.min()))
    span = int(max(ours.max(), theirs.max())) - first + 2
    key = whose * span + (theirs - first)
    asked = both.exact.person.astype(np.int64) * span + (ours - first)
    order = np.argsort(key, kind="stable")
    at = np.searchsorted(key[order], asked, side="right") - 1
    return both.shown.person.astype(np.int64)[order][at.clip(0)]


def _left_after_noise(both: _Both, codes: Codes) -> list[Step]:
    """The same after noise, which leaves only counts to compare."""
    share = len(both.owner) / len(both.who)
    if share >= SAME:
        return []
    there = codes.theirs[both.shown.place]
    fewest = int(_visitors(both.shown.person.astype(np.int64), there, codes.many)[np.unique(there)].min())
    if fewest > 1:
        return [Step(f"rare:{fewest}", f"Places of fewer than {fewest} people were removed.")]
    return [Step(f"sample:{share:.3g}", f"{1 - share:.0%} of the rows were left out, at random.")]


def _visitors(who: Ints, code: Ints, many: int) -> Ints:
    """How many people were at each place, by its code."""
    pair = np.unique(who * many + code)
    return np.bincount(pair % many, minlength=many)
