"""Individual risk of re-identification in a sample with weights.

Source: Benedetti, Franconi: Statistical and Technological Solutions for Controlled Data Dissemination (New
Techniques and Technologies for Statistics 1998); in closed form Rinott 2003 and Polettini 2003.
"""

from __future__ import annotations

import numpy as np

from confide.core.arrays import Array, Floats, Ints
from confide.core.errors import DataError
from confide.measure.class_risk import keys_of
from confide.measure.special import hypergeometric_2f1
from confide.views.table import Table
from confide.views.table_people import number_of_people

MANY = 60
"""People of a key from which on the risk is integrated: the function overflows at 100."""
NODES, WEIGHTS = np.polynomial.laguerre.laggauss(24)


def individual_risk(release: Table, weight: Array) -> Floats:
    """The probability that each person is found by who does not know who was sampled, float64[n].

    A key with f people in the sample has F in the population. Its sampling share p is estimated by f over the
    sum of their weights. Given f, F is negative binomial (f successes of probability p), and the risk of each
    of the f people is the mean of 1 / F:

        p / f * 2F1(1, 1; f + 1; 1 - p), which for f = 1 is p / (1 - p) * ln(1 / p), and 1 / f for p = 1.

    A weight says for how many people of the population a person stands. Where the weights of a key add up to
    less than its people, p is 1. A row that says nothing belongs to the key of everybody.

    Where somebody has several rows, people are counted; their weight in a key is the mean of these rows.

    The estimate looks at nothing but f and the weights: with equal weights all people who are unique in a
    10 % sample have the risk 0.256, whatever the columns. With many columns nearly all of them may be unique
    in the population, and this is far too low. Look at `pitman` beside it.

    Args:
        release: of the known columns, precise or with ranges.
        weight: float64[n], above 0.

    Raises:
        DataError: if there is not one weight above 0 for each row.

    >>> from confide.views.table import Domain
    >>> table = Table.of([Domain("sex", ("f", "m"))], np.array([[0], [0], [1]]))
    >>> individual_risk(table, np.array([1.0, 1.0, 10.0])).round(4).tolist()
    [0.5, 0.5, 0.2558]
    """
    weight = np.asarray(weight, np.float64)
    if weight.shape != (len(release),):
        raise DataError(f"{weight.size} weights for {len(release)} rows: give one for each row.")
    if not (np.isfinite(weight).all() and (weight > 0).all()):
        first = int(np.flatnonzero(~(np.isfinite(weight) & (weight > 0)))[0])
        raise DataError(f"the weight of row {first + 1} is {weight[first]}: give weights above 0.")
    keys = keys_of(release)
    people = keys.count.astype(np.float64)
    total = np.bincount(keys.row, weights=_once(weight, release, keys.row), minlength=len(people))
    nothing = release.suppressed.all(axis=1)
    f, estimated = people[keys.row], total[keys.row]
    f[nothing] = number_of_people(release)
    estimated[nothing] = float(_once(weight, release, np.zeros(len(release), np.int64)).sum())
    return mean_of_reciprocal(f, np.minimum(f / estimated, 1.0))


def _once(weight: Floats, release: Table, key: Ints) -> Floats:
    """The weights, of each row the part that lets all rows of a person with one key weigh their mean."""
    if release.people is None:
        return weight
    word = key * (int(release.people.max(initial=0)) + 1) + release.people
    _, which, count = np.unique(word, return_inverse=True, return_counts=True)
    return weight / count[which]


def mean_of_reciprocal(f: Floats, p: Floats) -> Floats:
    """The mean of 1 / F for F negative binomial: the number of trials up to success f, float64[...].

    >>> mean_of_reciprocal(np.array([1.0, 2.0, 2.0]), np.array([0.5, 1.0, 0.5])).round(4).tolist()
    [0.6931, 0.5, 0.3069]
    """
    rest = 1 - p
    # At f = 1 the function has a logarithmic pole where p is near 0; the logarithm itself has none.
    single = f == 1
    many = f >= MANY
    c, z = np.where(many, 2.0, f + 1), np.where(single | many, 0.0, rest)
    risk = p / f * hypergeometric_2f1(1.0, 1.0, c, z)
    if many.any():
        # The mean is the integral of u^(f-1) p / (p + (1-p) u) over u from 0 to 1. With u = e^(-x/f) it is
        # one of e^(-x) times a function that hardly bends.
        q, node = rest[many][..., None], np.exp(-NODES / f[many][..., None])
        risk[many] = (WEIGHTS * p[many][..., None] / (p[many][..., None] + q * node)).sum(axis=-1) / f[many]
    lone = single & (rest > 0)
    risk[lone] = p[lone] / rest[lone] * -np.log1p(-rest[lone])
    return risk
