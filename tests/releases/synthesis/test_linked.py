"""`confide synthesize --children`: two linked files, what is charged once for both, and bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from confide import Budget
from confide.account.opening import examine_ledger
from confide.cli import main
from confide.core.budget import Unit
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.statistics.promise import rho_of
from confide.releases.synthesis.linked_run import moved_together
from confide.synthesize import AIM, Linked, TwoLevels, read_domain

pytest.importorskip("opendp")

PEOPLE = """
[columns.person]
kind = "key"
[columns.sex]
kind = "category"
values = ["f", "m"]
[columns.age]
kind = "integer"
low = 0
high = 99
bins = 10
"""
STAYS = """
rules = ["end >= start"]
[columns.stay]
kind = "key"
[columns.start]
kind = "integer"
low = 0
high = 99
[columns.end]
kind = "integer"
low = 0
high = 199
[columns.ward]
kind = "category"
values = ["a", "b"]
"""
N = 4_000


def files() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Women have two stays, in ward a; men one, in ward b; everybody over 89 has five."""
    rng = np.random.default_rng(0)
    sex, age = rng.choice(["f", "m"], N), rng.integers(0, 100, N)
    people = pl.DataFrame({"person": np.arange(N) + 70_000, "sex": sex, "age": age})
    number = np.where(age > 89, 5, np.where(sex == "f", 2, 1))
    of = np.repeat(np.arange(N), number)
    start = rng.integers(0, 100, len(of))
    stays = pl.DataFrame(
        {
            "stay": np.arange(len(of)),
            "who": people["person"].gather(of),
            "start": start,
            "end": start + rng.integers(0, 100, len(of)),
            "ward": np.where(sex[of] == "f", "a", "b"),
        }
    )
    return people, stays


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    people, stays = files()
    people.write_parquet(tmp_path / "people.parquet")
    stays.write_parquet(tmp_path / "stays.parquet")
    (tmp_path / "people.toml").write_text(PEOPLE)
    (tmp_path / "stays.toml").write_text(STAYS)
    (tmp_path / "binned.toml").write_text(PEOPLE.replace("bins = 10", 'bins = "quantiles:5"'))
    monkeypatch.chdir(tmp_path)
    return tmp_path


RIGHT = {
    "--domain": "people.toml",
    "--children": "stays.parquet",
    "--children-domain": "stays.toml",
    "--link": "who",
    "--at-most": "2",
    "--given": "sex",
    "--epsilon": "4",
    "--delta": "1e-9",
    "--mechanism": "mst",
    "--out": "p.parquet",
    "--children-out": "c.parquet",
}


def run(*more: str, **other: str | None) -> Any:
    """The right words, but for those of other values; without those of None."""
    words = RIGHT | {f"--{name.replace('_', '-')}": value for name, value in other.items()}
    given = [word for name, value in words.items() if value is not None for word in (name, value)]
    return CliRunner().invoke(main, ["synthesize", "people.parquet", *given, *more])


def test_two_files_are_made_that_belong_together_and_one_charge_pays_for_both(desk: Path) -> None:
    done = run(ledger="sqlite:///l.db", budget="4,1e-6")
    assert done.exit_code == 0, done.output
    assert "hiding all rows of any one person, where nobody has more than 2" in done.output
    people, stays = pl.read_parquet("p.parquet"), pl.read_parquet("c.parquet")
    assert people.schema == files()[0].schema and stays.schema == files()[1].schema
    assert abs(len(people) - N) < 100 and people["person"].n_unique() == len(people)
    assert people["person"].max() == len(people) and stays["stay"].n_unique() == len(stays)
    both = stays.join(people, left_on="who", right_on="person")
    assert len(both) == len(stays) and (stays["end"] >= stays["start"]).all()
    assert stays.group_by("who").len()["len"].max() == 2
    # What holds of all real stays holds of most synthetic ones; without the link half would be wrong. Noise
    # of a few rows on cells of a thousand moves it by hundredths.
    assert np.mean(((both["sex"] == "f") == (both["ward"] == "a")).to_numpy()) > 0.95
    twice = people.join(stays.group_by(pl.col("who").alias("person")).len(), on="person", how="left")
    number = twice["len"].fill_null(0).to_numpy()
    women = (twice["sex"] == "f").to_numpy()
    assert number[women].mean() > 1.9 and number[~women].mean() < 1.3
    ledger = examine_ledger("sqlite:///l.db")
    assert ledger.spent.rho == pytest.approx(rho_of(4.0, 1e-9) * 1e12, abs=2)
    ledger.close()


def test_cards_say_what_both_promise_and_what_each_measured(desk: Path) -> None:
    assert run().exit_code == 0
    above, below = (json.loads(Path(f"{name}.parquet.confide.json").read_text()) for name in "pc")
    half = rho_of(4.0, 1e-9) / 2
    for card in (above, below):
        assert card["linked"]["promise"]["epsilon"] == 4 and card["promise"]["epsilon"] < 4
        assert 0 < sum(one["rho"] for one in card["measured"]) <= half
        assert card["linked"]["key"] == "person" and card["linked"]["link"] == "who"
    assert above["promise"]["unit"]["kind"] == "record" and below["promise"]["unit"]["at_most"] == 2
    assert above["columns"] == ["sex", "age", "number of children"]
    assert below["columns"] == ["parent's sex", "start", "end - start", "ward"]
    # Two rows of a parent: twice the deviation of one at the same rho, for a column in four and not in three.
    # MST gives a third of rho to single columns; deviations are whole numbers.
    assert below["measured"][0]["sigma"] == pytest.approx(
        2 * above["measured"][0]["sigma"] * (4 / 3) ** 0.5, rel=0.06
    )


def test_the_same_seed_gives_the_same_files(desk: Path) -> None:
    def made(*more: str) -> list[pl.DataFrame]:
        assert run("--force", "--rehearse", "3", *more).exit_code == 0
        return [pl.read_parquet(f"{name}.parquet") for name in "pc"]

    one, same, other = made(), made(), made("--seed", "2")
    assert one[0].equals(same[0]) and one[1].equals(same[1])
    assert not one[1].equals(other[1])


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"children_out": None}, "--children-out is missing"),
        ({"link": None}, "--link is missing"),
        ({"children": None}, "is of two linked files"),
        ({"children_out": "p.parquet"}, "name two files"),
        ({"children_out": "stays.parquet"}, "is read here"),
        ({"children_out": "c.xlsx"}, "choose one of these formats"),
        ({"unit": "person:2"}, "leave out --unit"),
        ({"mechanism": "plausible"}, "no model that children could be drawn from"),
        ({"mechanism": "aim", "workload": "sex,age"}, "write 2 or 3"),
        ({"breaches": "1"}, "is of a single file"),
        ({"given": "ward"}, "none of sex, age"),
        ({"link": "ward"}, "leave it out of the children"),
        ({"link": "whom"}, "no 'whom'"),
        ({"at_most": "0"}, "give 1 or more"),
        ({"domain": "stays.toml"}, "of the"),
        ({"children_domain": "none.toml"}, "cannot be read"),
        ({"epsilon": "0.0001"}, "larger than the number of records"),
        ({"mechanism": "aim", "model_mb": "0.00001"}, "give more megabytes"),
        ({"delta": "0.001"}, "must be well below one over the number of records"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    desk: Path, other: dict[str, str | None], says: str
) -> None:
    before = sorted(p.name for p in desk.iterdir())
    done = run(**other)
    assert done.exit_code == 2 and says in done.output, done.output
    assert sorted(p.name for p in desk.iterdir()) == before


@pytest.mark.parametrize(
    ("people", "stays", "says"),
    [
        (lambda p: pl.concat([p, p[:1]]), lambda s: s, "is there twice"),
        (lambda p: p[5:], lambda s: s, "children have a who that no parent has (row 1"),
        (lambda p: p, lambda s: s.with_columns(who=None), "or an empty one"),
        (lambda p: p, lambda s: s.with_columns(who=pl.col("who").cast(pl.String)), "write both in one type"),
        (lambda p: p.with_columns(sex=pl.lit("x")), lambda s: s, "'sex' has a value that is not listed"),
    ],
)
def test_files_that_do_not_fit_are_refused_and_nothing_is_charged(
    desk: Path, people: Any, stays: Any, says: str
) -> None:
    above, below = files()
    people(above).write_parquet("people.parquet")
    stays(below).write_parquet("stays.parquet")
    done = run(ledger="sqlite:///l.db", budget="4,1e-6")
    assert done.exit_code == 2 and says in done.output, done.output
    assert not Path("l.db").exists() and not Path("p.parquet").exists() and not Path("c.parquet").exists()


def test_in_python_with_other_mechanisms_and_many_children(desk: Path) -> None:
    people, stays = files()
    levels = TwoLevels(
        read_domain("people.toml"),
        read_domain("stays.toml"),
        key="person",
        link="who",
        at_most=5,
        given=("sex",),
    )
    made = Linked(levels, budget=Budget(8.0, 1e-9), mechanism=AIM, noise="rehearsal", megabytes=0.5)
    first = made(people, stays, rng=np.random.default_rng(0))
    assert first.budget == Budget(8.0, 1e-9, Unit.person("person", at_most=5))
    rhos = [sum(m.rho for m in one.margins) for one in (first.parents, first.children)]
    assert 0 < sum(rhos) <= rho_of(8.0, 1e-9)
    assert len(first.children.view) == len(first.children.frame) and first.children.trimmed == 0
    # The codes of the view are those of the frame: the error bars are about what is in the files.
    ward = first.children.view.low[:, first.children.view.at("ward")]
    assert ward.tolist() == [int(w == "b") for w in first.children.frame["ward"]]
    # A tenth of the people, over 89, has five stays each, and nobody else more than two.
    per = first.children.frame.group_by(pl.col("who").alias("person")).len()
    old = first.parents.frame.join(per, on="person", how="left").with_columns(old=pl.col("age") > 89)
    five = old.filter(pl.col("len") == 5)
    assert 0.05 < len(five) / len(old) < 0.2 and five["old"].to_numpy().mean() > 0.7
    with pytest.raises(PromiseError, match="leave out the unit"):
        Linked(levels, budget=Budget(1.0, 1e-9, Unit.person("person", at_most=4)))
    binned = read_domain(desk / "binned.toml")
    with pytest.raises(DataError, match="private quantiles"):
        Linked(replace(levels, parents=binned), budget=Budget(1.0, 1e-9))


@pytest.mark.parametrize("before", [False, True])
def test_two_files_are_moved_both_or_none(tmp_path: Path, before: bool) -> None:
    drafts, places = [(tmp_path / a, tmp_path / b) for a, b in (("d1", "d2"), ("p1", "p2"))]
    drafts[0].write_text("new")
    if before:
        places[0].write_text("old")
    with pytest.raises(OSError, match="d2"):
        moved_together(drafts, places)
    assert not places[1].exists()
    assert places[0].read_text() == "old" if before else not places[0].exists()
    drafts[0].write_text("new")
    drafts[1].write_text("second")
    moved_together(drafts, places)
    assert places[0].read_text() == "new" and sorted(p.name for p in tmp_path.iterdir()) == ["p1", "p2"]
