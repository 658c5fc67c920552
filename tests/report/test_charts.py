"""Charts are tested by what they would draw, and once by what was drawn."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.stats import norm

from confide.core.errors import DataError
from confide.core.evidence import Evidence
from confide.core.language import t, written_in
from confide.report import Line, Plot, page
from confide.report.charts import CHARTS, draw, figure, specification
from confide.report.charts.draw import INKS
from confide.report.charts.lines import line_records
from confide.report.charts.points import score_records, worst_off_records, worst_off_table, worst_off_tied
from confide.report.charts.words import SHOWN
from confide.report.exhibit_records import exhibit_record
from confide.report.redaction import Redaction

SAID = {
    "roc": "student",
    "scores": "in the training data",
    "worst_off": "fewer than 1 in 100",
    "epsilon": "at least 2.94",
    "curve": "1e-4",
    "lines": "coarse",
}


def charts(make, mu=1.9, **kw):
    audience = kw.pop("audience", "internal")
    return {
        c["name"]: c["records"] for c in page([make.section(mu, **kw)], seed=1, audience=audience)["charts"]
    }


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_file_holds_no_data_and_only_known_inks(name):
    text = json.dumps(specification(name))
    assert '"data"' not in text and "url" not in text.replace("vega.github.io", "")
    inks = {part[:7] for part in text.split('"') if part.startswith("#")}
    assert inks <= set(INKS)


def test_roc_records_keep_the_curve_and_stay_small(make):
    records = charts(make)["roc"]
    line = [r for r in records if r["part"] == "line" and r["line"] == "lira"]
    assert 2 <= len(line) <= 200
    risk = make.risk(1.9)
    for r in line:  # each point is on the curve it was thinned from
        assert r["tpr"] == pytest.approx(float(np.interp(r["fpr"], risk.roc.fpr, risk.roc.tpr)), rel=1e-3)
    assert [r["rank"] for r in line] == [0] * len(line)
    assert {r["attack"] for r in records if r["part"] == "line"} == {
        "lira",
        "rmia",
        "student",
        "qmia",
        "other attacks",
    }
    assert min(r["fpr"] for r in records) >= 0.001  # 3,000 controls resolve 0.1 %, not 0.01 %


def test_public_curves_rest_on_ten_people_or_more(make):
    for r in charts(make, audience="public")["roc"]:
        if r["part"] == "line":
            assert round(r["fpr"] * 3000) >= 10 and round(r["tpr"] * 3000) >= 10


def test_score_records_are_shares_that_add_up(make):
    records = charts(make)["scores"]
    for group in ("in the training data", "not in it"):
        mine = [r for r in records if r["group"] == group]
        assert [r["from"] for r in mine] == pytest.approx(np.arange(40) / 40)
        assert sum(r["share"] for r in mine) == pytest.approx(1, abs=1e-3)
        # as many members as others: a pair's steps add up to 1 / 40 of all, and the mean place is the AUC's
        mean = sum(r["share"] * (r["from"] + r["to"]) / 2 for r in mine)
        sign = 1 if group == "in the training data" else -1
        assert mean == pytest.approx(0.5 + sign * (float(norm.cdf(1.9 / 2**0.5)) - 0.5) / 2, abs=0.002)


def shares(records, group):
    return [r["share"] for r in records if r["side"] == group]


@pytest.mark.parametrize("score", [0.0, -np.inf])
def test_people_of_one_score_stand_evenly(score):
    exposed = np.repeat([True, False], [20, 13])
    records = score_records(Evidence.of(exposed, np.full(33, score)), redaction=Redaction())
    assert [r["share"] for r in records] == pytest.approx([1 / 40] * 80)


def test_ranks_match_a_count_by_hand():
    """400 people, ten a step: the top 40 are members but for 5 others, tied with the last 5 of them."""
    score = np.concatenate([np.full(35, 2.0), np.full(5, 1.0), np.zeros(160), np.full(5, 1.0), np.zeros(195)])
    records = score_records(Evidence.of(np.repeat([True, False], 200), score), redaction=Redaction())
    members, others = shares(records, "exposed"), shares(records, "control")
    assert members[-3:] == pytest.approx([10 / 200] * 3)
    # the 36th to 45th person share one score: half of them, spread evenly, are members
    assert (members[-4], members[-5]) == pytest.approx(
        ((5 + 2.5) / 200, (2.5 + 5 * 160 / 355) / 200), rel=1e-4
    )
    assert (others[-4], others[-5]) == pytest.approx((2.5 / 200, (2.5 + 5 * 195 / 355) / 200), rel=1e-4)


def test_long_tails_do_not_hide_a_leak_and_guessing_is_flat():
    """Log-normal tails over 60 decades: the order, and so the chart, is that of the plain scores."""
    q = norm.ppf((np.arange(2000) + 0.5) / 2000)
    exposed = np.repeat([True, False], 2000)
    plain = score_records(Evidence.of(exposed, np.concatenate([q + 2, q])), redaction=Redaction())
    tails = score_records(
        Evidence.of(exposed, -np.exp(-20 * np.concatenate([q + 2, q]))), redaction=Redaction()
    )
    assert tails == plain
    assert shares(tails, "exposed")[-1] > 0.045 > 0.005 > shares(tails, "control")[-1]
    none = score_records(Evidence.of(exposed, -np.exp(-20 * np.concatenate([q, q]))), redaction=Redaction())
    assert [r["share"] for r in none] == pytest.approx([1 / 40] * 80, abs=0.001)


@pytest.mark.parametrize("n", [15, 120, 3000])
def test_public_score_steps_rest_on_ten_people_and_are_blurred_by_as_many(make, n):
    evidence = make.evidence(1.0, n=n)
    public = score_records(evidence, redaction=Redaction("public"))
    exact = score_records(evidence, redaction=Redaction())
    assert len(public) == 40  # 20 steps, each two of the 40
    for at, r in enumerate(public):
        count = (exact[2 * at]["share"] + exact[2 * at + 1]["share"]) * n
        if 0.01 < count < 9.99:
            assert r["share"] is None
        if r["share"] is not None:
            step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1) if s == 1 or s * n >= 10)
            assert r["share"] / step == pytest.approx(round(r["share"] / step), abs=1e-3)
    assert n > 120 or any(r["share"] is None for r in public)
    assert n < 3000 or any(r["share"] for r in public)


def test_who_is_worst_off_matches_a_count_by_hand():
    controls = np.arange(1000.0)  # control i has score i
    exposed = np.array(
        [2000.0, 995.5, 950.5, 500.5]
    )  # 0, 4, 49, 499 controls look at least as much like members
    evidence = Evidence.of(np.repeat([True, False], [4, 1000]), np.concatenate([exposed, controls]))
    records = worst_off_records(evidence, redaction=Redaction())
    assert [r["share"] for r in records] == [0.25, 0.25, 0.25, 0.25]
    assert [r["guess"] for r in records] == pytest.approx([0.001, 0.009, 0.09, 0.9])
    table = worst_off_table(evidence, redaction=Redaction())
    assert [r["target"] for r in table] == [0, 1, 2, 3]
    assert [r["lookalikes"] for r in table] == pytest.approx(
        [1 / 1001, 5 / 1001, 50 / 1001, 500 / 1001], rel=1e-5
    )
    assert worst_off_tied(evidence, redaction=Redaction()) == 0
    assert worst_off_table(evidence, redaction=Redaction("public")) == []
    assert [r["share"] for r in worst_off_records(evidence, redaction=Redaction("public"))] == [None] * 4


def test_a_list_of_the_most_exposed_says_how_many_tie_with_its_last():
    # 4, then 9 equal ones, all above every control: 10 are shown, and the 3 left out tie with the last.
    scores = np.concatenate([np.full(4, 1007.0), np.full(9, 1006.0), np.full(5, 500.5), np.arange(1000.0)])
    evidence = Evidence.of(np.repeat([True, False], [18, 1000]), scores)
    assert len(worst_off_table(evidence, redaction=Redaction())) == 10
    assert worst_off_tied(evidence, redaction=Redaction()) == 3
    assert worst_off_tied(evidence, redaction=Redaction(), most=4) == 9  # both are above every control
    assert worst_off_tied(evidence, redaction=Redaction(), most=13) == 0
    assert worst_off_tied(evidence, redaction=Redaction("public")) == 0


def test_without_information_the_worst_off_are_what_guessing_gives(make):
    for r in worst_off_records(make.evidence(0.0), redaction=Redaction()):
        assert r["share"] == pytest.approx(r["guess"], abs=0.002)


def test_epsilon_records_say_promised_shown_ceiling(make):
    records = charts(make, promise=make.Budget(4.0, 1e-5))["epsilon"]
    assert [(r["what"], r["value"]) for r in records] == [
        ("promised", 4.0),
        ("shown", pytest.approx(2.94)),
        ("could have shown", 6.8),
    ]
    assert charts(make)["epsilon"][0] == {"what": "promised", "value": None, "text": "nothing"}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHARTS)
def test_an_svg_scales_takes_the_pages_colours_and_can_be_read_aloud(make, name):
    drawn = {c["name"]: c["records"] for c in page([make.white()], seed=1)["charts"]}
    line = Line(name="coarse", x=(1, 2), y=(0.5, 0.7))
    plot = Plot(title="t", reading="r", x_title="x", y_title="y", lines=(line,))
    drawn["lines"] = line_records(exhibit_record(plot, redaction=Redaction()))
    records = drawn[name]
    svg = draw(name, records, title="A <b>title</b>", description='of "x" & y', key="a 1")
    root = ElementTree.fromstring(svg.replace("xlink:", ""))
    assert "width" not in root.attrib and root.get("viewBox") and root.get("role") == "img"
    space = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{space}title").text == "A <b>title</b>"
    assert (
        root.get("aria-labelledby")
        == f"{root.find(f'{space}title').get('id')} {root.find(f'{space}desc').get('id')}"
    )
    assert "var(--" in svg and not any(f'"{ink}"' in svg for ink in INKS)
    assert "NaN" not in svg and "undefined" not in svg
    texts = {t.text for t in root.iter(f"{space}text")}
    assert SAID[name] in texts


def test_the_same_records_give_the_same_svg(make):
    """The engine numbers its clip paths through the whole process; the file must not."""
    records = charts(make)["roc"]
    assert draw("roc", records, title="t", description="d") == draw(
        "roc", records, title="t", description="d"
    )


def test_a_hostile_name_is_text_in_a_chart(make):
    records = charts(make)["roc"]
    evil = [r | {"attack": "<script>alert(1)</script>"} if r["part"] == "line" else r for r in records]
    svg = draw("roc", evil, title="t", description="d")
    assert "<script" not in svg and "&lt;script&gt;" in svg


def test_an_unknown_chart_is_refused():
    with pytest.raises(DataError, match="roc, scores"):
        figure("pie", [])


def test_the_longest_label_of_epsilon_has_room_in_any_font():
    """A browser's letters may be wider than those that the drawing was measured with: 6.2 units each."""
    shown = [{"what": "promised", "value": None, "text": "nothing"}] + [
        {"what": what, "value": 4.2, "text": "at least 4.13"} for what in ("shown", "could have shown")
    ]
    svg = draw("epsilon", shown, title="t", description="d")
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
    frame = float(re.search(r"translate\(([\d.]+),", svg)[1])
    ends = [float(x) for x in re.findall(r"translate\(([\d.]+),[^>]*>at least 4.13<", svg)]
    assert len(ends) == 2
    assert frame + max(ends) + 6.5 * len("at least 4.13") <= width


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_names_of_bars_have_room_in_every_language(language):
    """Seven pixels a letter: a browser's own font is wider than the one that the drawing is measured with."""
    axis = specification("epsilon")["layer"][0]["encoding"]["y"]["axis"]
    with written_in(language):
        longest = max(len(t(name)) for name in SHOWN)
    assert 7 * longest <= axis["minExtent"] + 4 and 7 * longest <= axis["labelLimit"]
