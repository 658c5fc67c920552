"""The table of access and the plot of gradient norms: their order, their sentences, their quantiles."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pytest

from confide.audits.model.access_table import Ahead, Comparison, Rung, access_table, who_is_ahead
from confide.audits.model.gradient_norms import GradientNorms, norms_plot
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure import measure
from confide.measure.risk import RateAt, Risk, Roc
from confide.report import Finding, Plot, Redaction, Section, Table, report

EMPTY = Roc(*(np.zeros(0) for _ in range(4)))


def around(value: float, half: float = 0.02) -> Estimate:
    return Estimate(value, value - half, value + half, 0.99)


def risk(attack: str, access: str, accuracy: Estimate, *, rate: float | None = None, n: int = 1500) -> Risk:
    return Risk(
        attack=attack,
        access=access,
        game="membership, one world",
        exposed=accuracy,
        control=accuracy,
        advantage=accuracy,
        auc=accuracy,
        balanced_accuracy=accuracy,
        tpr_at=tuple(
            RateAt(fpr, None if rate is None else around(rate, rate / 10), n) for fpr in (0.1, 0.01, 0.001)
        ),
        precision_at=(),
        epsilon=(),
        roc=EMPTY,
        threshold=0.0,
        strategy="",
        exposed_count=n,
        control_count=n,
        people=2 * n,
        rows=2 * n,
        worlds=1,
        excluded=0,
        seconds=0.0,
        confidence=0.99,
    )


def rung(attack: str, access: str, accuracy: Estimate, *, conclusive: bool = True, **changes) -> Rung:
    return Rung(means=f"by {attack}", conclusive=conclusive, risk=risk(attack, access, accuracy, **changes))


def interval(low: float, high: float) -> Estimate:
    return Estimate((low + high) / 2, low, high, 0.99)


def said(table: Table | Plot, audience: str = "internal") -> str:
    lines = table.reading if isinstance(table.reading, list) else [table.reading]
    return " ".join(Redaction(audience).texts(lines))


LADDER = (
    rung("loss", "black-box", around(0.58), rate=0.02),
    rung("lira", "black-box", around(0.81), rate=0.335),
    rung("decoder", "white-box", around(0.93), rate=0.75, conclusive=False),
)
RIGHT = (around(0.99, 0.004), around(0.70, 0.016))


@pytest.mark.parametrize(
    ("inside", "outside", "says"),
    [
        ((0.80, 0.90), (0.60, 0.70), "gave more: 85 % (by in) against 65 % (by out) from outside"),
        ((0.60, 0.70), (0.80, 0.90), "gave no more: 65 % (by in) against 85 % (by out) from outside"),
        ((0.60, 0.75), (0.70, 0.90), "overlap: they cannot tell which is ahead"),
        ((0.70, 0.90), (0.60, 0.75), "overlap: they cannot tell which is ahead"),
    ],
)
def test_an_order_is_certain_where_the_intervals_of_the_best_rows_lie_apart(inside, outside, says) -> None:
    rungs = (
        rung("weak", "black-box", interval(0.5, 0.51)),
        rung("out", "black-box", interval(*outside)),
        rung("in", "white-box", interval(*inside)),
    )
    text = said(access_table(Comparison(rungs=rungs)))
    assert says in text
    assert ("with 95 % confidence this is the order" in text) is ("overlap: they" not in says)
    assert text.startswith("In accuracy")
    assert "wrong accusations" not in text  # no rate is resolved: nothing is said of it


def test_the_table_has_a_row_a_kind_of_access_with_its_numbers() -> None:
    table = access_table(Comparison(rungs=LADDER, right=RIGHT))
    assert table.head == (
        "access", "accuracy", "AUC", "members found at 1 in 100", "members found at 1 in 1,000",
    )  # fmt: skip
    assert [row[0] for row in table.rows] == [
        "black-box: by loss (loss)",
        "black-box: by lira (lira)",
        "white-box: by decoder (decoder); not conclusive",
    ]
    for row, r in zip(table.rows, LADDER, strict=True):
        assert row[1:3] == (r.risk.balanced_accuracy, r.risk.auc)
        assert row[3] == r.risk.tpr_at[1].rate
    text = said(table)
    assert "a generalisation gap of 29.0 points (between" in text
    assert "right on 99.0 % (between 98.6 and 99.4 %) of its members" in text
    assert "1,500 members and 1,500 others" in text
    assert "At 1 in 100 wrong accusations, an attack from inside the model gave more: 75 %" in text


def test_a_rate_that_no_row_resolves_has_no_column() -> None:
    bare = tuple(rung(a, access, around(0.6)) for a, access in (("a", "black-box"), ("b", "white-box")))
    assert access_table(Comparison(rungs=bare)).head == ("access", "accuracy", "AUC")


@pytest.mark.slow
def test_every_number_of_the_table_is_in_every_render() -> None:
    rng = np.random.default_rng(1)
    exposed = np.repeat([True, False], 500)
    found = Finding(risk=measure(Evidence.of(exposed, rng.standard_normal(1000) + exposed)))
    table = access_table(Comparison(rungs=LADDER, right=RIGHT))
    made = report([Section(release="x", headline=found, findings=(found,), exhibits=(table,))], seed=7)
    text = re.sub(r"\s+", " ", made.text())
    html = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", made.html())))
    for shown in (text, html):
        assert said(table) in shown
        for row in table.rows:
            assert row[0] in shown
            assert f"{row[1].value:.3f}" in shown and f"{row[3].value:.3f}" in shown


def test_the_public_sees_it_coarsely_and_no_sentence_on_a_handful() -> None:
    """2 % of 240 people are five: that sentence is left out, the others stay."""
    rungs = (
        rung("loss", "black-box", around(0.58), rate=0.02, n=240),
        rung("in", "white-box", around(0.93), rate=0.02, n=240),
    )
    table = access_table(Comparison(rungs=rungs, right=RIGHT))
    inside, public = said(table), said(table, "public")
    assert "At 1 in 100 wrong accusations" in inside and "At 1 in 100 wrong accusations" not in public
    assert "In accuracy, an attack from inside the model gave more: 93 %" in public
    assert "right on 99 % (between 98 and 100 %) of its members" in public
    many = tuple(rung(a, "black-box", around(0.6), n=1233) for a in ("a", "b"))
    assert "the same about 1,200 members" in said(access_table(Comparison(rungs=many)), "public")


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (0.01, 0.05, "0.03 (between 0.01 and 0.05): with 95 % confidence the attack from inside is ahead."),
        (
            -0.05,
            -0.01,
            "-0.03 (between -0.05 and -0.01): with 95 % confidence the attack from outside is ahead.",
        ),
        (-0.01, 0.05, "which may be 0: the audit cannot tell which is ahead."),
    ],
)
def test_the_paired_difference_decides_who_is_ahead(low, high, says) -> None:
    inside, outside = rung("in", "white-box", around(0.55)), rung("out", "black-box", around(0.55))
    pair = Ahead(inside=inside, outside=outside, auc=Estimate((low + high) / 2, low, high, 0.95))
    assert Redaction().text(who_is_ahead(pair)).endswith(says)


def test_the_paired_difference_is_of_the_best_attack_from_each_side() -> None:
    rng, exposed = np.random.default_rng(2), np.repeat([True, False], 400)
    noise = rng.standard_normal(800)
    parts = tuple(
        Evidence.of(exposed, noise + shift * exposed, attack=name)
        for name, shift in (("out", 0.3), ("in", 1.5))
    )
    rungs = tuple(
        Rung(means=f"by {e.attack}", conclusive=True, risk=risk(e.attack, access, measure(e).auc))
        for e, access in zip(parts, ("black-box", "white-box"), strict=True)
    )
    text = said(access_table(Comparison(rungs=rungs, parts=parts)))
    assert "with 95 % confidence the attack from inside is ahead" in text
    assert f"The best AUC from inside the model is {measure(parts[1]).auc.value:.2f}" in text


def test_the_note_says_how_accuracy_is_counted_and_who_was_known() -> None:
    for supervised in (True, False):
        note = said(access_table(Comparison(rungs=LADDER, supervised=supervised)))
        assert "threshold was chosen on one half of these people and its errors counted on the other" in note
        assert ("supervised" in note) is supervised


def course(members: list, others: list) -> GradientNorms:
    norms = np.concatenate([members, others], axis=1)
    who = np.arange(norms.shape[1]) < np.shape(members)[1]
    return GradientNorms(states=("a", "b"), norms=norms, member=who)


def test_bands_are_the_quantiles_of_each_group() -> None:
    """A hundred and one people with norms 1..101: the quantiles are 6, 26, 51, 76, 96."""
    norms = np.arange(1.0, 102.0)
    plot = norms_plot(course([norms, norms / 10], [norms, norms * 10]))
    members, others = plot.lines
    wide, narrow = members.bands
    assert (members.name, others.name) == ("in the training data", "not in it")
    assert (wide.low[0], narrow.low[0], members.y[0], narrow.high[0], wide.high[0]) == (6, 26, 51, 76, 96)
    assert [band.low[1] for band in others.bands] == [60, 260]
    assert members.y == pytest.approx((51, 5.1))
    assert plot.places == ("a", "b") and plot.log_y
    assert (wide.beyond, narrow.beyond, members.beyond) == (5, 25, 50)


def test_bands_rest_on_ten_people_and_a_group_of_fewer_is_not_drawn() -> None:
    nine, many = np.ones((2, 9)), np.full((2, 100), 0.5)
    assert [line.name for line in norms_plot(course(nine, many)).lines] == ["not in it"]
    nobody = norms_plot(course(nine[:, :4], nine))
    assert nobody.lines == () and nobody.why == "there are too few people for a distribution"


def test_a_gradient_of_nothing_can_be_drawn() -> None:
    still = norms_plot(GradientNorms(states=("a", "b"), norms=np.zeros((2, 40)), member=np.arange(40) < 20))
    assert all(y > 0 for line in still.lines for y in line.y)
