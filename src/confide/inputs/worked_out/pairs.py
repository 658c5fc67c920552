"""Which pairs of person and item are not released, or were invented, and by which rule."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from confide.core.arrays import Bools, Ints
from confide.core.language import t
from confide.inputs.worked_out.making import RULED, SAME, Step
from confide.views.interactions import Interactions

NEAR = 0.02
"""Randomised response keeps and invents pairs with one chance; both are estimated, to within this much."""
FEW = 0.05
"""Up to this share of items may be on the wrong side of a number of people, and it still explains them."""
EVEN = 3.0
"""How many times as much as coins would, shares of kept rows may differ from group to group."""
ENOUGH, FEWEST = 4, 500
"""Rows of a person that a sample would leave, to be sure of one; and rows that tell whether it is even."""
GROUPS = 20
"""Groups in which shares are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The pairs of both sides, of the people who are in the release.

    Args:
        before: positions in the original of the pairs that are in both.
        after: their positions in the release.
        here: bool[n], who has a row in the release.
        records, released: both sides, under the same codes.
    """

    before: Ints
    after: Ints
    here: Bools
    records: Interactions
    released: Interactions

    @classmethod
    def of(cls, records: Interactions, released: Interactions) -> Pairs:
        """Match the two."""
        one, other = (r.person.astype(np.int64) * r.items + r.item for r in (records, released))
        _, before, after = np.intersect1d(one, other, assume_unique=True, return_indices=True)
        return cls(before, after, released.counts() > 0, records, released)

    @property
    def own(self) -> Bools:
        """bool[k]: which original rows are of people in the release."""
        return self.here[self.records.person]

    @property
    def kept(self) -> Bools:
        """bool[k]: which original rows are in the release."""
        found = np.zeros(len(self.records), np.bool_)
        found[self.before] = True
        return found

    @property
    def invented(self) -> float:
        """The share of released rows that the original does not have, for people who are in both."""
        known = self.records.counts()[self.released.person] > 0
        return 1 - len(self.before) / max(int(known.sum()), 1)


def rows_left(pairs: Pairs) -> tuple[list[Step], str | None]:
    """What was suppressed or invented: rare items, rows at random, pairs by randomised response."""
    response = _response(pairs)
    if response is not None:
        rare = _rare(pairs, drawn=True)
        return [response, *([rare[0]] if rare else [])], None
    doubt = None
    if pairs.invented > 1 - RULED:
        doubt = t(
            "{share:.0%} of the released rows are no rows of the same person in the original",
            share=pairs.invented,
        )
    rare = _rare(pairs, drawn=False)
    steps = [rare[0]] if rare else []
    open_rows = pairs.own & (rare[1][pairs.records.item] if rare else True)
    sample, why = sampled(pairs.kept, open_rows, *_groups(pairs.records))
    # Rows are drawn before their items are counted: in this order nothing is counted that was removed.
    return [*([sample] if sample else []), *steps], doubt or why


def _groups(records: Interactions) -> tuple[Ints, Ints]:
    return records.person.astype(np.int64), records.item.astype(np.int64)


def _response(pairs: Pairs) -> Step | None:
    """Randomised response, if as large a share of true pairs is lost as others are invented."""
    records, released = pairs.records, pairs.released
    if not len(released) or pairs.invented < 1e-3 or released.rating is not None:
        return None
    known = (records.counts() > 0) & pairs.here
    there = (released.raters() > 0) & (records.raters() > 0)
    true = int((known[records.person] & there[records.item]).sum())
    cells = int(known.sum()) * int(there.sum()) - true
    shown = int((known[released.person] & there[released.item]).sum())
    kept = pairs.before[known[records.person[pairs.before]] & there[records.item[pairs.before]]]
    lost, invented = 1 - len(kept) / max(true, 1), (shown - len(kept)) / max(cells, 1)
    # Four deviations of the share of lost pairs; that of invented ones has far more pairs.
    if not 0 < invented <= 0.5 or abs(lost - invented) > NEAR + 4 * math.sqrt(0.25 / max(true, 1)):
        return None
    epsilon = math.log((1 - invented) / invented)
    sentence = t(
        "Pairs were flipped by randomised response: {lost:.1%} of the true ones are missing, and "
        "{invented:.1%} of the others were invented.",
        lost=lost,
        invented=invented,
    )
    return Step(f"response:{epsilon:.3g}", sentence)


def _rare(pairs: Pairs, *, drawn: bool) -> tuple[Step, Bools] | None:
    """Items with few people are missing: the step, and bool[items] of those that stay.

    Args:
        drawn: whether the rows were drawn before: then the release alone says how many an item had.
    """
    raters = pairs.released.raters()
    full = pairs.records.raters()
    own = np.bincount(pairs.records.item[pairs.own], minlength=pairs.records.items)
    known = full > 0
    stays = raters > 0
    if not (known & ~stays).any() or not (known & stays).any():
        return None
    if drawn:
        fewest = int(raters[stays].min())
        return (_step(fewest, fewest), stays) if fewest > 1 else None
    for count in (full, own):
        # Items without anybody in the release may have lost their people, and not been removed.
        step = threshold(count[known & ~stays], count[known & stays])
        if step is not None and (count is full or count[known & ~stays].any()):
            return step, stays
    # After a sample the counts are those of the sample; an item that loses all its rows by chance is rare.
    fewest = int(raters[stays].min())
    likely = own * len(pairs.before) / max(int((pairs.own & stays[pairs.records.item]).sum()), 1)
    if fewest > 2 and likely[known & ~stays].mean() < 2 * fewest and (likely >= 2 * fewest)[stays].any():
        return _step(fewest, fewest), stays
    return None


def threshold(gone: Ints, left: Ints) -> Step | None:
    """The number of people below which items are missing, if nearly all that are missing are below it.

    Args:
        gone, left: how many people each item has that is missing, or that is left.
    """
    if gone.max() < left.min():
        return _step(int(gone.max()) + 1, int(left.min()))
    # The counts may be of somewhat more people, or fewer, than those that decided.
    ends = np.unique(np.concatenate([gone + 1, left]))
    wrong = [int((gone >= end).sum() + (left < end).sum()) for end in ends]
    best = int(np.argmin(wrong))
    return _step(int(ends[best]), int(ends[best])) if wrong[best] <= FEW * min(len(gone), len(left)) else None


def _step(low: int, high: int) -> Step:
    # Not much above the lowest: who tries the rule on fewer people would remove more than was removed.
    people = roundest(low, min(high, low * 3 // 2))
    return Step(f"rare:{people}", t("Items of fewer than {n} people were removed.", n=people))


def roundest(low: int, high: int) -> int:
    """The whole number from low to high with the most noughts at its end; of several the largest.

    >>> roundest(17, 23), roundest(3, 6), roundest(11, 14), roundest(7, 7)
    (20, 5, 14, 7)
    """
    for base in (1_000, 500, 100, 50, 10, 5):
        if high // base * base >= low:
            return high // base * base
    return high


def sampled(kept: Bools, asked: Bools, *groups: Ints) -> tuple[Step | None, str | None]:
    """A random sample of rows, if as large a share is kept in every group; or why it is none.

    Args:
        kept: bool[k], which rows are in the release.
        asked: bool[k], which rows could be.
        groups: each int64[k], what a row belongs to; its person first.
    """
    share = float(kept[asked].mean()) if asked.any() else 1.0
    if share >= SAME:
        return None, None
    # Who lost all rows is in no release: of people with few rows those are left who lost few.
    many = np.bincount(groups[0][asked], minlength=int(groups[0].max()) + 1)[groups[0]] >= ENOUGH / max(
        share, 0.01
    )
    if (asked & many).sum() >= FEWEST:
        asked = asked & many
        share = float(kept[asked].mean())
    uneven = max(_uneven(kept[asked], group[asked], share) for group in groups)
    if uneven > EVEN and share < RULED:
        return None, t(
            "{share:.0%} of the known rows are not in the release, and no rule says which", share=1 - share
        )
    # What is not even and yet small is taken as random: it hides little.
    return Step(
        f"sample:{share:.3g}", t("{share:.0%} of the rows were left out, at random.", share=1 - share)
    ), None


def _uneven(kept: Bools, group: Ints, share: float) -> float:
    """How many times more shares differ between groups of even size than coins would make them differ."""
    # By the size of the groups, so that a rule such as "at most 20 rows each" shows.
    size = np.bincount(group)
    order = np.argsort(size[group], kind="stable")
    parts = np.array_split(kept[order], min(GROUPS, max(len(order) // 50, 1)))
    many = np.array([len(part) for part in parts])
    means = np.array([part.mean() for part in parts])
    each = np.bincount(group, kept)[size > 0]
    spread = ((each - size[size > 0] * share) ** 2).sum() / (size.sum() * share * (1 - share))
    sizes = (many * (means - share) ** 2).sum() / (len(parts) * share * (1 - share))
    return float(max(spread, sizes))
