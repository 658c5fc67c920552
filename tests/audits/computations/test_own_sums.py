"""Who is on both lists follows from exact sums of an owner's own columns, and is not to be had inside."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("private_set_intersection")

from confide.audits.computations.own_sums import of_both
from confide.audits.computations.recorded import Recorded
from confide.core.transcript import Transcript

PARTIES = ("bank", "office", "shop")
BOUNDS = {"age": 100.0, "saved": 50.0, "spent": 10.0}


def recorded(
    *, inside: bool = False, moments: bool = False, whole: bool = False, looking: str = "bank"
) -> Recorded:
    """30 people of the bank, 14 of them of the shop too, with the covariances of these or their moments."""
    rng = np.random.default_rng(3)
    held = rng.uniform(0, 1, (30, 2)) * (100, 50)
    rows, spent = rng.permutation(30)[:14], rng.uniform(0, 10, 14)
    held = np.floor(held / 10) * 10 if whole else held
    both = np.column_stack([held[rows], spent])
    published = {"count": np.array([14.0]), "mean": both.mean(0), "covariance": np.cov(both.T)}
    if moments:
        design = np.column_stack([np.ones(14), both / (100, 50, 10)])
        published = {"count": np.array([14.0]), "moments": design.T @ design}
    names = {"bank": [f"p{k}" for k in range(30)], "shop": [f"p{k}" for k in rows], "office": []}
    put = {"bank": {"age": held[:, 0], "saved": held[:, 1]}, "shop": {"spent": spent}, "office": {}}
    kept = {}
    for name in PARTIES:
        text = np.frombuffer("\n".join(names[name]).encode(), np.uint8)
        mine = {**put[name], "identifiers": text} if names[name] else {}
        kept[name] = Transcript(
            parties=PARTIES, messages=[], inputs={name: mine} if mine else {}, published=published
        )
    columns = [
        {"name": name, "low": 0.0, "high": high, "owner": "shop" if name == "spent" else "bank"}
        for name, high in BOUNDS.items()
    ]
    plan = {"columns": columns, "inside": inside, "rows": 100, "aligning": {}}
    return Recorded(kind="join", plan=plan, text="", kept=kept, looking=(looking,))


@pytest.mark.parametrize("moments", [True, False])
def test_an_owner_finds_everybody_who_is_on_both_lists(moments: bool) -> None:
    told, (attack,) = of_both(recorded(moments=moments))
    assert attack.succeeded and "all who are on both, and nobody else" in attack.story
    # Two columns of 100 rows at most: 2 (52 + 6.6) + 3 (104 + 6.6) bits; C(30, 14) lists.
    assert "bank has 449 bits" in told and "takes 27" in told


def test_values_that_many_share_inside_and_a_helper_name_nobody() -> None:
    _, (attack,) = of_both(recorded(moments=True, whole=True))
    assert not attack.succeeded
    assert of_both(recorded(inside=True))[1] == ()
    assert of_both(recorded(looking="office"))[1] == ()
