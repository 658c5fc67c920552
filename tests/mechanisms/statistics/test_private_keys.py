"""Private keys: what is shown, and how often; audits; heavy hitters; tables."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from tests.mechanisms.statistics.audited import Claims, proved

from confide.core.errors import DataError, PromiseError
from confide.mechanisms.statistics.contingency_tables import PrivateTables
from confide.mechanisms.statistics.heavy_hitters import HeavyHitters
from confide.mechanisms.statistics.private_keys import PrivateKeys
from confide.mechanisms.statistics.shown_groups import ShownGroups
from confide.views.statistics import PersonRows
from confide.views.table import Domain, Table


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def words(counts: dict[str, int]) -> PersonRows:
    return PersonRows.of(group=np.repeat(list(counts), list(counts.values())))


@pytest.mark.parametrize("noise", ["secure", "rehearsal"])
def test_only_keys_of_many_people_are_shown(noise) -> None:
    mechanism = PrivateKeys(epsilon=1.0, delta=1e-6, noise=noise)
    view = mechanism(words({"common": 900, "b": 2, "rare": 1, "also": 700}), rng=rng()).view
    assert view.keys == ("also", "common"), "in their own order, whatever order the data have"
    assert np.abs(view.values - [700, 900]).max() < 40
    empty = PersonRows.of(group=np.array([], np.str_))
    assert len(mechanism(empty, rng=rng()).view) == 0
    one_person = PersonRows.of(group=["x"] * 500, person=[1] * 500)
    assert len(PrivateKeys(epsilon=1.0, delta=1e-6, at_most=500)(one_person, rng=rng()).view) == 0


def test_both_samplers_show_a_key_as_often() -> None:
    """4,000 keys at the threshold: P(noise >= 0), within five standard errors; a wrong threshold is not."""
    shown, n = PrivateKeys(epsilon=0.5, delta=1e-3).shown, 4_000
    scale, data = shown.noise.scale, PersonRows.of(group=np.repeat(np.arange(n), shown.threshold))
    expected = 1 / (1 + math.exp(-1 / scale))
    for noise in ("secure", "rehearsal"):
        found = len(PrivateKeys(epsilon=0.5, delta=1e-3, noise=noise)(data, rng=rng(1)).view)
        error = 5 * math.sqrt(n * expected * (1 - expected))
        assert abs(found - n * expected) < error
        # Were a key shown above the threshold only, P(noise >= 1) would be this.
        assert abs(found - n * expected * math.exp(-1 / scale)) > error


@pytest.mark.slow
def test_audits_stay_below_the_promise_and_keys_from_the_data_are_found() -> None:
    """The broken twin shows all keys that the data have: one person's own key gives them away."""
    without, within = words({"a": 30}), words({"a": 30, "mine": 1})
    honest = PrivateKeys(epsilon=1.0, delta=1e-3, noise="rehearsal")

    class Everything(ShownGroups):
        """Its threshold lets everything through."""

        def of_noisy(self, noisy):
            return dict(enumerate(noisy))

    class ShowsAll(PrivateKeys):
        @property
        def shown(self) -> ShownGroups:
            return Everything(honest.shown.noise, honest.shown.threshold)

    twin = ShowsAll(epsilon=1.0, delta=1e-3, noise="rehearsal")

    def score(view) -> float:
        return float("mine" in view.keys)

    assert proved(honest, without, within, score, above=0.5) <= 1.0
    assert proved(twin, without, within, score, above=0.5) > 1.0


def test_keys_without_a_delta_are_refused() -> None:
    with pytest.raises(PromiseError, match="delta is 0"):
        PrivateKeys(epsilon=1.0)


# Heavy hitters


def test_words_of_many_people_are_found_and_others_not() -> None:
    data = words({"ab": 700, "abc": 600, "b": 500, "ca": 3, "xx": 900, "abcabc": 900})
    mechanism = HeavyHitters(epsilon=4.0, alphabet="abc", length=3, bound=100)
    view = mechanism(data, rng=rng()).view
    assert view.keys == ("ab", "abc", "b")
    assert np.abs(view.values - [700, 600, 500]).max() < 40
    nothing = HeavyHitters(epsilon=4.0, alphabet="abc", length=3, bound=10_000)(data, rng=rng()).view
    assert len(nothing) == 0
    with pytest.raises(DataError, match="words are text"):
        mechanism(PersonRows.of(group=[1, 2]), rng=rng())
    with pytest.raises(PromiseError, match="each sign once"):
        HeavyHitters(epsilon=1.0, alphabet="aa", length=1, bound=1)


@pytest.mark.slow
def test_an_audit_of_heavy_hitters_stays_below_its_promise_and_finds_a_quarter_of_the_noise() -> None:
    def made(epsilon: float) -> HeavyHitters:
        return HeavyHitters(epsilon=epsilon, alphabet="ab", length=1, bound=1, noise="rehearsal")

    def score(view) -> float:
        found = dict(zip(view.keys, view.values, strict=True))
        return found.get("a", 0.0)

    without, within = words({"a": 5, "b": 5}), words({"a": 6, "b": 5})
    honest = made(1.0)
    assert proved(honest, without, within, score, above=5.5) <= 1.0
    assert proved(Claims(honest, made(4.0)), without, within, score, above=5.5) > 1.0


def test_at_each_length_a_person_moves_no_more_counts_than_they_have_words() -> None:
    """All words of up to 3 signs: each counts for one beginning at each length, and no more."""
    every = [w for n in range(4) for w in map("".join, product("ab", repeat=n))]
    mechanism = HeavyHitters(epsilon=500.0, alphabet="ab", length=3, bound=1, noise="rehearsal")
    for word in every:
        for size in (1, 2, 3):
            grown = [w for w in every if len(w) <= size]
            counted = mechanism._counts(words({word: 1}), [word], grown, size, rng())
            assert sum(counted.whole) == 1, "noise of epsilon 500 is 0"


# Contingency tables


def people(codes) -> Table:
    domains = [Domain("sex", ("f", "m")), Domain("age", ("young", "old", "older"))]
    return Table.of(domains, np.array(codes, np.int64).reshape(-1, 2))


def test_all_cells_of_all_tables_are_answered() -> None:
    mechanism = PrivateTables(epsilon=2.0, sets=(("sex", "age"), ("age",)))
    view = mechanism(people([[0, 2]] * 400 + [[1, 0]] * 300), rng=rng()).view
    assert len(view) == 6 + 3 and view.keys[2] == (("sex", "age"), ("f", "older"))
    assert np.abs(view.values - [0, 0, 400, 300, 0, 0, 300, 0, 400]).max() < 30
    empty = mechanism(people([]), rng=rng()).view
    assert len(empty) == 9, "empty cells too"
    with pytest.raises(DataError, match="no column 'pay'"):
        PrivateTables(epsilon=1.0, sets=(("pay",),))(people([[0, 0]]), rng=rng())
    with pytest.raises(PromiseError, match="each once"):
        PrivateTables(epsilon=1.0, sets=(("sex",), ("sex",)))


@pytest.mark.parametrize("at_most", [None, 2])
def test_a_person_moves_tables_as_far_as_the_noise_is_made_for(at_most) -> None:
    """Every person of up to two rows, by brute force: the L1 norm reaches tables x rows, and no more."""
    sets = (("sex", "age"), ("age",), ("sex",))
    mechanism = PrivateTables(epsilon=1.0, sets=sets, at_most=at_most)
    nobody = np.array(mechanism.counted(people([]))[0])
    every = list(product(range(2), range(3)))
    rows = [[r] for r in every] if at_most is None else [list(r) for r in product(every, repeat=2)]
    moves = [np.array(mechanism.counted(people(r))[0]) - nobody for r in rows]
    most = 1 if at_most is None else at_most
    assert max(np.abs(m).sum() for m in moves) == 3 * most
    assert max((m**2).sum() for m in moves) == 3 * most**2


@pytest.mark.slow
def test_an_audit_of_tables_stays_below_its_promise_and_finds_a_quarter_of_the_noise() -> None:
    def made(epsilon: float) -> PrivateTables:
        return PrivateTables(epsilon=epsilon, sets=(("sex", "age"), ("age",)), noise="rehearsal")

    without, within = people([[1, 1]] * 9), people([[1, 1]] * 9 + [[0, 0]])
    honest = made(1.0)

    def score(view) -> float:
        return view.values[0] + view.values[6]

    assert proved(honest, without, within, score, above=1.0) <= 1.0
    assert proved(Claims(honest, made(4.0)), without, within, score, above=1.0) > 1.0
