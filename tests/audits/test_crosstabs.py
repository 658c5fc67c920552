"""Auditing published tables: what is proved, what is measured, and what bad input gets."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from tests.attacks.reconstruction.crosstabs.naive import fitting, made
from tests.audits.door import call

from confide.audits.crosstabs import read as read_door
from confide.audits.settings import Settings
from confide.cli import main
from confide.core.errors import DataError
from confide.inputs.crosstabs import Crosstabs
from confide.report import Limit, Table, judge_section
from confide.views.crosstabs import Crosstabs as View
from confide.views.table import Table as People

SIZES = (6, 8, 5)


def people(n: int = 20, seed: int = 0) -> People:
    return made(np.random.default_rng(seed), people=n, sizes=SIZES)


def frame_of(records: People) -> pl.DataFrame:
    return pl.DataFrame({name: [str(c) for c in records.low[:, i]] for i, name in enumerate(records.names)})


def counted(records: People, *columns: str, total: bool = True) -> pl.DataFrame:
    frame = frame_of(records).group_by(*columns).len("count").cast({"count": pl.Int64}).sort(*columns)
    if not total:
        return frame
    every = pl.DataFrame({**{c: ["Total"] for c in columns}, "count": [len(records)]})
    return pl.concat([frame, every])


def tables(records: People) -> list[pl.DataFrame]:
    return [
        counted(records, "c0", "c1"),
        counted(records, "c1", "c2"),
        counted(records, "c0", "c2", total=False),
    ]


def run(given: Any, tmp_path: Path, **settings: Any):
    return call(Crosstabs, given, **{"seed": 3, "cache": tmp_path / "cache", "seconds": 20.0, **settings})


def exhibit(audit: Any, title: str, section: int = 0) -> Table:
    return next(e for e in audit.sections[section].exhibits if e.title == title)


def test_what_is_proved_is_what_all_data_sets_have(tmp_path: Path) -> None:
    """Against every data set of five people that fits, by trying them all."""
    some = made(np.random.default_rng(10), people=5, sizes=(2, 3, 2))
    given = [counted(some, "c0", "c1"), counted(some, "c1", "c2")]
    audit = run(given, tmp_path, different="c0,c2")
    (section,) = audit.sections
    sets = list(fitting(View.of(some, [("c0", "c1"), ("c1", "c2")]), 5))
    always = sets[0]
    for one in sets:
        always = Counter({row: min(n, one[row]) for row, n in always.items()})
    assert section.proof is not None and 0 < section.proof.records == sum(always.values()) < 5
    rows = {tuple(map(int, row[:3])): int(row[3]) for row in exhibit(audit, "The proved records").rows}
    order = [f"c{i}" for i in range(3)]
    assert exhibit(audit, "The proved records").head[:3] == tuple(order)
    assert rows == {row: n for row, n in always.items() if n}
    assert audit.exposed.select(*order, "people").height == len(rows)


def test_without_people_proofs_stand_by_themselves(tmp_path: Path) -> None:
    audit = run(tables(people()), tmp_path, limits=["proved=0.5"])
    (section,) = audit.sections
    proof = section.proof
    assert proof is not None and proof.people == 20 and not proof.checked and not section.evidence
    assert audit.verdict == ("exceeded" if proof.records > 10 else "within")
    assert [skip.attack for skip in section.skipped] == ["ranked-rows"] and "--data" in str(
        section.skipped[0].why
    )
    text = " ".join(audit.report.text().split())
    assert "nobody was held out" in text and "AUC" not in text
    audit.save(tmp_path / "out")
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"report.html", "report.json", "exposed.csv"}
    assert len(pl.read_csv(tmp_path / "out" / "exposed.csv")) == len(audit.exposed) > 0
    with pytest.raises(DataError, match=r"auc=0.6 needs people who are held out"):
        run(tables(people()), tmp_path, limits=["auc=0.6"])


@pytest.mark.slow
def test_with_people_claims_are_judged_and_rankings_measured(tmp_path: Path) -> None:
    audit = run(
        tables(people()), tmp_path, data=frame_of(people()), targets=60, limits=["proved=0.99", "auc=0.99"]
    )
    proofs, measured = audit.sections
    assert proofs.proof is not None and proofs.proof.checked
    assert {e.attack for e in measured.evidence.values()} == {"generate-verify", "ranked-rows"}
    assert measured.headline.risk.auc.low > 0.5 and all(e.randomised for e in measured.evidence.values())
    assert len(audit.evidence[0]) == 60 and audit.evidence[0].worlds == 15
    assert "none is wrong" in audit.report.text().replace("\n", " ")
    assert [row["limit"] for row in audit.report.page["limits"]] == ["proved=0.99", "auc=0.99"], (
        "each where it belongs"
    )
    audit.save(tmp_path / "out")
    rows = pl.read_parquet(tmp_path / "out" / "evidence.parquet")
    assert rows["row"].is_between(1, 20).all()


def test_hidden_cells_are_given_away_by_a_subtraction_that_is_written_out(tmp_path: Path) -> None:
    one = pl.DataFrame({"sex": ["f", "m", "x", "Total"], "count": ["c", "7", "9", "19"]})
    audit = run([one], tmp_path, hidden="<5")
    rows = exhibit(audit, "Hidden cells that are given away").rows
    assert rows == (
        (
            ("sex=f in table 1"),
            "0 to 4",
            "3",
            "all people in table 1 (19) - sex=x in table 1 (9) - sex=m in table 1 (7) = 3",
        ),
    ) or (rows[0][2] == "3" and "all people in table 1 (19)" in str(rows[0][3]))
    found = dict(exhibit(audit, "Hidden cells").rows)
    assert found["hidden or rounded"] == "1" and found["their count follows from other cells"] == "1"
    assert any("<5 was read as 0 to 4" in note for note in audit.sections[0].notes)


@pytest.mark.parametrize("written", [True, False])
def test_a_mark_is_read_by_zeros_that_are_written_or_left_out_and_that_is_said(tmp_path: Path, written: bool):
    one = pl.DataFrame({"s": ["f", "f", "m", "m"], "r": list("abab"), "count": ["*", "4", "5", "0"]})
    audit = run([one if written else one[:3]], tmp_path, hidden="<3")
    (note,) = (str(n) for n in audit.sections[0].notes if "<3 was read as 1 to 2" in str(n))
    assert ("zeros are published" in note) == written
    assert ("combinations that are not listed count as zeros" in note) != written


def test_what_points_at_people_is_in_the_files_alone_unless_asked_for(tmp_path: Path) -> None:
    given = tables(people())[:2]
    plain, shown = run(given, tmp_path), run(given, tmp_path, show_rows=True)
    assert "people, at least" not in plain.report.text() and "people, at least" in shown.report.text()
    public = run(given, tmp_path, audience="public")
    assert public.files == ("report.html", "report.json")
    assert not any(e.get("internal") for s in public.report.page["sections"] for e in s["exhibits"])


@pytest.mark.slow
def test_protections_are_compared_by_what_they_leave_to_prove(tmp_path: Path) -> None:
    protect = ["round:3", "round:3,random", "suppress:3", "suppress:3,secondary", "laplace:1"]
    audit = run(tables(people()), tmp_path, protect=protect)
    rows = {row[0]: row for row in exhibit(audit, "What each protection buys, and what it costs").rows}
    assert list(rows) == ["as they are", *protect]
    plain = rows["as they are"]
    assert plain[3] == 0 and plain[4] == 1
    for name in protect:
        assert rows[name][2].value <= plain[2].value and rows[name][3] > 0
    assert rows["laplace:1"][2].value == 0 and "epsilon 1" in str(rows["laplace:1"][1])
    laplace = audit.sections[-1]
    assert laplace.proof is not None and "noise" in laplace.proof.impossible and not laplace.exhibits


@pytest.mark.slow
def test_protected_tables_are_checked_against_the_people(tmp_path: Path) -> None:
    audit = run(
        tables(people()),
        tmp_path,
        data=frame_of(people()),
        targets=40,
        protect=["suppress:3"],
        attacks="generate-verify",
    )
    assert [s.goal for s in audit.sections] == ["proved records", "counted records"]
    assert audit.sections[0].proof is not None and audit.sections[0].proof.checked
    found = dict(exhibit(audit, "Hidden cells").rows)
    assert found["of these right, held against the people"] == found["their count follows from other cells"]


@pytest.mark.slow
def test_blocks_are_proved_one_by_one(tmp_path: Path) -> None:
    each = {"N": people(20, 1), "S": people(25, 2)}
    given = [
        pl.concat(
            [
                counted(one, *columns, total=False).with_columns(area=pl.lit(name))
                for name, one in each.items()
            ]
        )
        for columns in (("c0", "c1"), ("c1", "c2"))
    ]
    behind = pl.concat([frame_of(one).with_columns(area=pl.lit(name)) for name, one in each.items()])
    audit = run(given, tmp_path, block="area", data=behind, targets=40, attacks="generate-verify")
    rows = {row[0]: row for row in exhibit(audit, "Records that follow for certain").rows}
    assert (rows["N"][1], rows["S"][1], rows["all blocks"][1]) == (20, 25, 45)
    assert rows["N"][2] + rows["S"][2] == rows["all blocks"][2]
    fit, population = (row[1] for row in exhibit(audit, "Likely rows, beside the population").rows)
    assert fit > 0.5 > 0.3 > population, "uniform rows of 240: the people of the other block say little"
    for name, one in each.items():
        sets = [counted(one, *columns, total=False) for columns in (("c0", "c1"), ("c1", "c2"))]
        assert run(sets, tmp_path).sections[0].proof.records == rows[name][2]


def test_what_is_not_decided_in_time_is_not_within(tmp_path: Path) -> None:
    """300 people in two-way tables of three large columns: minutes are too few, and it gets a moment."""
    large = made(np.random.default_rng(0), people=300, sizes=(16, 12, 14))
    given = [counted(large, *pair, total=False) for pair in (("c0", "c1"), ("c1", "c2"), ("c0", "c2"))]
    audit = run(given, tmp_path, seconds=0.01)
    (section,) = audit.sections
    assert section.proof is not None and section.proof.more > 0 and section.proof.open > 0
    middle = (section.proof.share.low + section.proof.share.high) / 2
    verdict = judge_section(section, [Limit.parse(f"proved={middle}")])
    assert verdict.ruling == "not settled" and verdict.exit_code == 1
    assert "were not decided in time" in audit.report.text().replace("\n", " ")


@pytest.mark.parametrize(
    ("given", "settings", "says"),
    [
        (
            [
                pl.DataFrame({"s": ["f", "m"], "count": [3, 5]}),
                pl.DataFrame({"s": ["f", "m"], "r": "a", "count": [4, 5]}),
            ],
            {},
            r"s=f: 3 in table 1, but 4 in table 2 \(added up over r\)",
        ),
        (
            [
                pl.DataFrame({"b": ["1", "2", "2"], "s": ["f", "f", "m"], "count": [3, 5, 2]}),
                pl.DataFrame({"b": ["1", "2"], "s": ["Total", "Total"], "count": [3, 8]}),
            ],
            {"block": "b", "absent": "unknown"},
            "block 2: all people",
        ),
        (
            [
                pl.DataFrame({"s": ["f", "m", "Total"], "count": [3, 5, 9]}),
                pl.DataFrame({"s": ["f", "m", "Total"], "count": [3, 5, 8]}),
            ],
            {},
            r"^table 1 contradicts itself: all people: 9 in table 1, but 8 in table 1 \(added up over s\)",
        ),
        (
            [pl.DataFrame({"s": ["f", "m", "Total"], "count": ["*", "5", "19"]})],
            {"hidden": "<5"},
            r"contradicts itself.* If marks hide other counts, correct --hidden",
        ),
        (
            [pl.DataFrame({"s": ["f", "m"], "count": ["c", "5"]})],
            {"protect": "round:3", "hidden": "<5"},
            "give the people",
        ),
        (
            [pl.DataFrame({"s": ["f", "m"], "count": [1, 2]})],
            {"data": pl.DataFrame({"s": list("fmm")})},
            "no block has 4",
        ),
    ],
)
def test_bad_tables_are_refused(given: Any, settings: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=says):
        run(given, tmp_path, **settings)


def test_tables_that_contradict_each_other_only_together_are_named(tmp_path: Path) -> None:
    """a = b and b = c, but a and c differ: each two of them agree on every total."""
    same, other = ["1", "2"], ["2", "1"]
    given = [
        pl.DataFrame({"a": same, "b": same, "count": [1, 1]}),
        pl.DataFrame({"b": same, "c": same, "count": [1, 1]}),
        pl.DataFrame({"a": same, "c": other, "count": [1, 1]}),
    ]
    with pytest.raises(DataError, match=r"table 1, table 2, table 3 contradict each other together"):
        read_door(Crosstabs(given), settings=Settings())


def test_a_limit_on_proofs_is_refused_where_nothing_is_proved() -> None:
    from confide.audits import spec_of

    with pytest.raises(DataError, match=r"proved=0.5 is a limit on tables of counts"):
        spec_of("table").check(Settings(limits=["proved=0.5"]))


def test_the_command_takes_several_files(tmp_path: Path) -> None:
    paths = []
    for i, one in enumerate(tables(people())):
        paths.append(str(tmp_path / f"t{i}.csv"))
        one.write_csv(paths[-1])
    done = CliRunner().invoke(
        main, ["audit", "crosstabs", *paths, "--out", str(tmp_path / "out"), "--limit", "proved=0.01"]
    )
    assert done.exit_code == 1 and "can prove the whole record" in done.output, done.output
    help_page = CliRunner().invoke(main, ["audit", "crosstabs", "--help"]).output
    assert "TABLES..." in help_page and "--hidden MEANING" in help_page
