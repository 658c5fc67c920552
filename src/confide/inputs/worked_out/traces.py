"""What was done to traces before they were released: coarsening, noise, splitting, suppression."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from confide.core.arrays import Bools, Ints
from confide.core.language import t
from confide.inputs.clocks import clock_text, clock_words, span_text
from confide.inputs.worked_out.both import Both, Codes, Cut
from confide.inputs.worked_out.making import RULED, SAME, Making, Step, making, mostly
from confide.inputs.worked_out.pairs import sampled, threshold
from confide.inputs.worked_out.parts import parts_of
from confide.inputs.worked_out.places import AS_THEY_WERE, SIDES, Coarse, Moves, law_of, rules, width
from confide.inputs.worked_out.times import Fit, clock_of
from confide.mechanisms.anonymize.clocks import Clock
from confide.views.traces import Traces

FINE = 1e-4
"""Degrees: a rule for places that is finer says nothing beside noise."""
BINS = (3_600, 1_800, 900, 600)
"""Usual bins in seconds, in which times may have been put before they were cut again."""
MORE = 0.02
"""By this share two rules must be better than one."""


def worked_out(exact: Traces, shown: Traces, owner: Ints, *, named: bool = False) -> Making:
    """What was done, by a comparison of the visits of the same person.

    Args:
        exact: the original visits, as they were read.
        shown: the released visits, a person for each id, with places under the same codes.
        owner: int64[ids], the person behind each id.
        named: whether places are known by their names, and not by their points.
    """
    both = Both.of(exact, shown, owner, named=named)
    if not len(both.who) or not len(both.owner):
        return Making()
    # Where a person ever was is compared first: with it the clock is surer than by times alone.
    tried = [(coarse, Codes.of(both, coarse)) for coarse in _rules(both)]
    coarse, codes = _best(both, None, tried)
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
    return making([*coarse.steps, *when, noise, parts, *left], doubts)


def _rules(both: Both) -> list[Coarse]:
    where = both.exact.where
    if both.named or where is None:  # a name stays what it is, wherever its points are
        return [AS_THEY_WERE]
    # A rule that leaves these places where they were is none.
    used, found = where[np.unique(both.exact.place)], rules(where[np.unique(both.shown.place)])
    return [AS_THEY_WERE, *(c for c in found if np.abs(c.points(used) - used).max() > FINE)]


def _finer(both: Both, cut: Cut, tried: list[tuple[Coarse, Codes]]) -> list[tuple[Coarse, Codes]]:
    """The rules after finer cells: the middle of a cell may be rounded elsewhere than its points."""
    if max(both.fit(cut, codes).explained for _, codes in tried) >= SAME:
        return []
    twice = [c.after(side) for c, _ in tried if c.rules for side in SIDES if side < width(c)]
    return [(coarse, Codes.of(both, coarse)) for coarse in twice]


def _best(both: Both, cut: Cut | None, tried: list[tuple[Coarse, Codes]]) -> tuple[Coarse, Codes]:
    """The first rule that explains nearly all places, or the one that explains most."""
    shares = [both.fit(cut, codes).explained for _, codes in tried]
    enough = [i for i, share in enumerate(shares) if share >= SAME]
    return tried[enough[0] if enough else int(np.argmax(shares))]


def _times(both: Both, codes: Codes) -> tuple[list[Step], Cut, str | None]:
    """The rule that cut times, and the same as a function; or why none explains them."""
    same = both.fit(_as_it_was)
    if same.explained >= SAME:
        return [], _as_it_was, None
    # Where places were moved by noise, times alone can be compared.
    for by in (codes, None):
        found = clock_of(both.when, lambda clock, by=by: both.fit(clock, by))
        if found is None:
            continue
        clock, fit = found
        twice = _twice(both, by, clock) if fit.value < SAME else None
        if twice is not None and twice[2].value > fit.value + MORE:
            return twice[0], twice[1], None
        if fit.explained >= max(RULED, same.explained):
            return [_cut_step(clock, fit)], clock, None
    if same.explained >= RULED:
        return [], _as_it_was, None
    share = 1 - same.explained
    doubt = t(
        "{share:.0%} of the released times are no times of the same person, and no rule says why", share=share
    )
    return [], _as_it_was, doubt


def _cut_step(clock: Clock, fit: Fit) -> Step:
    plain = not isinstance(clock.unit, str) and not clock.ahead and not clock.written
    text = f"bin:{span_text(clock.seconds)}" if plain else f"cut:{clock_text(clock)}"
    said = t("Times were cut {how}{mostly}.", how=clock_words(clock), mostly=mostly(fit.explained))
    return Step(text, said)


def _twice(both: Both, codes: Codes | None, clock: Clock) -> tuple[list[Step], Cut, Fit] | None:
    """The rule after shorter bins, which are no parts of its own: their starts may be cut elsewhere."""
    for seconds in BINS:
        first = Clock(unit=seconds)
        # The units of the calendar, and those of whole bins, cut the start of a bin as all of it.
        if seconds >= clock.seconds or (clock.seconds % seconds == 0 and clock.ahead % seconds == 0):
            continue

        def cut(time: Ints, first: Clock = first) -> Ints:
            return clock(first(time))

        fit = both.fit(cut, codes)
        if fit.explained >= SAME:
            return [_cut_step(first, fit), _cut_step(clock, fit)], cut, fit
    return None


def _as_it_was(time: Ints) -> Ints:
    return time


def _places(
    both: Both, cut: Cut, tried: list[tuple[Coarse, Codes]]
) -> tuple[Coarse, Codes, Step | None, str | None]:
    """The rule for places, the codes under it, the noise after it; or why neither explains them."""
    coarse, codes = _best(both, cut, [*tried, *_finer(both, cut, tried)])
    explained = both.fit(cut, codes).explained
    if explained < SAME and both.exact.where is not None:
        base = tried[1] if len(tried) > 1 else tried[0]
        noise = law_of(_moves(both, cut, *base))
        if noise is not None:
            return *base, noise, None
    if explained >= RULED:
        return coarse, codes, None, None
    share = 1 - explained
    doubt = t(
        "{share:.0%} of the released visits are at no place where the same person was then, and no rule "
        "says why",
        share=share,
    )
    return AS_THEY_WERE, tried[0][1], None, doubt


def _moves(both: Both, cut: Cut, coarse: Coarse, codes: Codes) -> Moves:
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
    if not coarse.rules or both.exact.where is None:
        return Moves(first[other[chosen]], after, codes.table, on_table)
    # Noise before or after a rule ends on its lattice: on the original places, and on those of the release.
    shown = both.exact.where[np.unique(both.shown.place)]
    strange = shown[codes.theirs[np.unique(both.shown.place)] >= len(codes.table)]
    return Moves(first[other[chosen]], after, np.concatenate([codes.table, strange]), True)


def _left(both: Both, cut: Cut, codes: Codes, *, split: bool) -> tuple[list[Step], str | None]:
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


def _rare(both: Both, cut: Cut, codes: Codes, *, split: bool) -> tuple[Step | None, Bools]:
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
    # A step on items says of how few people they are in its setting alone.
    people = int(step.text.removeprefix("rare:"))
    return replace(step, sentence=_removed(people)), there


def _removed(people: int) -> str:
    return t("Places of fewer than {n} people were removed.", n=people)


def _ids(both: Both, cut: Cut) -> Ints:
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


def _left_after_noise(both: Both, codes: Codes) -> list[Step]:
    """The same after noise, which leaves only counts to compare."""
    share = len(both.owner) / len(both.who)
    if share >= SAME:
        return []
    there = codes.theirs[both.shown.place]
    fewest = int(_visitors(both.shown.person.astype(np.int64), there, codes.many)[np.unique(there)].min())
    if fewest > 1:
        return [Step(f"rare:{fewest}", _removed(fewest))]
    return [
        Step(f"sample:{share:.3g}", t("{share:.0%} of the rows were left out, at random.", share=1 - share))
    ]


def _visitors(who: Ints, code: Ints, many: int) -> Ints:
    """How many people were at each place, by its code."""
    pair = np.unique(who * many + code)
    return np.bincount(pair % many, minlength=many)
