"""Auditing answers: who has the secret, what a protection leaves, answers that exist, and bad input."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.audits.door import call

from confide.audits.answers.context import overconfident
from confide.core.errors import DataError, EvidenceError
from confide.inputs.answers import Answers, read_answers
from confide.measure import worst
from confide.report import Table

PEOPLE = 120
HALVES = "What the answers give away"
SOON = "How many answers until people are known"


def people(seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "id": [f"Zed{i}" for i in rng.permutation(PEOPLE)],
            "age": rng.integers(20, 80, PEOPLE),
            "ill": (rng.random(PEOPLE) < 0.3).astype(np.int64),
        }
    )


def halves(frame: pl.DataFrame, count: int = 600) -> pl.DataFrame:
    """Random halves of the people as columns, in another order of rows than the records."""
    rng = np.random.default_rng(1)
    columns = {f"q{i}": rng.integers(0, 2, PEOPLE) for i in range(count)}
    return pl.DataFrame({"id": frame["id"], **columns})[rng.permutation(PEOPLE)]


def answered(frame: pl.DataFrame, asked: pl.DataFrame, noise: float) -> pl.DataFrame:
    bits = asked.select("id").join(frame, on="id", how="left", maintain_order="left")["ill"].to_numpy()
    sums = asked.drop("id").to_numpy().T @ bits
    return pl.DataFrame({"answer": sums + noise * np.random.default_rng(2).normal(size=len(sums))})


FRAME = people()
ASKED = halves(FRAME)


def run(tmp_path: Path, **given: Any):
    usual = {"secret": "ill", "id": "id", "workload": ASKED, "seed": 3, "cache": tmp_path, "targets": 240}
    return call(Answers, FRAME, **{**usual, **given})


def exhibit(audit, title: str, section: int = 0) -> Table:
    return next(e for e in audit.sections[section].exhibits if e.title == title)


def test_exact_answers_give_everybody_away_and_the_report_foretells_it(tmp_path):
    audit = run(tmp_path)
    (section,) = audit.sections
    assert section.headline.risk.auc.value == 1 and audit.evidence[0].randomised
    rows = {row[0]: row for row in exhibit(audit, HALVES).rows}
    assert rows["box-reconstruction"][1].value == 1 and rows["box-reconstruction"][3].value == 1
    assert len(audit.evidence[0]) == 240 and audit.evidence[0].worlds == 2
    text = " ".join(audit.report.text().split())
    assert "can name all people with the secret" in text and "training data" not in text
    assert [row[0] for row in exhibit(audit, SOON).rows] == [
        "1 in 100 of the people known", "5 in 100 of the people known", "half of the people known"
    ]  # fmt: skip
    assert "reworded-queries: the noise belongs to each answer" in text
    assert (section.unit and str(section.unit)) == "what any one row holds in ill"


@pytest.mark.slow
def test_noise_hides_people_costs_accuracy_and_keeps_its_promise(tmp_path):
    protect = ["laplace:1", "gaussian:1,1e-6", "sticky:16,8", "noise:16", "round:4", "suppress:3"]
    audit = run(tmp_path, protect=protect, targets=240)
    rows = {row[0]: row for row in exhibit(audit, "What each protection buys, and what it costs").rows}
    assert rows["as they are"][2].value == 1 and rows["as they are"][3].value == 0
    for section, name in zip(audit.sections, protect, strict=True):
        _, risks = worst(tuple(section.evidence.values()), among=section.among)
        assert rows[name][2] in [risk.auc for risk in risks]
    for i, name in enumerate(protect[:2]):
        section = audit.sections[i]
        assert section.promise.epsilon == 1 and section.comparable
        bound = section.headline.bound
        assert bound.certified and bound.low <= 1 < bound.ceiling
        assert rows[name][2].value < 0.62, "epsilon 1 for 600 answers about 120 people leaves nothing"
    # Someone who can ask in eight other words has the noise of 16 / sqrt(8).
    assert rows["sticky:16,8"][2].low > rows["noise:16"][2].high
    assert rows["sticky:16,8"][3].value == pytest.approx(rows["noise:16"][3].value, rel=0.1)
    assert "reworded-queries" in audit.sections[2].evidence
    # Rounding to multiples of 4 is off by 1 on average: of 0, 1, 2, 3 by 0, 1, 2, 1.
    assert rows["round:4"][3].value == pytest.approx(1.0, abs=0.1) and rows["round:4"][2].value > 0.95
    assert rows["suppress:3"][2].value == 1 and rows["suppress:3"][3].value == 0


@pytest.mark.slow
def test_answers_that_exist_stand_beside_a_blind_adversary_and_the_report_says_why(tmp_path):
    audit = run(tmp_path, answers=answered(FRAME, ASKED, 3.0), noise=3.0)
    (section,) = audit.sections
    assert section.headline.risk.auc.value > 0.97 and not audit.evidence[0].randomised
    assert section.headline.bound is None or not section.headline.bound.certified
    assert section.headline.blind is not None and section.headline.blind.high > 0.4
    rows = exhibit(audit, HALVES).rows
    assert rows[-1][0] == "blind: by other columns" and 0.3 < rows[-1][4].value < 0.7, "the coin is fair"
    text = " ".join(audit.report.text().split())
    assert "Nobody can be held out of answers that exist" in text
    assert "epsilon >=" not in text and not audit.report.page["sections"][0]["labels"]["bounds"]


def test_a_secret_that_goes_with_other_columns_is_told_by_the_blind_too(tmp_path):
    told = FRAME.with_columns(ill=(pl.col("age") > 60).cast(pl.Int64))
    bits = told["ill"].to_numpy()
    asked = {"workload": ["age > 30", "age > 50"], "answers": pl.DataFrame(
        {"answer": [bits[told["age"].to_numpy() > a].sum() for a in (30, 50)]})}  # fmt: skip
    audit = call(Answers, told, secret="ill", id="id", seed=3, cache=tmp_path, **asked)
    assert audit.sections[0].headline.blind.low > 0.9
    assert "cannot say what the release gives away" in audit.report.page["sections"][0]["headline"]


def test_the_same_text_and_the_same_answer_show_sticky_noise(tmp_path):
    """Each query was asked twice, and got the same noisy answer: that is no second measurement."""
    lines = [f"age > {a}" for a in range(20, 80)] * 2
    has, age = FRAME["ill"].to_numpy(), FRAME["age"].to_numpy()
    sums = np.tile([has[age > a].sum() for a in range(20, 80)], 2)
    answers = pl.DataFrame(
        {"query": lines, "answer": sums + np.tile(np.random.default_rng(0).normal(size=60), 2)}
    )
    data = read_answers(Answers(FRAME, secret="ill", id="id", answers=answers, noise=1.0))
    assert data.released is not None and data.released.wording is not None
    assert len(np.unique(data.released.wording)) < len(data.released) / 2 + 1


def test_too_few_answers_are_said_to_be_of_no_use(tmp_path):
    audit = run(tmp_path, workload=["age > 40", "age > 60", "select count(*) from p where age > 50"])
    text = " ".join(audit.report.text().split())
    assert "With 2 answers fewer than 1 in 100 people are foretold to be known." in text
    assert "never, by queries like these" in text
    assert "1 of 3 queries do not depend on the secret" in text


@pytest.mark.slow
def test_the_public_sees_nobody_and_the_same_seed_gives_the_same_audit(tmp_path):
    audit = run(tmp_path / "a", noise=4.0)
    audit.save(tmp_path / "out")
    assert set(pl.read_parquet(tmp_path / "out" / "evidence.parquet")["id"]) == set(FRAME["id"])
    public = run(tmp_path / "b", noise=4.0, audience="public")
    for mine, theirs in zip(audit.evidence, public.evidence, strict=True):
        assert mine.table.equals(theirs.table)
    assert public.targets is None and "Zed" not in str(public.report.page)


def test_text_and_truth_values_and_one_of_several_are_secrets(tmp_path):
    ill = FRAME["ill"].to_numpy()
    frame = FRAME.with_columns(
        word=pl.Series(np.where(ill == 1, "yes", "no")),
        truth=pl.Series(ill == 1),
        several=pl.Series(np.where(ill == 1, "flu", np.where(FRAME["age"].to_numpy() > 50, "none", "cold"))),
    ).drop("ill")
    lines = {
        "word": "select count(*) from p where word = 'yes' and age > 30",
        "truth": "select sum(truth) from p where age > 30",
        "several": "select count(*) from p where several = 'flu' and age > 30",
    }
    expected = (FRAME["age"] > 30).to_numpy()
    for secret, line in lines.items():
        having = "flu" if secret == "several" else None
        data = read_answers(Answers(frame, secret=secret, having=having, workload=[line]))
        assert (data.bits == (ill == 1)).all()
        assert (data.workload.subsets.members(0, 1)[:, 0] == expected).all()


FEW = ["age > 30", "age > 40", "age > 50"]
GIVEN = answered(FRAME, ASKED, 0.0)


@pytest.mark.parametrize(("given", "says"), [
    ({"workload": None}, "nothing says what is asked"),
    ({"secret": "sick"}, "no column 'sick': it has id, age, ill"),
    ({"secret": "age", "id": None}, "one of 5[0-9] values, and two values are needed"),
    ({"secret": "id"}, "both 'id'"),
    ({"having": "2"}, "never '2': it is 1, 0"),
    ({"workload": "no.sql"}, "does not exist"),
    ({"workload": ["age > 3", "age like 3"]}, "workload, line 2: age LIKE 3"),
    ({"workload": ["select count(*) from p where age > 3"]}, "no query of workload depends on 'ill'"),
    ({"workload": ASKED.drop("id")[:50], "id": None}, "50 rows for 120 people"),
    ({"workload": ASKED, "id": None}, "ids of the records too"),
    ({"noise": -1.0}, "noise is -1.0"),
    ({"targets": 5}, "targets is 5"),
    ({"protect": ["rare:5"]}, "laplace:1"),
    ({"protect": ["laplace:0"]}, "epsilon is 0"),
    ({"protect": ["gaussian:1"]}, "delta is missing"),
    ({"protect": ["laplace:1+round:5"]}, "nothing can follow laplace:1 or round:5"),
    ({"protect": ["suppress:900"], "workload": ["age > 70"]}, "leaves nothing"),
    ({"answers": GIVEN, "protect": ["laplace:1"]}, "leave out --answers"),
    ({"answers": GIVEN[:5]}, "5 answers to the 600 queries"),
    ({"answers": GIVEN, "workload": None}, "column `query`"),
    ({"answers": GIVEN.with_columns(answer=pl.col("answer") + 0.5)}, r"query 1 \(q0\) .* never a fraction"),
    ({"answers": GIVEN.with_columns(answer=-pl.col("answer") - 1)}, "never negative"),
    ({"answers": GIVEN.reverse()}, "are not what the records say"),
    ({"answers": answered(FRAME, ASKED, 9.0), "noise": 1.0}, "off from the records by about"),
    ({"answers": pl.DataFrame({"answer": [3, 4]}), "workload": ["age > 30", "age >= 31"]},
     "count the same people, and their answers differ"),
    ({"answers": GIVEN.with_columns(query=pl.lit("q0"))}, "which is one query of"),
])  # fmt: skip
def test_bad_input_is_said_in_a_sentence(tmp_path, given: dict[str, Any], says: str):
    with pytest.raises(DataError, match=says):
        run(tmp_path, **given)
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_under_a_promise_nothing_is_foretold_and_it_is_said_why(tmp_path):
    audit = run(tmp_path, protect=["laplace:1", "noise:40"], attacks="box-reconstruction", workload=FEW)
    promised, noisy = audit.sections[:2]
    assert SOON not in [e.title for e in promised.exhibits] and SOON in [e.title for e in noisy.exhibits]
    assert any("more queries would get more noise each" in note for note in promised.notes)
    assert not any("The forecast says" in note for note in promised.notes)
    assert "none of the people are foretold" in exhibit(audit, SOON, 1).reading


def test_the_forecast_says_what_coins_change(tmp_path):
    """All 120 people get a coin, so half have the secret, and fewer of them are foretold."""
    audit = run(tmp_path, protect=["noise:4"], attacks="box-reconstruction", workload=ASKED[:, :200])
    said = exhibit(audit, SOON).reading
    assert "so that 50 in 100 have it" in said
    shares = [int(x) / 100 for x in re.findall(r"(\d+) in 100 of the people are foretold", said)]
    known = exhibit(audit, HALVES).rows[0][2]
    # The law of linear estimates is a little short of what the box finds.
    assert shares[1] < shares[0] and abs(shares[1] - known.value) < 0.1


@pytest.mark.parametrize(("name", "said"), [("other", True), ("PEOPLE", False), ("records", False)])
def test_another_name_of_the_records_is_said_to_be_ignored(name, said):
    data = read_answers(Answers(FRAME, secret="ill", id="id", workload=[f"select sum(ill) from {name}"]))
    assert any("the name is ignored" in note for note in data.notes) == said


def test_a_part_of_the_rows_in_another_order_keeps_no_limit(tmp_path):
    """A third of the people's rows stand elsewhere, and the stated noise is what that looks like."""
    ids, part = ASKED["id"].to_list(), np.arange(40)
    order = [*np.roll(part, 7).tolist(), *range(40, PEOPLE)]
    moved = ASKED.with_columns(id=pl.Series([ids[i] for i in order]))
    noise = float(np.std((answered(FRAME, moved, 0.0) - GIVEN)["answer"].to_numpy()))
    audit = run(tmp_path, answers=GIVEN, workload=moved, noise=noise, limits=["auc=0.999"])
    assert audit.verdict == "not settled"
    assert "whether the answers belong to these records" in " ".join(audit.report.text().split())


def test_a_tenth_of_made_up_answers_does_not_hide_anybody_and_the_report_says_so(tmp_path):
    rng = np.random.default_rng(4)
    wrong = pl.Series(rng.random(len(GIVEN)) < 0.1)
    made_up = pl.Series(rng.integers(0, PEOPLE, len(GIVEN)).astype(np.float64))
    given = GIVEN.with_columns(answer=pl.when(wrong).then(made_up).otherwise(pl.col("answer")))
    audit = run(tmp_path, answers=given, limits=["auc=0.65"])
    assert audit.verdict == "exceeded"
    # The others are exact, and more than enough: by Dwork, McSherry and Talwar nobody is hidden.
    assert audit.sections[0].headline.risk.auc.value == 1
    assert "the others are exact" in " ".join(audit.report.text().split())


def test_certain_claims_of_which_half_are_wrong_settle_nothing(tmp_path):
    (found, *_) = run(tmp_path).evidence
    assert overconfident([found], exist=True) == {}, "all are right"
    for share, doubted in ((0.05, False), (0.5, True)):
        turned = np.where(np.arange(len(found)) < share * len(found), -1.0, 1.0)
        wrong = replace(found, table=found.table.with_columns(score=pl.col("score") * pl.Series(turned)))
        assert bool(overconfident([wrong], exist=True)) == doubted
        told = " ".join(overconfident([wrong], exist=False).values())
        assert "Check the order" not in told and bool(told) == doubted, "confide made these answers itself"


def test_an_attack_that_cannot_play_is_said(tmp_path):
    with pytest.raises(EvidenceError, match="noise belongs to each answer"):
        run(tmp_path, attacks="reworded-queries")
