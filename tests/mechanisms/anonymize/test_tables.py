"""Anonymising tables by rule: what each claims holds; none promises anything, and an attack wins on each."""

from __future__ import annotations

import hashlib
import hmac
import math
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.core.errors import DataError, PromiseError
from confide.mechanisms.anonymize.correlated_noise import CorrelatedNoise
from confide.mechanisms.anonymize.invariant_pram import InvariantPram
from confide.mechanisms.anonymize.microaggregation import Microaggregation, mdav
from confide.mechanisms.anonymize.pseudonyms import Pseudonyms, SecretKey
from confide.mechanisms.anonymize.suppression import (
    WithoutCells,
    WithoutColumns,
    WithoutRareRows,
    WithoutRareValues,
    company,
)
from confide.mechanisms.anonymize.swapping import RankSwapping, RecordSwapping
from confide.mechanisms.anonymize.top_bottom_coding import TopBottomCoding
from confide.views.table import Domain, Table

KEY = SecretKey(bytes(range(100, 132)))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def numbers(name: str, values: np.ndarray) -> tuple[Domain, np.ndarray]:
    worth, codes = np.unique(values, return_inverse=True)
    return Domain(name, tuple(f"{x:g}" for x in worth), worth.astype(float)), codes


def people(n: int = 300, *, seed: int = 0) -> Table:
    """n people with a name, three numbers of which two go together, and two classes."""
    draw = rng(seed)
    age = draw.integers(18, 90, n)
    income = (age * 500 + draw.normal(0, 9_000, n).round(-1)).clip(0)
    columns = [
        (Domain("name", tuple(f"person {i:04}" for i in range(n))), draw.permutation(n)),
        numbers("age", age),
        numbers("income", income),
        numbers("hours", draw.integers(10, 60, n)),
        (Domain("region", tuple("nsew")), draw.choice(4, n, p=[0.48, 0.3, 0.19, 0.03])),
        (Domain("job", tuple(f"job {i}" for i in range(12))), draw.integers(0, 12, n)),
    ]
    return Table.of([domain for domain, _ in columns], np.column_stack([codes for _, codes in columns]))


PEOPLE = people()


def linked(original: Table, released: Table, known: tuple[str, ...]) -> float:
    """The share of people whose row an adversary picks, which knows these columns of them: the nearest row.

    Numbers differ by the share of people between them, classes by 1 or 0; a range differs from what is in it
    by half of its width.
    """
    apart = np.zeros((len(original), len(released)))
    for name in known:
        before, after = (t.domains[t.at(name)] for t in (original, released))
        mine = original.low[:, original.at(name)]
        low, high = (cells[:, released.at(name)] for cells in (released.low, released.high))
        if before.numbers is None:
            wide = (high - low) / max(len(after) - 1, 1) / 2
            apart += np.where((mine[:, None] >= low) & (mine[:, None] <= high), wide, 1.0)
        else:
            ranks = np.sort(before.numbers[mine])
            value = np.searchsorted(ranks, before.numbers[mine]) / len(ranks)
            middle = (after.numbers[low] + after.numbers[high]) / 2
            apart += np.abs(value[:, None] - np.searchsorted(ranks, middle) / len(ranks))
    return float((apart.argmin(1) == np.arange(len(original))).mean())


ALL = ("age", "income", "hours", "region", "job")
NO_PROMISE = {
    "pseudonyms": Pseudonyms(column="name", key=KEY),
    "without columns": WithoutColumns(columns=("name",)),
    "without rare rows": WithoutRareRows(known=("region",), k=5, how="blank"),
    "without rare values": WithoutRareValues(columns=("region", "job"), people=10),
    "without cells": WithoutCells(rows=np.arange(50), columns=("age",) * 50),
    "top and bottom": TopBottomCoding(column="income", bottom=5_000, top=40_000),
    "rank swapping": RankSwapping(columns=("age", "income"), window=0.02, noise="rehearsal"),
    "record swapping": RecordSwapping(columns=("region",), share=0.1, noise="rehearsal"),
    "microaggregation": Microaggregation(columns=("age", "income"), k=5),
    "correlated noise": CorrelatedNoise(columns=("age", "income"), alpha=0.01, noise="rehearsal"),
    "invariant PRAM": InvariantPram(column="job", change=0.2, noise="rehearsal"),
}


@pytest.mark.parametrize("name", NO_PROMISE)
def test_nothing_is_promised_and_the_nearest_row_is_the_persons_own(name: str):
    """Of 300 people a guess names 1 rightly; other people's rows are named by chance too."""
    made = NO_PROMISE[name]
    released = made(PEOPLE, rng=rng()).view
    assert made.budget is None
    assert linked(PEOPLE, released, ALL) > 0.5
    assert linked(people(seed=1), released, ALL) < 0.05, "of other people nobody is there"
    for claim in getattr(made, "claims", lambda _: ())(released):
        assert claim.holds, claim.text


# Pseudonyms.


def test_a_pseudonym_is_the_keyed_digest_of_column_and_value():
    released = Pseudonyms(column="name", key=KEY)(PEOPLE, rng=None).view
    labels = [released.domains[0].labels[code] for code in released.low[:, 0]]
    names = [PEOPLE.domains[0].labels[code] for code in PEOPLE.low[:, 0]]
    for name, label in zip(names, labels, strict=True):
        assert label == hmac.new(KEY.secret, b"4:name" + name.encode(), hashlib.sha256).hexdigest()[:32]
    assert list(released.domains[0].labels) == sorted(set(labels)), "their order does not show the names'"
    other = Pseudonyms(column="name", key=SecretKey.new())
    assert other.pseudonym("person 0001") != Pseudonyms(column="name", key=KEY).pseudonym("person 0001")


def test_a_plain_digest_in_a_pseudonyms_place_is_caught_by_who_knows_the_names():
    made = Pseudonyms(column="name", key=KEY)
    names = [f"person {i:04}" for i in range(300)]
    plain = {hashlib.sha256(name.encode()).hexdigest()[:32] for name in names}
    assert not plain & {made.pseudonym(name) for name in names}


def test_missing_names_stay_missing_and_equal_names_stay_equal():
    held = Table.of([Domain("name", ("ann", "bob", ""), missing=True)], np.array([[0], [1], [2], [0]]))
    view = Pseudonyms(column="name", key=KEY)(held, rng=None).view
    assert view.low[0, 0] == view.low[3, 0] != view.low[1, 0]
    assert view.cell(2, 0) == "" and view.domains[0].missing
    assert Pseudonyms(column="name", key=KEY).claims(view)[0].holds
    assert not Pseudonyms(column="name", key=KEY).claims(held)[0].holds


def test_a_key_is_random_and_never_shown():
    for secret, said in (
        (b"short", "5 bytes"),
        (b"correct horse battery staple correct", "a text"),
        (bytes(range(8)) * 8, "repeats few bytes"),
        (b"\xff" * 64, "repeats few bytes"),
    ):
        with pytest.raises(PromiseError, match=said):
            SecretKey(secret)
    made = Pseudonyms(column="name", key=KEY)
    assert KEY.secret.hex() not in repr(made) and repr(KEY.secret) not in repr(made)
    assert repr(made) == "Pseudonyms(column='name', key=SecretKey(), digits=32)"
    assert len({SecretKey.new().secret for _ in range(20)}) == 20
    assert KEY.mark != SecretKey.new().mark
    with pytest.raises(PromiseError, match="digits"):
        Pseudonyms(column="name", key=KEY, digits=8)


# Suppression.


def test_rare_rows_go_and_a_blank_row_is_company_for_nobody():
    held = PEOPLE.only(["region", "job"])
    made = WithoutRareRows(known=("region", "job"), k=6)
    view = made(held, rng=None).view
    like = company(held, ("region", "job"))
    assert len(view) == int((like >= 6).sum()) < len(held)
    assert made.claims(view)[0].holds and not made.claims(held)[0].holds
    blank = WithoutRareRows(known=("region", "job"), k=6, how="blank")
    blanked = blank(held, rng=None).view
    assert len(blanked) == len(held) and (blanked.suppressed.all(1) == (like < 6)).all()
    # Three rows that say nothing are not like each other.
    few = Table(held.domains, np.zeros((3, 2), np.int32), np.tile(held.sizes - 1, (3, 1)).astype(np.int32))
    assert blank.claims(few)[0].holds
    with pytest.raises(DataError, match="every row"):
        blank(few, rng=None)


def test_rare_values_and_single_cells_say_nothing_any_more():
    made = WithoutRareValues(columns=("region",), people=10)
    view = made(PEOPLE, rng=None).view
    rare = PEOPLE.low[:, PEOPLE.at("region")] == 3
    assert (view.suppressed[:, view.at("region")] == rare).all() and rare.any()
    assert made.claims(view)[0].holds and not made.claims(PEOPLE)[0].holds
    cells = WithoutCells(rows=np.array([3, 5]), columns=("age", "job"))
    found = cells(PEOPLE, rng=None).view
    assert found.cell(3, PEOPLE.at("age")) == found.cell(5, PEOPLE.at("job")) == "*"
    assert int((found.low != found.high).sum()) == 2
    assert not cells.claims(PEOPLE)[0].holds
    with pytest.raises(DataError, match="no row 300"):
        WithoutCells(rows=np.array([300]), columns=("age",))(PEOPLE, rng=None)
    with pytest.raises(DataError, match="no column is left"):
        WithoutColumns(columns=PEOPLE.names)(PEOPLE, rng=None)
    with pytest.raises(DataError, match="no column 'nme'"):
        WithoutColumns(columns=("nme",))(PEOPLE, rng=None)
    with pytest.raises(PromiseError, match="tuple of names"):
        WithoutColumns(columns="name")


# Top and bottom.


def test_ends_are_joined_and_what_is_between_stays():
    made = TopBottomCoding(column="age", bottom=20, top=80)
    view, at = made(PEOPLE, rng=None).view, PEOPLE.at("age")
    worth = PEOPLE.domains[at].numbers[PEOPLE.low[:, at]]
    low, high = (view.domains[at].numbers[cells[:, at]] for cells in (view.low, view.high))
    between = (worth > 20) & (worth < 80)
    assert (low[between] == worth[between]).all() and (high[between] == worth[between]).all()
    assert set(zip(low[worth >= 80], high[worth >= 80], strict=True)) == {(80.0, 89.0)}
    assert set(zip(low[worth <= 20], high[worth <= 20], strict=True)) == {(18.0, 20.0)}
    assert made.claims(view)[0].holds and not made.claims(PEOPLE)[0].holds


def test_a_missing_number_is_no_end_and_a_range_that_reaches_in_grows():
    domain = Domain("x", ("1", "2", "3", ""), np.array([1, 2, 3, math.nan]), missing=True)
    held = Table((domain,), np.array([[0], [1], [3]], np.int32), np.array([[1], [1], [3]], np.int32))
    view = TopBottomCoding(column="x", top=2)(held, rng=None).view
    assert view.low[:, 0].tolist() == [0, 1, 3] and view.high[:, 0].tolist() == [2, 2, 3]
    for ends in ({}, {"bottom": 3.0, "top": 3.0}, {"top": math.inf}):
        with pytest.raises(PromiseError, match="give one of them"):
            TopBottomCoding(column="x", **ends)
    with pytest.raises(DataError, match="no numbers"):
        TopBottomCoding(column="job", top=2)(PEOPLE, rng=None)


# Swapping.


@given(st.integers(1, 60), st.floats(0.01, 1.0), st.integers(0, 1000))
@settings(max_examples=60)
def test_ranks_are_swapped_in_pairs_within_the_window(n: int, window: float, seed: int):
    held = Table.of([Domain("x", tuple(map(str, range(n))))], rng(seed).permutation(n)[:, None])
    view = RankSwapping(columns=("x",), window=window, noise="rehearsal")(held, rng=rng(seed)).view
    before, after = held.low[:, 0], view.low[:, 0]
    reach = max(math.floor(window * n), 1)
    assert sorted(after) == sorted(before)
    assert np.abs(after - before).max() <= reach
    partner = dict(zip(before.tolist(), after.tolist(), strict=True))
    assert all(partner[partner[value]] == value for value in partner), "pairs exchange"


def test_nearly_all_ranks_move_and_correlations_weaken_with_the_window():
    def left(window: float) -> tuple[float, float]:
        made = RankSwapping(columns=("income",), window=window, noise="rehearsal")
        view, at = made(PEOPLE, rng=rng()).view, PEOPLE.at("income")
        worth = PEOPLE.domains[at].numbers
        age = PEOPLE.domains[1].numbers[PEOPLE.low[:, 1]]
        moved = float((view.low[:, at] != PEOPLE.low[:, at]).mean())
        return moved, float(np.corrcoef(age, worth[view.low[:, at]])[0, 1])

    near, far = left(0.02), left(1.0)
    assert near[0] > 0.85 and far[0] > 0.85
    assert near[1] > far[1] + 0.2


def test_records_are_swapped_in_pairs_that_agree():
    made = RecordSwapping(columns=("job", "hours"), share=0.5, within=("region",), noise="rehearsal")
    view = made(PEOPLE, rng=rng(3)).view
    at = [PEOPLE.at(name) for name in ("job", "hours")]
    others = [i for i in range(len(PEOPLE.domains)) if i not in at]
    assert (view.low[:, others] == PEOPLE.low[:, others]).all()
    for region in range(4):
        here = PEOPLE.low[:, PEOPLE.at("region")] == region
        before, after = (sorted(map(tuple, t.low[here][:, at].tolist())) for t in (PEOPLE, view))
        assert before == after, "within a region the pairs of values are the same"
    moved = (view.low[:, at] != PEOPLE.low[:, at]).any(1).mean()
    assert 0.4 < moved <= 0.5
    free = RecordSwapping(columns=("job", "hours"), share=0.5, noise="rehearsal")(PEOPLE, rng=rng(3)).view
    south = PEOPLE.low[:, PEOPLE.at("region")] == 1
    assert sorted(map(tuple, free.low[south][:, at].tolist())) != sorted(
        map(tuple, PEOPLE.low[south][:, at].tolist())
    ), "and without agreement they are not"
    with pytest.raises(PromiseError, match="'job' is swapped and is to agree"):
        RecordSwapping(columns=("job",), within=("job",))
    for share in (0.0, 1.5, math.nan):
        with pytest.raises(PromiseError, match="share"):
            RecordSwapping(columns=("job",), share=share)
        with pytest.raises(PromiseError, match="window"):
            RankSwapping(columns=("job",), window=share)


# Microaggregation.


def naive_mdav(x: np.ndarray, k: int) -> list[set[int]]:
    """The algorithm as it is written in the paper, with sets of rows."""
    left, groups = set(range(len(x))), []

    def far(point: np.ndarray) -> int:
        return max(left, key=lambda i: ((x[i] - point) ** 2).sum())

    def group(around: int) -> None:
        near = sorted(left, key=lambda i: ((x[i] - x[around]) ** 2).sum())[:k]
        groups.append(set(near))
        left.difference_update(near)

    while len(left) >= 3 * k:
        r = far(np.mean([x[i] for i in left], axis=0))
        s = far(x[r])
        group(r)
        near = sorted(left, key=lambda i: ((x[i] - x[s]) ** 2).sum())[:k]
        groups.append(set(near))
        left.difference_update(near)
    if len(left) >= 2 * k:
        group(far(np.mean([x[i] for i in left], axis=0)))
    groups.append(set(left))
    return groups


@pytest.mark.parametrize(("n", "k"), [(10, 10), (19, 10), (20, 10), (29, 10), (30, 10), (101, 3), (64, 7)])
def test_groups_are_those_of_the_paper(n: int, k: int):
    x = rng(n).normal(size=(n, 3))
    found = mdav(x, k)
    assert [set(np.flatnonzero(found == g).tolist()) for g in range(found.max() + 1)] == naive_mdav(x, k)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=80), st.integers(2, 9))
@settings(max_examples=80)
def test_every_row_is_like_k_and_the_means_stay(rows: list[tuple[int, int]], k: int):
    values = np.array(rows)
    columns = [numbers("x", values[:, 0]), numbers("y", values[:, 1])]
    held = Table.of([d for d, _ in columns], np.column_stack([c for _, c in columns]))
    made = Microaggregation(columns=("x", "y"), k=k)
    if len(rows) < k:
        with pytest.raises(DataError, match="smaller k"):
            made(held, rng=None)
        return
    view = made(held, rng=None).view
    assert company(view, ("x", "y")).min() >= k and made.claims(view)[0].holds
    sizes = np.bincount(mdav(values.astype(float), k))
    assert sizes.min() >= k and sizes.max() <= 2 * k - 1
    for at in (0, 1):
        assert view.domains[at].numbers[view.low[:, at]].mean() == pytest.approx(values[:, at].mean())


def test_a_group_that_is_too_small_is_caught():
    made = Microaggregation(columns=("age", "income"), k=5)
    smaller = Microaggregation(columns=("age", "income"), k=4)(PEOPLE, rng=None).view
    assert not made.claims(smaller)[0].holds
    with pytest.raises(PromiseError, match="k is 1"):
        Microaggregation(columns=("age",), k=1)


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.skipif("CONFIDE_DATA" not in os.environ, reason="needs the tabular data sets")
def test_adult_is_microaggregated_into_groups_of_ten():
    frame = pl.read_parquet(Path(os.environ["CONFIDE_DATA"]) / "tabular" / "adult.parquet")
    frame = frame.filter(
        (pl.col("split") == "train") & ~pl.any_horizontal(pl.col(pl.String).is_in(["", "?"]))
    )
    # The missing values of this file are null.
    frame = frame.drop_nulls().select(pl.selectors.integer())
    assert frame.shape == (30_162, 6)
    columns = [numbers(name, frame[name].to_numpy()) for name in frame.columns]
    held = Table.of([d for d, _ in columns], np.column_stack([c for _, c in columns]))
    view = Microaggregation(columns=held.names, k=10)(held, rng=None).view
    assert company(view, held.names).min() >= 10


# Correlated noise.


def test_correlated_noise_keeps_means_and_the_covariance_up_to_a_factor():
    """Within 4 standard errors over 200 repetitions; noise on each column alone weakens the correlation."""
    some = PEOPLE.take(np.arange(80))
    made = CorrelatedNoise(columns=("age", "income"), alpha=0.5, noise="rehearsal")
    truth = np.cov([some.domains[i].numbers[some.low[:, i]] for i in (1, 2)])
    found = np.array([made.covariance(made(some, rng=rng(seed)).view) for seed in range(200)])
    error = found.std(0, ddof=1) / math.sqrt(200)
    assert (np.abs(found.mean(0) - truth) <= 4 * error).all()
    alone = []
    for seed in range(200):
        view = some
        for column in ("age", "income"):
            view = CorrelatedNoise(columns=(column,), alpha=0.5, noise="rehearsal")(view, rng=rng(seed)).view
        alone.append(made.covariance(view)[0, 1])
    assert abs(np.mean(alone) - truth[0, 1]) > 4 * error[0, 1]


def test_numbers_that_are_all_the_same_or_depend_on_each_other_are_no_hurdle():
    one, two = numbers("x", np.arange(20.0)), numbers("y", 2 * np.arange(20.0))
    held = Table.of(
        [one[0], two[0], Domain("z", ("7",), np.array([7.0]))],
        np.column_stack([one[1], two[1], np.zeros(20, int)]),
    )
    view = CorrelatedNoise(columns=("x", "y", "z"), noise="rehearsal")(held, rng=rng()).view
    x, y, z = (view.domains[i].numbers[view.low[:, i]] for i in range(3))
    assert y == pytest.approx(2 * x, abs=1e-3) and (z == 7).all() and (x != np.arange(20)).all()
    for alpha in (0.0, math.inf, math.nan):
        with pytest.raises(PromiseError, match="alpha"):
            CorrelatedNoise(columns=("x",), alpha=alpha)
    with pytest.raises(DataError, match="no numbers"):
        CorrelatedNoise(columns=("job",))(PEOPLE, rng=rng())
