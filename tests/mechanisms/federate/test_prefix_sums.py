"""Tree and banded noise are factorisations of prefix sums, with the sensitivity of the naive matrix."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from confide.core.arrays import Floats
from confide.core.errors import PromiseError
from confide.mechanisms.federate.prefix_sums import Banded, Participation, PrefixSums, Tree


def rows_of(sums: PrefixSums, rounds: int) -> Floats:
    """The matrix C, from what is noised when unit vectors are summed: float64[rounds, rounds]."""
    found: list[Floats] = []
    memory = sums.begin(rounds)

    def add(vector: Floats) -> Floats:
        found.append(vector.copy())
        return vector

    for t in range(rounds):
        _, memory = sums.next(memory, np.eye(rounds)[t], add)
    return np.array(found)


def naive_tree(rounds: int) -> Floats:
    """After round t the node of 2^z rounds that ends with it, z being how often 2 divides t."""
    c = np.zeros((rounds, rounds))
    for t in range(1, rounds + 1):
        size = 1
        while t % (2 * size) == 0:
            size *= 2
        c[t - 1, t - size : t] = 1
    return c


def naive_bands(rounds: int, bands: int) -> Floats:
    """The square root of the lower triangle of ones, by its own definition, cut to its first bands."""
    root = np.zeros(rounds)
    root[0] = 1
    for k in range(1, rounds):  # the k-th coefficient of the square of the series is 1
        root[k] = (1 - sum(root[j] * root[k - j] for j in range(1, k))) / 2
    places = range(rounds)
    return np.array([[root[t - s] if 0 <= t - s < bands else 0 for s in places] for t in places])


@pytest.mark.parametrize("rounds", [1, 2, 7, 8, 13])
def test_what_is_noised_is_the_naive_matrix(rounds: int) -> None:
    assert (rows_of(Tree(), rounds) == naive_tree(rounds)).all()
    for bands in (1, 2, 5, 20):
        assert np.allclose(rows_of(Banded(bands), rounds), naive_bands(rounds, bands), atol=1e-12)


@pytest.mark.parametrize("sums", [Tree(), Banded(1), Banded(4), Banded(40)])
def test_prefix_sums_have_the_noise_of_the_factorisation(sums: PrefixSums) -> None:
    rounds = 21
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(rounds, 3)), rng.normal(size=(rounds, 3))
    noise = iter(z)
    memory, grown = sums.begin(3), []
    for vector in x:
        increment, memory = sums.next(memory, vector, lambda v: v + next(noise))
        grown.append(increment)
    c = rows_of(sums, rounds)
    wanted = np.tril(np.ones((rounds, rounds))) @ np.linalg.solve(c, c @ x + z)
    assert np.allclose(np.cumsum(grown, axis=0), wanted)


def allowed(rounds: int, rule: Participation) -> list[tuple[int, ...]]:
    return [
        some
        for k in range(1, rule.most + 1)
        for some in combinations(range(rounds), k)
        if all(b - a >= rule.separation for a, b in pairwise(some))
    ]


@pytest.mark.parametrize("rounds", [5, 8, 11])
@pytest.mark.parametrize(("separation", "most"), [(1, 1), (1, 3), (2, 2), (3, 3), (4, 2)])
def test_no_participation_moves_the_noised_sums_by_more(rounds: int, separation: int, most: int) -> None:
    rule, rng = Participation(separation, most), np.random.default_rng(1)
    for sums in (Tree(), *(Banded(b) for b in range(1, separation + 1))):
        c, bound = rows_of(sums, rounds), sums.sensitivity(rounds, rule)
        same = max(float(np.linalg.norm(c[:, some].sum(axis=1))) for some in allowed(rounds, rule))
        assert same <= bound + 1e-9
        for some in allowed(rounds, rule)[:: max(1, len(allowed(rounds, rule)) // 20)]:
            vectors = rng.normal(size=(len(some), 4))
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            moved = c[:, some] @ vectors
            assert np.linalg.norm(moved) <= bound + 1e-9
            assert (np.abs(moved).max(axis=1) > 0).sum() <= sums.noised_sums(rounds, rule)


def test_the_sensitivity_is_reached() -> None:
    """One participation in the first round; and of bands, several that are as far apart as they are wide."""
    one = Participation(8, 1)
    assert np.isclose(Tree().sensitivity(8, one), np.linalg.norm(naive_tree(8)[:, 0]))
    three, c = Participation(3, 3), naive_bands(11, 3)
    assert np.isclose(Banded(3).sensitivity(11, three), np.linalg.norm(c[:, [0, 3, 6]].sum(axis=1)))


def test_more_bands_make_later_sums_less_noisy() -> None:
    """The mean squared error of prefix sums at one sensitivity: what the factorisation is for."""
    rounds, rule = 64, Participation(64, 1)

    def error(sums: PrefixSums) -> float:
        b = np.tril(np.ones((rounds, rounds))) @ np.linalg.inv(rows_of(sums, rounds))
        return sums.sensitivity(rounds, rule) * float(np.sqrt((b**2).sum(axis=1).mean()))

    errors = [error(Banded(b)) for b in (1, 4, 16, 64)]
    assert errors == sorted(errors, reverse=True) and errors[-1] < error(Tree()) < errors[0]


def test_bands_that_reach_a_clients_next_participation_are_refused() -> None:
    with pytest.raises(PromiseError, match="give 3 bands or fewer"):
        Banded(4).check(Participation(3, 2))
    # And rightly so: the sum of squares would be too small.
    c = naive_bands(8, 4)
    claimed = np.sqrt(2) * np.linalg.norm(c[:, 0])
    assert np.linalg.norm(c[:, [0, 1]].sum(axis=1)) > claimed


@pytest.mark.parametrize("wrong", [(0, 1), (1, 0)])
def test_rules_out_of_range_are_refused(wrong: tuple[int, int]) -> None:
    with pytest.raises(PromiseError, match="separation is"):
        Participation(*wrong)
    with pytest.raises(PromiseError, match="bands is 0"):
        Banded(0)
