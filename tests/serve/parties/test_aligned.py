"""Rows of two owners are brought together without a word of who is matched, and give the pooled figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.serve.parties.three import Parties, planned

pytest.importorskip("mpyc")
pytest.importorskip("private_set_intersection")

from confide.core.errors import DataError
from confide.mechanisms.share.joint import aligning, columns
from confide.mechanisms.share.joint.aligning import masks_of
from confide.mechanisms.share.joint.engine import Field
from confide.mechanisms.share.joint.plan import Aligning, Column
from confide.mechanisms.share.joint.summing import SharedFindingError

COLUMNS = (
    Column(name="age", low=0, high=1e9, owner="bank"),
    Column(name="saved", low=-50, high=50, owner="bank"),
    Column(name="spent", low=0, high=100, owner="shop"),
)
TERMS = {"split": "columns", "rows": 300, "computation": "covariance", "columns": COLUMNS}


def lists() -> dict[str, tuple[list[str], dict[str, np.ndarray]]]:
    """200 people of the bank and 150 of the shop in orders of their own; 90 are of both."""
    rng = np.random.default_rng(5)
    age, saved = rng.uniform(18, 90, 260), rng.uniform(-50, 50, 260)
    spent = np.clip(50 + 0.4 * age - 0.6 * saved + rng.normal(0, 5, 260), 0, 100)
    bank, shop = rng.permutation(200), 110 + rng.permutation(150)
    return {
        "bank": ([f"p{i}" for i in bank], {"age": age[bank], "saved": saved[bank]}),
        "shop": ([f"p{i}" for i in shop], {"spent": spent[shop]}),
        "office": ([], {}),
    }


def pooled() -> np.ndarray:
    held = lists()
    (bank, of_bank), (shop, of_shop) = held["bank"], held["shop"]
    both = [(bank.index(name), at) for at, name in enumerate(shop) if name in bank]
    return np.array([[of_bank["age"][i], of_bank["saved"][i], of_shop["spent"][j]] for i, j in both])


def played(fewest: int, learn=columns.covariance, held=None, **terms: object) -> dict[str, Any]:
    names = ("bank", "office", "shop")
    plan, own = planned(names, helpers=("office",), aligning=Aligning(fewest=fewest), **{**TERMS, **terms})
    held = held or lists()

    async def compute(name, engine):
        identifiers, mine = held[name]
        try:
            return await learn(mine or None, plan, engine, name=name, identifiers=identifiers)
        except SharedFindingError as error:  # as `Computing` takes it: no party is lost for it
            return str(error)

    parties = Parties(dict.fromkeys(names, plan), own, compute)
    return {name: parties.outcome(name) for name in names}


def test_the_figures_are_those_of_the_people_on_both_lists() -> None:
    found, rows = played(50), pooled()
    assert len(rows) == 90
    for name in ("bank", "office", "shop"):
        value = found[name][0]
        assert value["count"] == 90
        assert (np.abs(value["covariance"] - np.cov(rows.T)) <= value["error"] + 1e-12).all()
        np.testing.assert_allclose(value["mean"], rows.mean(0), rtol=1e-6)


@pytest.mark.slow
def test_inside_the_coefficients_of_the_people_on_both_lists_are_all_that_is_opened() -> None:
    # The law is that of ridge in the columns' units; values are rounded to 2^-40 of their bounds.
    named = (replace(COLUMNS[0], high=100), *COLUMNS[1:])
    terms = {"columns": named, "inside": True, "settings": (("penalty", 7.0),), "deadline": 60.0}
    found, rows = played(50, columns.least_squares, **terms), pooled()
    design = np.column_stack([np.ones(len(rows)), rows[:, :2]])
    system = design.T @ design + np.diag([0.0, 7.0, 7.0])
    want = np.linalg.solve(system, design.T @ rows[:, 2])
    for name in ("bank", "office", "shop"):
        assert set(found[name][0]) == {"coefficients", "count"} and found[name][0]["count"] == len(rows)
        np.testing.assert_allclose(found[name][0]["coefficients"], want, rtol=1e-8)


def test_nothing_is_computed_of_fewer_people_than_the_plan_says() -> None:
    for said in played(91).values():
        assert said[0] == (
            "fewer people are on both lists than the 91 of the plan: nothing was computed."
        )  # and not how few


def test_an_owner_reads_from_exact_sums_of_its_own_column_who_is_on_both_lists() -> None:
    # The threat behind `SUMS_TELL`: with powers of two as values, the sum is the list, in binary.
    bank, people = [f"p{i}" for i in range(40)], [f"p{i}" for i in range(0, 60, 3)]
    held = {
        "bank": (bank, {"code": 2.0 ** np.arange(40)}),
        "shop": (people, {"spent": np.arange(20.0)}),
        "office": ([], {}),
    }
    named = (
        Column(name="code", low=0, high=2.0**40, owner="bank"),
        Column(name="spent", low=0, high=100, owner="shop"),
    )
    found = played(10, columns.least_squares, held=held, columns=named)["bank"][0]
    total = round(found["moments"][0, 1] * 2**40)
    assert [name for at, name in enumerate(bank) if total >> at & 1] == [p for p in bank if p in people]


def test_a_list_made_after_the_others_was_seen_is_refused() -> None:
    async def late(records, plan, engine, *, name, identifiers):
        if name == "shop":  # in a process of its own: it commits to another list than it sends
            real, first = aligning.digest_of, iter([lambda _: bytes(32)])
            aligning.digest_of = lambda listed: next(first, real)(listed)
        return await columns.covariance(records, plan, engine, name=name, identifiers=identifiers)

    found = played(50, late)
    assert "'shop' sent another list than the one it had committed to" in found["bank"]
    assert all("'shop' " in found[name] or "'bank'" in found[name] for name in ("office", "shop"))


def test_masks_are_uniform_and_differ_by_key() -> None:
    # Chi-square over 16 classes of 4,000 masks: an alarm once in a million runs.
    from scipy.stats import chi2

    field = Field(modulus=2**127 - 1, width=16)
    one, two = (masks_of(bytes([key]) * 32, (2_000, 2), field) for key in (1, 2))
    assert not set(one.ravel()) & set(two.ravel())
    counts = np.bincount((one.ravel() * 16 // field.modulus).astype(np.int64), minlength=16)
    assert chi2.sf(((counts - 250) ** 2 / 250).sum(), 15) > 1e-6


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"split": "rows"}, "2 owners and 1 helpers, and splits rows"),
        ({"aligning": Aligning(fewest=4)}, "fewest is 4: give 5 to 300"),
        ({"aligning": Aligning(times=0)}, "times is 0"),
        ({"rows": 3_600_000}, "rows is 3,600,000: a list with 2 columns is sent at once, and has 3,5"),
        ({"aligning": Aligning(steps=("upper",))}, "upper"),
        ({"helpers": ()}, "3 owners and 0 helpers"),
    ],
)
def test_what_cannot_be_brought_together_is_refused(terms: dict[str, object], said: str) -> None:
    held = (
        tuple(Column(name=c.name, low=c.low, high=c.high) for c in COLUMNS) if "split" in terms else COLUMNS
    )
    given = {"helpers": ("office",), "aligning": Aligning(), **TERMS, "columns": held, **terms}
    with pytest.raises(DataError, match=said):
        planned(("bank", "office", "shop"), **given)
