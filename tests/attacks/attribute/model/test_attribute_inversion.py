"""Attribute inversion against Bayes' rule by a loop, and imputation beside it where the model adds little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from confide.attacks.attribute.model import AttributeInversion, Imputation
from confide.attacks.attribute.model.attribute_inversion import confusion
from confide.core.nouns import Case
from confide.knowledge.inferring import InferringKnowledge
from confide.views.records import Records

RNG = np.random.default_rng


@dataclass(frozen=True)
class Rule:
    """Says 1 where the secret and the first feature agree in sign."""

    def labels(self, x):
        held = x.to_numpy() if isinstance(x, pl.DataFrame) else x
        return ((held[:, 0] > 0) == (held[:, 1] > 0)).astype(np.int64)


def people(n: int, seed: int) -> Records:
    rng = RNG(seed)
    x = rng.standard_normal((n, 3))
    x[:, 1] = rng.choice([-1.0, 1.0, 2.0], n, p=[0.5, 0.3, 0.2])
    y = np.where(rng.random(n) < 0.8, Rule().labels(x), rng.integers(2, size=n))
    return Records(x, y)


def test_the_claim_is_bayes_rule_by_a_loop() -> None:
    others, targets, values = people(200, 0), people(50, 1), (-1.0, 1.0, 2.0)
    known = InferringKnowledge(1, values, others)
    shown = Records(known.with_value(targets.x, -1.0), targets.y)
    guess = AttributeInversion()(Case(Rule(), known, shown), rng=RNG(0))
    assert guess.value is not None
    said = Rule().labels(others.x)
    for i in range(50):
        weight = []
        for v in values:
            share = (sum(o == v for o in others.x[:, 1]) + 1) / (200 + 3)
            says = int((targets.x[i, 0] > 0) == (v > 0))
            same = [others.y[j] for j in range(200) if said[j] == says]
            weight.append(share * (same.count(targets.y[i]) + 1) / (len(same) + 2))
        best = int(np.argmax(weight))
        assert guess.value[i] == best
        assert np.isclose(guess.score[i], np.log(weight[best] / (sum(weight) - weight[best])))


def test_a_frame_gives_the_same_as_an_array() -> None:
    others, targets, values = people(200, 0), people(50, 1), (-1.0, 1.0, 2.0)
    frames = [Records(pl.DataFrame(np.asarray(r.x), schema=["a", "s", "b"]), r.y) for r in (others, targets)]
    for attack in (AttributeInversion(), Imputation()):
        one = attack(Case(Rule(), InferringKnowledge(1, values, others), targets), rng=RNG(0))
        other = attack(Case(Rule(), InferringKnowledge("s", values, frames[0]), frames[1]), rng=RNG(0))
        assert one.value is not None and (one.value == other.value).all()


def test_a_model_that_adds_something_beats_imputation_and_one_that_adds_nothing_does_not() -> None:
    """The label agrees with the model's rule 9 times in 10, so the sign of the secret follows from it.

    Imputation sees the label too, and trees find the rule from 2,000 people; from 40 they do not, and the
    model does. Of 2,000 claims the standard error is .011.
    """
    targets, values = people(2_000, 1), (-1.0, 1.0, 2.0)

    def right(attack, many: int) -> float:
        known = InferringKnowledge(1, values, people(many, 0))
        guess = attack(Case(Rule(), known, targets), rng=RNG(0))
        return float((guess.value == known.codes(targets.x)).mean())

    assert right(AttributeInversion(), 40) > right(Imputation(), 40) + 0.05
    assert abs(right(AttributeInversion(), 2_000) - right(Imputation(), 2_000)) < 0.05


def test_a_class_that_was_never_named_is_taken_to_be_right() -> None:
    found = confusion(np.array([0, 0, 0]), np.array([0, 0, 1]), 3)
    assert np.allclose(found.sum(axis=1), 1)
    assert np.allclose(found[0], [3 / 6, 2 / 6, 1 / 6]) and found[2, 2] > 0.9
