"""People who are asked about several times: how many independent rows their rows are worth."""

from __future__ import annotations

from math import sqrt

import numpy as np

from confide.core.arrays import Bools, Floats, Ints


def rounds(person: Ints) -> float:
    """The number of rounds of a person, in the mean over rows: what counting rows exaggerates at most.

    If all rounds of a person have the same outcome, then n rows are worth n / rounds independent ones: with
    equally many rounds each, the number of people.

    Args:
        person: int64[n], whom each row is about.

    >>> rounds(np.array([4, 7, 9])), rounds(np.array([4, 4, 4, 7, 7, 7]))
    (1.0, 3.0)
    """
    counts = np.unique(person, return_counts=True)[1]
    return float((counts**2).sum()) / max(len(person), 1) if len(person) else 1.0


def design_effect(hits: Bools, cluster: Ints) -> float:
    """The variance of a rate over clusters of rows, divided by its variance over as many independent rows.

    It is estimated from rows some of which hit and some do not, in two clusters or more [Korn and Graubard
    1998]. Where rows of one cluster differ more than rows of several do, it is below 1.
    """
    n, rate = len(hits), float(hits.mean())
    _, number = np.unique(cluster, return_inverse=True)
    clusters = int(number.max()) + 1
    gaps = _gaps(hits, number, clusters)
    return float((gaps**2).sum()) / n * clusters / (clusters - 1) / (rate * (1 - rate))


def counted_once(hits: Bools, person: Ints | None) -> float:
    """By how much to divide the number of rows, so that a rate over them gets an interval that holds.

    It is 1 if each person has one row, and `rounds` at most. Between them it is the design effect, raised by
    its own standard error: of k people with a hit it is known to a factor of about 1 ± sqrt(2 / k). Where all
    rows hit or none does, nothing says how far a person's rounds agree, and they count once.

    Args:
        hits: bool[n].
        person: int64[n], whom each row is about; None: each about somebody else.

    >>> hits, person = np.array([True, True, False, False, False, False]), np.array([1, 1, 2, 2, 3, 3])
    >>> counted_once(hits, person), counted_once(hits, np.arange(6))
    (2.0, 1.0)
    """
    if person is None:
        return 1.0
    most, hit = rounds(person), int(hits.sum())
    if most == 1 or hit in (0, len(hits)):
        return most
    few = min(len(np.unique(person[hits])), len(np.unique(person[~hits])))
    return min(most, max(1.0, design_effect(hits, person) * (1 + sqrt(2 / few))))


def opposed(exposed: Bools, control: Bools, people: tuple[Ints, Ints]) -> float:
    """The correlation of two rates over the same people, from -1 to 0; 0 too where it is positive.

    Some people are exposed in one round and control in another. If those whose exposed rounds hit are those
    whose control rounds do not, then the difference of the rates varies more than that of independent ones.

    >>> opposed(np.array([True, False]), np.array([False, True]), (np.arange(2), np.arange(2)))
    -1.0
    """
    everybody, number = np.unique(np.concatenate(people), return_inverse=True)
    own = _gaps(exposed, number[: len(exposed)], len(everybody))
    other = _gaps(control, number[len(exposed) :], len(everybody))
    size = sqrt(float((own**2).sum()) * float((other**2).sum()))
    return max(-1.0, min(0.0, float((own * other).sum()) / size)) if size else 0.0


def _gaps(hits: Bools, number: Ints, clusters: int) -> Floats:
    """By how much the hits of each cluster exceed what is expected of its rows, float64[clusters]."""
    found = np.bincount(number, weights=hits, minlength=clusters)  # whole numbers: their order adds no error
    return found - float(hits.mean()) * np.bincount(number, minlength=clusters)
