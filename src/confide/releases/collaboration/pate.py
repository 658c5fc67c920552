"""PATE by a plan: teachers, thresholds, and the part of the budget that publishes the loss of the votes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.fields import shown
from confide.inputs.domain_columns import refuse_unknown
from confide.inputs.plan_files import number_of
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.pate import PATE
from confide.mechanisms.federate.pate_exchange import PateExchange
from confide.mechanisms.federate.published_gnmax_cost import PublishLoss
from confide.mechanisms.noise.source import Noise
from confide.releases.collaboration.parties import Parties

MOST = 1_000_000
"""Of whole numbers in a plan."""


def pate_of(
    said: Mapping[str, Any],
    spending: tuple[float, float],
    parties: Parties,
    student: LocalLearner,
    noise: Noise,
) -> PateExchange:
    """PATE as a plan says it.

    Args:
        said: the options, whose names are known.
        spending: epsilon and delta of the run.
        parties: with their records and the public ones.
        student: what is trained on the labels.
        noise: "secure", or "rehearsal" from the run's generator.

    Raises:
        DataError, PromiseError: for what cannot be, with what to change.
    """
    public, budget = parties.asked, Budget(*spending, Unit.record())
    assert public is not None, "a plan of an exchange names public records"
    teachers, threshold = _whole(said, "teachers", 1), _whole(said, "threshold")
    queries = _whole(said, "queries", len(public))
    answers, check = _whole(said, "answers", queries), _number(said, "check", 0.1)
    if queries > len(public):
        raise DataError(
            f"queries is {queries:,}, and there are {len(public):,} public records: give fewer queries, "
            "or more records."
        )
    holding = sum(len(own) > 0 for own in parties.records.values())
    if threshold > teachers * holding:
        raise DataError(
            f"threshold is {threshold:,} of {teachers * holding:,} teachers ({teachers:,} of each party with "
            "records), which they cannot reach: lower it, or give each party more teachers."
        )
    records = sum(len(own) for own in parties.records.values())
    if budget.delta > 1 / max(records, 1):
        raise PromiseError(
            f"delta is {budget.delta:g} for {records:,} records: a mechanism that publishes one whole "
            f"record would keep it. Give less than {1 / records:g}."
        )

    def labels(epsilon: float) -> PATE:
        return PATE(
            budget=Budget(epsilon, budget.delta, budget.unit), classes=parties.classes, threshold=threshold,
            queries=queries, answers=answers, check=check, noise=noise,
        )  # fmt: skip

    publish = None if "publish" not in said else _published(said["publish"], budget, labels, noise)
    return PateExchange(
        budget=budget,
        pate=labels(budget.epsilon) if publish is None else publish.pate,
        teachers=teachers,
        publish=publish,
        student=student,
        public=public,
    )


def _published(given: Any, budget: Budget, labels: Callable[[float], PATE], noise: Noise) -> PublishLoss:
    """The number, beside labels of as much budget as is left: by bisection, as noise adds up in squares.

    Raises:
        PromiseError: if the number leaves nothing for labels.
    """
    if not isinstance(given, dict):
        raise DataError(f"publish is {shown(given)}: write a table, publish = {{ epsilon = 0.5 }}.")
    refuse_unknown(given, ("epsilon", "miss"), "publish")
    if "epsilon" not in given:
        raise DataError("publish needs epsilon, that of the number alone: give it.")
    own = Budget(_number(given, "epsilon", 0.0), budget.delta, budget.unit)
    miss, found = _number(given, "miss", 0.05), None
    low, high = 0.0, budget.epsilon
    for _ in range(30):
        middle = (low + high) / 2
        try:
            made = PublishLoss(pate=labels(middle), budget=own, miss=miss, noise=noise)
        except PromiseError:
            if middle > budget.epsilon / 2:
                raise  # no matter how much the labels have
            low = middle  # too little for any label
            continue
        if made.promise.epsilon <= budget.epsilon:
            low, found = middle, made
        else:
            high = middle
    if found is None:
        raise PromiseError(
            f"a number of epsilon {own.epsilon:g} leaves no labels in epsilon {budget.epsilon:g}: give "
            "publish less, or the run more."
        )
    return found


def _whole(said: Mapping[str, Any], name: str, otherwise: int | None = None) -> int:
    given = said.get(name, otherwise)
    if type(given) is not int or not 1 <= given <= MOST:
        told = "is missing" if given is None else f"is {shown(given)}"
        raise DataError(f"{name} {told}: give a whole number from 1 to {MOST:,}.")
    return given


def _number(said: Mapping[str, Any], name: str, otherwise: float) -> float:
    given = said.get(name, otherwise)
    if (found := number_of(given)) is None:
        raise DataError(f"{name} is {shown(given)}: give a number.")
    return found
