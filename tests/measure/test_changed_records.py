"""People who became more exposed: nobody where nothing changed, those who did where they did."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import beta

from confide.core.errors import EvidenceError
from confide.measure.changed_records import more_exposed


def frame(fpr: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"key": [f"p{i}" for i in range(len(fpr))], "fpr": fpr})


def naive(before: np.ndarray, after: np.ndarray, rate: float) -> set[str]:
    """The definition, threshold by threshold."""
    rise = np.log(before / after)
    for t in sorted(abs(rise)):
        if t >= np.log(2) and (1 + (rise <= -t).sum()) <= rate * (rise >= t).sum():
            return {f"p{i}" for i in np.flatnonzero(rise >= t)}
    return set()


def test_it_is_the_least_threshold_that_the_falls_allow() -> None:
    rng = np.random.default_rng(1)
    some = 0
    for _ in range(200):
        before, after = rng.integers(1, 51, (2, 60)) / 51
        after = np.where(np.arange(60) < rng.integers(0, 50), after / 8, after)
        found = set(more_exposed(frame(before), frame(after), rate=0.2)["key"])
        assert found == naive(before, after, 0.2)
        some += bool(found)
    assert some > 50, "most worlds would test nothing"


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_where_nobody_changed_nobody_is_named_but_at_the_rate(spread: float) -> None:
    """Two draws of the same law for each of 200 people: named is somebody in at most 1 of 10 comparisons.

    Of 1,000 comparisons, by Clopper and Pearson with an error of 1e-4. Without the falls all are named.
    """
    rng, named = np.random.default_rng(2), 0
    for _ in range(1_000):
        own = rng.normal(-2, 1.5, 200)  # people differ, and each stays what they are
        before, after = (1 / (1 + np.exp(-(own + spread * rng.standard_normal(200)))) for _ in range(2))
        named += more_exposed(frame(before), frame(after)).height > 0
    assert beta.ppf(1e-4, max(named, 1), 1_000 - max(named, 1) + 1) <= 0.1


def test_of_those_who_are_named_at_most_the_rate_did_not_change() -> None:
    """100 of 400 people rose ten times; of those who are named, 10 % or less did not, on average.

    The mean of 300 shares, each at most 1, against .1 by Hoeffding's inequality at 1e-4: within .124.
    """
    rng, false, power = np.random.default_rng(3), [], []
    for _ in range(300):
        own = rng.normal(-1, 1, 400)
        before, after = (np.exp(own + rng.standard_normal(400) - 4) for _ in range(2))
        after[:100] /= 30
        found = more_exposed(frame(np.minimum(before, 1)), frame(np.minimum(after, 1)))["key"].to_list()
        wrong = sum(int(key[1:]) >= 100 for key in found)
        false.append(wrong / max(len(found), 1))
        power.append((len(found) - wrong) / 100)
    assert np.mean(false) <= 0.1 + (np.log(1e4) / 600) ** 0.5
    assert np.mean(power) > 0.5


def test_one_person_alone_small_changes_and_those_of_one_side_are_not_named() -> None:
    before, after = np.full(300, 0.5), np.full(300, 0.5)
    after[0] = 0.001
    assert more_exposed(frame(before), frame(after)).height == 0
    assert more_exposed(frame(before), frame(np.full(300, 0.4))).height == 0
    assert more_exposed(frame(before[:10]), frame(np.full(300, 0.1))).height == 10
    with pytest.raises(EvidenceError, match=r"rate is 1\.5"):
        more_exposed(frame(before), frame(after), rate=1.5)
