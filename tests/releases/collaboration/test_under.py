"""Plans under other protections: what is changed, what stays, what is lacking, and which budget is larger."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from confide.audits.deciding import decision_on_runs
from confide.core.errors import DataError
from confide.inputs.local_training import LocalTraining
from confide.releases.collaboration.plan import PlanFile
from confide.releases.collaboration.terms import Adding, Paying
from confide.releases.collaboration.under import AVERAGING, Protected, Terms, protected, ways_of

TERMS = Terms(clients=10, clip=0.5, delta=0.01)
BARE = Terms(clients=10)


def plan(name: str, adding: Adding | None = None, delta: float | None = None, **said: Any) -> PlanFile:
    epsilon = None if delta is None else 3.0
    given = {
        "path": Path("plan.toml"), "rounds": 6, "learner": LocalTraining(), "adding": adding,
        "protocol": {"name": name, **said}, "paying": Paying(epsilon=epsilon, delta=delta),
    }  # fmt: skip
    return PlanFile(**{field.name: given.get(field.name) for field in fields(PlanFile)})  # pyright: ignore


def under(given: PlanFile, text: str, terms: Terms = TERMS) -> PlanFile:
    (found,) = protected(given, [text], terms)
    return found.plan


def test_noise_and_a_secure_sum_are_put_to_a_plan_that_has_none() -> None:
    bare = plan("fedavg", share=0.5, rate=0.7, weights="records")
    assert under(bare, "plain").protocol == bare.protocol and under(bare, "plain").adding is None
    secure = under(bare, "secure")
    assert secure.protocol == bare.protocol and secure.adding == Adding()
    noisy = under(bare, "dp:2")
    assert noisy.protocol == {"name": "dp-fedavg", "sample": 0.5, "rate": 0.7, "clip": 0.5}
    assert noisy.paying == Paying(epsilon=2.0, delta=0.01) and noisy.adding is None
    both = under(bare, "both:2")
    # 5 of 10 clients a round: each has a turn in 3 of 6 rounds.
    assert both.protocol == {
        "name": "distributed-dp-fedavg", "rate": 0.7, "clip": 0.5, "cohort": 5, "times": 3,
    }  # fmt: skip
    assert both.paying.epsilon == 2.0 and both.adding == Adding()


def test_noise_is_taken_from_a_plan_and_its_own_clip_and_delta_are_kept() -> None:
    adding = Adding(limit=100.0, colluding=1)
    private = plan("dp-fedavg", adding, 0.05, clip=0.3, sample=0.4, multiplier=2.0)
    assert under(private, "plain", BARE).protocol == {"name": "fedavg", "weights": "equal", "share": 0.4}
    assert under(private, "plain", BARE).paying == Paying()
    assert under(private, "secure", BARE).adding == adding
    noisy = under(private, "dp:1", BARE)
    assert noisy.protocol == {"name": "dp-fedavg", "clip": 0.3, "sample": 0.4}, "the least noise that does"
    assert noisy.paying == Paying(epsilon=1.0, delta=0.05)
    both = under(private, "both:1", BARE)
    assert both.protocol["cohort"] == 4 and both.protocol["times"] == 3 and both.protocol["clip"] == 0.3
    assert both.adding == Adding(colluding=1), "what bounds an upload is its clip"
    assert both.protocol["colluding"] == 1, "noise is made for as many as the sum allows"
    assert under(private, "plan", BARE) is private


def test_the_share_of_clients_of_a_round_is_the_same_under_every_protection() -> None:
    turns = plan("dp-ftrl", None, 0.05, clip=0.3, separation=5, bands=2, multiplier=1.0)
    assert under(turns, "plain", BARE).protocol["share"] == 0.2
    assert under(turns, "both:1", BARE).protocol["cohort"] == 2
    assert under(turns, "dp:1", BARE).protocol == {
        "name": "dp-ftrl", "clip": 0.3, "separation": 5, "bands": 2
    }  # fmt: skip
    shared = plan("distributed-dp-fedavg", None, 0.05, clip=0.3, cohort=6, times=4, least=5)
    assert under(shared, "dp:1", BARE).protocol["sample"] == 0.6
    assert under(shared, "both:1", BARE).protocol == {**shared.protocol}


def test_an_adaptive_clip_is_kept_until_another_is_given() -> None:
    follows = plan("dp-fedavg", None, 0.05, adaptive={"start": 0.1}, sample=1.0)
    assert under(follows, "dp:1", BARE).protocol["adaptive"] == {"start": 0.1}
    fixed = under(follows, "dp:1", TERMS).protocol
    assert fixed["clip"] == 0.5 and "adaptive" not in fixed
    with pytest.raises(DataError, match="add --clip"):
        under(follows, "both:1", BARE)


@pytest.mark.parametrize("name", AVERAGING)
@pytest.mark.parametrize("text", ["plain", "secure", "dp:4", "both:4"])
def test_what_is_made_is_a_plan(name: str, text: str) -> None:
    options = {
        "fedavg": {}, "dp-fedavg": {"sample": 0.5, "clip": 1}, "dp-ftrl": {"separation": 2, "clip": 1},
        "distributed-dp-fedavg": {"cohort": 5, "times": 3, "clip": 1},
    }[name]  # fmt: skip
    assert under(plan(name, **options), text).made("rehearsal").name


@pytest.mark.parametrize(
    ("given", "text", "terms", "says"),
    [
        (plan("fedavg"), "dp:2", Terms(clients=4, delta=0.1), "add --clip"),
        (plan("fedavg"), "dp:2", Terms(clients=4, clip=1.0), "add --delta"),
        (plan("fedavg"), "dp", TERMS, "choose from plain, secure, dp:EPSILON"),
        (plan("fedavg"), "plain:2", TERMS, "choose from"),
        (plan("fedavg"), "", TERMS, "choose from"),
        (plan("fedavg"), "dp:x", TERMS, "'x' is no number"),
        (plan("fedavg"), "dp:0", TERMS, "epsilon above 0"),
        (plan("fedavg"), "both:inf", TERMS, "finite epsilon"),
        (plan("fedavg", mean="median"), "dp:2", TERMS, "would run without 'mean'"),
        (plan("fedsgd"), "dp:2", TERMS, "this one runs 'fedsgd'"),
        (plan("votes"), "plain", TERMS, "this one runs 'votes': give it as it is"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(
    given: PlanFile, text: str, terms: Terms, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        under(given, text, terms)


def test_one_protection_is_named_once() -> None:
    with pytest.raises(DataError, match="twice"):
        protected(plan("fedavg"), ["dp:2", "dp:2.0"], TERMS)


def test_a_smaller_epsilon_comes_first_in_its_way() -> None:
    runs = protected(plan("fedavg"), ["dp:8", "plain", "both:2", "dp:1", "secure"], TERMS)
    assert [one.text for one in runs] == ["dp:8", "plain", "both:2", "dp:1", "secure"]
    more = Protected(text="votes.toml", plan=plan("votes"), way="votes.toml")
    assert ways_of([*runs, more]) == [["dp:1", "dp:8"], ["plain"], ["both:2"], ["secure"], ["votes.toml"]]


def test_no_epsilon_is_chosen_above_one_that_exceeds_a_limit_and_the_most_accurate_is_named() -> None:
    ways = [["plain"], ["secure"], ["dp:1", "dp:2", "dp:8"]]
    right = {"plain": 0.9, "secure": 0.8, "dp:1": 0.5, "dp:2": 0.7, "dp:8": 0.75}
    found = {name: {"within"} for name in right} | {"plain": {"exceeded"}, "dp:2": {"exceeded"}}
    said = decision_on_runs(found, ways, right, broken=False, allow_unsettled=False)
    assert (said.exit_code, said.sentence) == (
        0, "Within all limits: secure, dp:1. The most accurate of them is secure.",
    )  # fmt: skip
    assert decision_on_runs(found, ways, right, broken=True, allow_unsettled=True).exit_code == 1
    open_ = {name: {"exceeded"} for name in right} | {"dp:1": {"not settled"}}
    refused = decision_on_runs(open_, ways, right, broken=False, allow_unsettled=False)
    assert refused.exit_code == 1 and refused.sentence.startswith("No run is within all limits")
    allowed = decision_on_runs(open_, ways, right, broken=False, allow_unsettled=True)
    assert allowed.exit_code == 0 and allowed.sentence.endswith("not settled: dp:1.")
