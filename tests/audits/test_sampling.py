"""Samples for costly attacks: who is asked, what is said of it, and that none settles what it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

import confide
from confide.attacks.membership import MODEL, LabelOnlyVotes
from confide.audits.model.sampling import drawn, questions
from confide.core.errors import DataError
from confide.report import Limit
from confide.report.settling import cannot_settle
from confide.report.verdict import ORDER, judge

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3_000, 6))
Y = (X[:, 0] + RNG.standard_normal(3_000) > 0).astype(np.int64)
IN, OUT = (X[:2_000], Y[:2_000]), (X[2_000:], Y[2_000:])
TREE = DecisionTreeClassifier(random_state=0).fit(*IN)
MEMBER = np.arange(300_000) < 200_000
SURE = 1 - 0.05 / len(MODEL)


def audit(tmp_path: Path, **options: object) -> confide.Audit:
    given = {"sample": 400, "references": 0, **options}
    record = {name: given.pop(name) for name in ("sample", "references")}
    held = confide.Model(TREE, members=IN, nonmembers=OUT, **record)  # type: ignore[arg-type]
    return confide.audit(held, cache=tmp_path / "cache", **{"attacks": "loss,label-only", **given})  # type: ignore[arg-type]


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_half_of_a_sample_is_members_and_it_has_a_stream_of_its_own() -> None:
    found = drawn(MEMBER, None, (), confidence=SURE, rng=rng())
    assert found is not None and len(found) == len(np.unique(found)) == 10_000
    assert MEMBER[found].sum() == 5_000
    again = drawn(MEMBER, None, (), confidence=SURE, rng=rng())
    other = drawn(MEMBER, None, (), confidence=SURE, rng=np.random.default_rng(6))
    assert (found == again).all() and (found != other).any()


def test_a_small_side_is_asked_whole_and_nobody_is_sampled_from_few() -> None:
    few = np.arange(50_000) < 49_400
    found = drawn(few, 2_000, (), confidence=SURE, rng=rng())
    assert found is not None and (few[found].sum(), (~few[found]).sum()) == (1_400, 600)
    assert drawn(few[:9_000], None, (), confidence=SURE, rng=rng()) is None
    assert drawn(MEMBER, 0, (), confidence=SURE, rng=rng()) is None


@pytest.mark.parametrize("limit", ["tpr@0.001=0.01", "tpr@0.0001=0.01", "tpr@0.01=0.05", "auc=0.6"])
def test_the_usual_sample_can_settle_every_limit_that_all_records_can(limit: str) -> None:
    one = Limit.parse(limit)
    found = drawn(MEMBER, None, [one], confidence=SURE, rng=rng())
    asked = MEMBER if found is None else MEMBER[found]
    inside, outside = asked.sum(), (~asked).sum()
    assert not cannot_settle(one, exposed=int(inside), control=int(outside), confidence=SURE)
    # And no larger than it takes: twice as many, or the usual number.
    if found is not None and len(found) > 10_000:
        assert cannot_settle(one, exposed=int(inside) // 2, control=int(outside) // 2, confidence=SURE)


def test_each_person_is_drawn_as_often_as_another() -> None:
    member = np.arange(40) < 30
    times = np.zeros(40)
    for seed in range(2_000):
        found = drawn(member, 10, (), confidence=SURE, rng=np.random.default_rng(seed))
        assert found is not None
        times[found] += 1
    # 5 of 30 and 5 of 10; a count is five standard deviations off with probability 6e-7, one of 40 with 3e-5.
    for side, share in ((member, 5 / 30), (~member, 5 / 10)):
        sd = (2_000 * share * (1 - share)) ** 0.5
        assert (abs(times[side] - 2_000 * share) < 5 * sd).all()


def test_a_sampled_attack_scores_those_people_as_if_they_alone_had_been_asked(tmp_path: Path) -> None:
    # Without noisy questions the score is whether the model is right; asks is 1 then, and nobody is sampled.
    assert questions(LabelOnlyVotes(queries=0)) == 1
    done = audit(tmp_path, attacks=[LabelOnlyVotes(queries=1, strength=1e-9)])
    rows = done.evidence[0].table
    assert len(rows) == 400 and rows["exposed"].sum() == 200 and done.evidence[0].sample_of == 3_000
    who = done.targets
    assert who is not None
    where = rows.join(who, on="target", how="left")
    x, y = (np.concatenate(part) for part in zip(IN, OUT, strict=True))
    at = np.where(where["exposed"], 0, 2_000) + where["row"].to_numpy() - 1
    # Noise of next to nothing changes no answer of a tree: the score is twice whether it is right.
    assert (rows["score"].to_numpy() == 2 * (TREE.predict(x[at]) == y[at])).all()


def test_it_is_said_who_was_asked_and_the_public_gets_no_exact_count(tmp_path: Path) -> None:
    done = audit(tmp_path, sample=444)
    (note,) = done.sections[0].notes
    assert "33 questions" in note and "222 members and 222 others of 3,000 records" in note
    asked = {f.risk.attack: f.risk.people for f in done.sections[0].findings}
    assert asked == {"loss": 3_000, "label-only": 444}
    public = audit(tmp_path, audience="public", sample=444)
    assert "222" not in json.dumps(public.report.page)
    assert not audit(tmp_path, sample=0).sections[0].notes


def test_everybody_is_among_those_exposed_though_the_headline_asked_a_sample(tmp_path: Path) -> None:
    done = audit(tmp_path)
    assert done.sections[0].headline.risk.attack in ("loss", "label-only")
    assert done.exposed.height == done.exposed["target"].n_unique() == 2_000


def test_a_sample_never_makes_a_verdict_better_and_settles_nothing_that_it_cannot(tmp_path: Path) -> None:
    alone = audit(tmp_path, attacks="loss")
    both = audit(tmp_path, sample=100)
    for text in ("tpr@0.01=0.05", "tpr@0.01=0.9", "auc=0.7", "auc=0.99", "advantage=0.5", "tpr@0.1=0.99"):
        limit = Limit.parse(text)
        without = judge(alone.sections[0].findings, [limit]).ruling
        ruled = judge(both.sections[0].findings, [limit]).ruling
        assert ORDER.index(ruled) <= ORDER.index(without), text
    # Fifty others measure no rate at 1 in 100: that attack cannot say "within", whatever it found.
    sampled = [f for f in both.sections[0].findings if f.risk.attack == "label-only"]
    assert judge(sampled, [Limit.parse("tpr@0.01=0.9")]).ruling == "not settled"


def test_a_size_that_is_none_is_refused() -> None:
    with pytest.raises(DataError, match="sample is -1: give 1 or more records, or 0 to ask about all"):
        confide.Model(TREE, members=IN, nonmembers=OUT, sample=-1)
