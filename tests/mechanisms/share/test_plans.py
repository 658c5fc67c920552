"""What is refused before anything is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.mechanisms.share.parties import Parties, names

from confide.core.errors import PromiseError
from confide.mechanisms.share.messages import Identity
from confide.mechanisms.share.plan import SERVER


def test_plans_that_cannot_protect_are_refused():
    for terms, says in (
        ({"threshold": 6}, "threshold is 6 of 10 clients: give 7 to 10"),
        ({"threshold": 11}, "threshold is 11"),
        ({"colluding": 9, "threshold": 10}, "subtract their own values"),
        ({"colluding": 10, "threshold": 10}, "subtract their own values"),
        ({"colluding": 4}, "Give at most 3"),
        ({"cohort": 1}, "minimum cohort is 1"),
        ({"cohort": 3, "colluding": 2}, "Give a cohort of at least 4"),
        ({"bound": 2**31 // 10 + 1}, "overflow 32 bits: give a bound from 1 to 214,748,364"),
        ({"words": 0}, "vectors of 0 words"),
        ({"run": ""}, "no name"),
        ({"neighbours": 5}, "even number"),
        ({"neighbours": 4, "colluding": 3}, "at most 1 colluding"),
    ):
        with pytest.raises(PromiseError, match=says):
            Parties.of(10, **terms)
    with pytest.raises(PromiseError, match="2 clients: give 3"):
        Parties.of(2)


def test_parties_need_keys_and_names_of_their_own():
    good = Parties.of(3).plan
    for parties, says in (
        ({"a": good.parties["c000"], "b": good.parties["c000"], "c": good.parties["c002"]}, "the same key"),
        ({"server": good.parties["c000"], "b": bytes(32), "c": bytes(31) + b"x"}, "named 'server'"),
        ({"a": b"short", "b": bytes(32), "c": good.parties["c000"]}, "no Ed25519 public key"),
        ({"": good.parties["c000"], "b": bytes(32), "c": good.parties["c001"]}, "0 characters"),
    ):
        with pytest.raises(PromiseError, match=says):
            replace(good, parties=parties)


def test_each_term_of_a_plan_changes_its_digest():
    """Also that no two texts run into each other."""
    base = Parties.of(10, threshold=8)
    plans = [base.plan, base.with_terms(run="run 1 ").plan, base.with_terms(words=9).plan]
    plans += [
        base.with_terms(**{name: value}).plan
        for name, value in (
            ("bound", 999),
            ("threshold", 9),
            ("cohort", 8),
            ("colluding", 1),
            ("neighbours", 8),
            ("fresh_inputs", True),
            ("server", Identity.new(SERVER).public),
        )
    ]
    keys = list(base.plan.parties.values())
    plans.append(replace(base.plan, parties=dict(zip(names(10), [keys[1], keys[0], *keys[2:]], strict=True))))
    assert len({plan.digest for plan in plans}) == len(plans)
