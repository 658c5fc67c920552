"""Auditing counts of visits: who is found, what a protection leaves, and what bad input gets."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.audits.door import call

from confide.core.errors import DataError, EvidenceError
from confide.data.commuters import MONDAY, commuters
from confide.games.membership.counts import Aggregates
from confide.inputs.counts import Counts, read_counts
from confide.measure import worst
from confide.mechanisms.statistics.visit_counts import VisitCounts
from confide.report import Table

COLUMNS: dict[str, Any] = {"user": "who", "time": "at", "place": "where"}
A_DAY = 86_400


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    """Two weeks of 200 made-up commuters, and one person who came a month later."""
    made = commuters(rng=np.random.default_rng(0))
    seen = pl.DataFrame({"who": [f"u{p}" for p in made.person], "at": made.time, "where": made.place})
    late = pl.DataFrame({"who": ["late"], "at": [MONDAY + 40 * A_DAY], "where": [3]}, schema=seen.schema)
    return pl.concat([seen, late])


def run(frame: pl.DataFrame, tmp_path, **given: Any):
    return call(
        Counts, frame, **{**COLUMNS, "seed": 3, "cache": tmp_path, "attacks": "inner-product", **given}
    )


def exhibit(audit, title: str, section: int = 0) -> Table:
    return next(e for e in audit.sections[section].exhibits if e.title == title)


def test_plain_counts_give_everybody_away_and_the_report_speaks_of_counting(frame, tmp_path):
    audit = run(frame, tmp_path, targets=200)
    (section,) = audit.sections
    assert section.headline.risk.auc.low > 0.92, "of about 75 people on either side"
    risk, people = section.headline.risk, audit.evidence[0].table["target"].n_unique()
    assert (risk.people, risk.rows) == (people, 200) and people < 150, (
        "people, most of them asked about twice"
    )
    (finding,) = [f for f in audit.report.page["findings"] if f["attack"] == risk.attack]
    assert (finding["targets"], finding["asked"]) == (people, 200)
    assert finding["exposed_count"] < people and finding["control_count"] < people
    assert len(audit.evidence[0]) == 200 and audit.evidence[0].worlds == 10 and audit.evidence[0].randomised
    text = " ".join(audit.report.text().split())
    assert "can tell that the person was counted for" in text and "training data" not in text
    assert "1 people have no visit in the time that is counted" in text
    audit.save(tmp_path / "out")
    rows = pl.read_parquet(tmp_path / "out" / "evidence.parquet")
    assert set(rows["id"]) <= set(frame["who"]) and "late" not in rows["id"]
    seen = exhibit(audit, "Who is found, by how many visits").rows
    assert sum(row[1] for row in seen) == 200 and all(row[2].value > 0.9 for row in seen)


@pytest.mark.slow
def test_noise_hides_people_and_costs_accuracy(frame, tmp_path):
    audit = run(frame, tmp_path, protect=["laplace:10,20", "laplace:1", "at-most:3"])
    rows = {row[0]: row for row in exhibit(audit, "What each protection buys, and what it costs").rows}
    plain, weak, strong, few = rows.values()
    for section, row in zip(audit.sections, (weak, strong, few), strict=True):
        _, risks = worst(tuple(section.evidence.values()), among=section.among)
        assert section.among == 3 and row[2] in [risk.auc for risk in risks]
        assert row[2].confidence == pytest.approx(1 - 0.05 / 3), "corrected for all attacks"
    assert plain[3].value == 0 and plain[4].value == 1, "as they are, all counts are right"
    assert plain[2].low > weak[2].value > strong[2].value and strong[2].low < 0.55
    assert 0 < weak[3].value < strong[3].value and weak[4].value > strong[4].value
    visits = np.bincount(read_counts(Counts(frame, **COLUMNS)).traces.person)
    assert few[3].value == pytest.approx(1 - 3 / visits.mean(), abs=0.05), (
        "3 of a person's visits are counted"
    )
    noisy = audit.sections[1]
    assert noisy.promise.epsilon == 1 and noisy.comparable, "promise and game speak of one person's visits"
    bounds = [section.headline.bound for section in audit.sections]
    assert all(bound.certified and bound.ceiling > 0.9 for bound in bounds), "a larger epsilon would be shown"
    assert all(b.low <= s.promise.epsilon for b, s in zip(bounds, audit.sections, strict=True) if s.promise)


@pytest.mark.slow
def test_commuters_reach_what_was_measured_for_them(frame, tmp_path):
    """ALGORITHMS 2.4: 200 commuters by the hour for a week, groups of 100, at most 30 counts each.

    AUC of the untrained score: .99 raw, .74 +- .07 at epsilon 10, at most .60 at epsilon 1, which are five
    and more standard errors of 800 questions.
    """
    audit = run(frame, tmp_path, protect=["laplace:10,30", "laplace:1,30"], targets=800)
    table = exhibit(audit, "What each protection buys, and what it costs")
    plain, ten, one = (row[2].value for row in table.rows)
    assert plain >= 0.99 and ten == pytest.approx(0.74, abs=0.07) and one <= 0.60


def test_each_world_is_dealt_once_and_counted_once(frame, tmp_path, monkeypatch):
    """Two releases of two groups are four deals, whatever attacks, exhibits, risk and utility ask."""
    dealt: list[int] = []
    counted: list[int] = []
    deal, count = Aggregates.deal, VisitCounts.__call__

    def counting_deal(game, world, *, rng):
        dealt.append(world)
        counted.append(0)
        found = deal(game, world, rng=rng)
        counted.append(1)
        return found

    def counting(mechanism, data, *, rng):
        counted.append(2)
        return count(mechanism, data, rng=rng)

    monkeypatch.setattr(Aggregates, "deal", counting_deal)
    monkeypatch.setattr(VisitCounts, "__call__", counting)
    run(frame, tmp_path, targets=40, protect=["laplace:10"])
    assert sorted(dealt) == [0, 0, 1, 1] and counted == [0, 2, 1] * 4


@pytest.mark.slow
def test_the_public_sees_nobody_and_the_same_seed_gives_the_same_audit(frame, tmp_path):
    settings = {"targets": 80, "attacks": "all"}
    audit = run(frame, tmp_path / "a", **settings)
    public = run(frame, tmp_path / "b", audience="public", **settings)
    assert len(audit.evidence) == 3
    for mine, theirs in zip(audit.evidence, public.evidence, strict=True):
        assert mine.table.equals(theirs.table)
    text = str(public.report.page)
    assert public.targets is None and "have no visit" not in text
    assert not any(f"'{who}'" in text for who in frame["who"].unique())


def test_the_grid_is_the_time_that_is_asked_for_and_the_cells_that_somebody_visited(frame):
    data = read_counts(Counts(frame, **COLUMNS, bin="1d", span="3d", start="2001-09-12"))
    asked = frame.filter(pl.col("at").is_between(MONDAY + 2 * A_DAY, MONDAY + 5 * A_DAY, closed="left"))
    grid = data.grid
    assert (grid.start, grid.bin_s, grid.times) == (MONDAY + 2 * A_DAY, A_DAY, 3)
    assert grid.cells == asked["where"].n_unique() and set(data.people) == set(asked["who"])
    person_days = asked.select("who", "where", day=pl.col("at") // A_DAY).n_unique()
    assert grid.total(data.traces).sum() == person_days


def test_the_busiest_time_is_counted_by_default():
    after = [0, 5 * A_DAY, *(20 * A_DAY + i * 3_600 for i in range(30)), 24 * A_DAY]
    at = [MONDAY + seconds for seconds in after]
    frame = pl.DataFrame({"who": range(len(at)), "at": at, "where": 0})
    grid = read_counts(Counts(frame, **COLUMNS, span="2d")).grid
    assert grid.start == MONDAY + 20 * A_DAY and grid.times == 48


def test_coordinates_are_put_on_cells(tmp_path):
    made = commuters(rng=np.random.default_rng(1))
    lat, lon = made.where[made.place].T
    frame = pl.DataFrame({"who": made.person, "at": made.time, "lat": lat, "lon": lon})
    held = {"user": "who", "time": "at", "lat": "lat", "lon": "lon"}
    fine, coarse = (read_counts(Counts(frame, **held, cell=cell)).grid.cells for cell in ("500m", "2km"))
    assert coarse < fine / 4


@pytest.mark.parametrize(("given", "says"), [
    ({"group": 400}, "ask for a smaller group"),
    ({"group": 0}, "group is 0"),
    ({"known": 1.5}, r"known is 1.5: give a share"),
    ({"targets": 5}, "targets is 5"),
    ({"bin": "2"}, "has no unit"),
    ({"span": "1h", "bin": "1d"}, "too short a span"),
    ({"span": "3000d", "bin": "1min"}, "counts: give a cell"),
    ({"start": "2031-01-01"}, "are 0 counts"),
    ({"start": "noon"}, "no time"),
    ({"place": None}, "nothing says where"),
    ({"user": "whom"}, "'whom'"),
    ({"protect": ["rare:5"]}, "laplace:1,30"),
    ({"protect": ["laplace:0"]}, "epsilon is 0"),
    ({"protect": ["laplace:1,x"]}, "laplace:1,30"),
    ({"protect": ["at-most:5+laplace:1"]}, "nothing can follow at-most:5 or laplace:1"),
])  # fmt: skip
def test_bad_input_is_said_in_a_sentence(frame, tmp_path, given: dict[str, Any], says: str):
    with pytest.raises(DataError, match=says):
        run(frame, tmp_path, **given)
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_an_adversary_that_knows_nobody_else_cannot_play(frame, tmp_path):
    with pytest.raises(EvidenceError, match="other people"):
        run(frame, tmp_path, known=0.0)
