"""Resemblance of released records to originals, where a key says whose they are and they do not look it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from confide.core.arrays import Bools, Floats, Ints
from confide.core.language import t
from confide.measure.rows import mix

SURE = 3.0
"""Standard errors by which people must resemble themselves more than others: 1 in 700 by chance."""
ASKED = 300
"""How many released records are compared with all originals: enough to find a key with its rows mixed up."""
CUTS = 16
"""Ways in which records are cut in two, where there are few of them."""
MOST = 30_000_000
"""Comparisons of a record with an original at a time: they take some 500 MB."""

Halves: TypeAlias = tuple[Floats, Floats]
"""Likeness of s records to n originals, float64[s, n], in the one half of each record and in the other."""


def unsettled(resembling: bool, *, pictures: bool = False) -> Mapping[str, str]:
    """What no audit can settle where released records look like nobody's: in a few words, and why.

    Args:
        resembling: whether they look like their own originals; then everything is settled.
        pictures: whether pictures were released, and not records of people.
    """
    if resembling:
        return {}
    why = (
        t(
            "By the key, pictures of the released file are like their own records in the original no more "
            "than like others. Either they were drawn without looking at these, or hide them well; or the "
            "key is wrong, and then this audit says nothing."
        )
        if pictures
        else t(
            "By the key, people of the released file are like their own records in the original no more than "
            "like others. Either they were drawn without looking at these, or hide them well; or the key is "
            "wrong, and then this audit says nothing."
        )
    )
    return {t("whether the key is right"): why}


def ahead(gains: Floats) -> bool:
    """Whether these gains are above 0, by more than chance."""
    # Written with "not" where it is asked, so that NaN is no gain either.
    return bool(gains.mean() > SURE * gains.std() / np.sqrt(len(gains)))


def someones(released: Sequence[Halves], original: Sequence[Halves]) -> bool:
    """Whether released records are other people's: then the key is wrong, and they are not newly drawn.

    Each record is cut in two halves. The original that is most like the one half, against the next most like
    it, is compared on the other half. One's own original wins there too. If a record is nobody's, then the
    two are equally good, or nearly: some people are nearly equal; originals among each other say how often
    the first wins by that.

    Args:
        released: of a sample of records, for each way to cut them.
        original: the same of originals, with NaN for the record itself.
    """
    found, usual = (
        np.mean([_first_wins(*halves) for halves in some], axis=0) for some in (released, original)
    )
    error = np.sqrt(found.var() / len(found) + usual.var() / len(usual))
    return bool(found.mean() - usual.mean() > SURE * error)


def _first_wins(one: Floats, other: Floats) -> Floats:
    """How often the best in one half beats the second best in the other, float64[s]: 1 always, -1 never."""
    one, other = _beyond_usual(one), _beyond_usual(other)
    row, wins = np.arange(len(one)), np.zeros(len(one))
    for a, b in ((one, other), (other, one)):
        second, first = np.argpartition(a, -2, axis=1)[:, -2:].T
        swap = a[row, second] > a[row, first]
        first, second = np.where(swap, second, first), np.where(swap, first, second)
        wins += np.sign(b[row, first] - b[row, second]) / 2
    return wins


def _beyond_usual(likeness: Floats) -> Floats:
    """Likeness above what an original has to all records, in standard deviations; -inf for itself."""
    # Everything is like a long original: it would be the best in both halves of every record.
    usual, spread = np.nanmean(likeness, axis=0), np.nanstd(likeness, axis=0)
    return np.nan_to_num((likeness - usual) / np.maximum(spread, 1e-12), nan=-np.inf)


def sampled(records: int, originals: int) -> Ints:
    """The places of the records that are compared with all originals; at least two, where there are two."""
    # From everywhere: people stand in the order of their ids, and ids often follow the date of joining.
    most = min(records, ASKED, max(MOST // max(originals, 1), 2))
    return np.unique(np.linspace(0, records - 1, most).astype(np.int64))


def someones_things(original: Ints, released: Ints, *, people: int, things: int) -> bool:
    """`someones` for records that are sets of things.

    Args:
        original: int64[k], person * things + thing, sorted; each at most once.
        released: int64[m], the same of the released file.
        people, things: how many codes there are.
    """
    likeness = _likeness(original, people=people, things=things)
    # A hash of the thing decides on its half; few records are cut in several ways, since each says little.
    coins = mix(np.arange(things))
    cuts = range(min(CUTS, max(1, ASKED // people)))

    def halves(rows: Ints, side: Bools, *, itself: bool) -> Halves:
        whose, start = np.unique(rows // things, return_index=True)
        ends = np.append(start[1:], len(rows))
        asked = sampled(len(whose), people)
        mine = [rows[start[at] : ends[at]] % things for at in asked]
        one, other = (np.stack([likeness(m[side[m] == which]) for m in mine]) for which in (True, False))
        if itself:
            one[np.arange(len(asked)), whose[asked]] = other[np.arange(len(asked)), whose[asked]] = np.nan
        return one, other

    sides = [coins >> np.uint64(cut) & np.uint64(1) == 1 for cut in cuts]
    shown = np.unique(released)
    return someones(
        [halves(shown, side, itself=False) for side in sides],
        [halves(original, side, itself=True) for side in sides],
    )


def _likeness(original: Ints, *, people: int, things: int) -> Callable[[Ints], Floats]:
    """A function that says how like every original some things are: the cosine, rare things counting more."""
    order = np.argsort(original % things, kind="stable")
    holders = (original // things)[order]
    count = np.bincount(original % things, minlength=things)
    start = np.cumsum(count) - count
    here: Bools = np.bincount(holders, minlength=people) > 0
    weight = np.log1p(here.sum() / np.maximum(count, 1))
    size = np.sqrt(np.bincount(holders, weights=weight[(original % things)[order]] ** 2, minlength=people))

    def likeness(mine: Ints) -> Floats:
        whom = np.concatenate(
            [np.zeros(0, np.int64), *(holders[start[t] : start[t] + count[t]] for t in mine)]
        )
        shared = np.bincount(whom, weights=np.repeat(weight[mine] ** 2, count[mine]), minlength=people)
        # Of people without an original it is 0, whatever is asked: nobody's match.
        return shared / np.maximum(size, 1e-12)

    return likeness
