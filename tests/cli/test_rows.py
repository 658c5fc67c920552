"""Which row: every door names people by the user's own file, row and id; in files, not on the terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from confide.cli import main
from confide.core.who import COUNTED
from confide.data import twins
from confide.data.ratings_like import ratings_like
from confide.data.twins_traces import wanderers
from confide.report.renders.text import MOST_ROWS

pytestmark = pytest.mark.usefixtures("quick_traces")
PEOPLE = 160
ID = re.compile(r"Zed\d+")
"""Ids of the made-up people: nothing else in a report looks like one."""


@dataclass(frozen=True)
class Door:
    """A door, what is typed for it, the file that its rows are counted in, and its column of ids."""

    words: tuple[str, ...]
    file: str
    user: str


def ratings(folder: Path) -> Door:
    made = ratings_like(people=PEOPLE, items=150, each=20, rng=np.random.default_rng(0))
    frame = pl.DataFrame({"who": [f"Zed{p}" for p in made.person], "film": made.item, "stars": made.rating})
    frame.sample(fraction=1.0, shuffle=True, seed=1).write_csv(folder / "ratings.csv")
    words = ("ratings", "ratings.csv", "--user", "who", "--item", "film", "--rating", "stars")
    return Door((*words, "--attacks", "scoreboard"), "ratings.csv", "who")


def likes(folder: Path) -> Door:
    made = ratings_like(people=PEOPLE, items=150, each=20, rng=np.random.default_rng(0))
    frame = pl.DataFrame({"who": [f"Zed{p}" for p in made.person], "page": made.item})
    frame.sample(fraction=1.0, shuffle=True, seed=1).write_csv(folder / "likes.csv")
    number = np.arange(PEOPLE)
    pl.DataFrame({"who": [f"Zed{p}" for p in number], "trait": number % 2}).write_csv(folder / "traits.csv")
    words = ("likes", "likes.csv", "--user", "who", "--item", "page", "--traits", "traits.csv")
    return Door((*words, "--trait", "trait", "--attacks", "likes-tfidf", "--folds", "4"), "likes.csv", "who")


def visits(folder: Path) -> None:
    made = wanderers(PEOPLE, around=(48.1, 11.5), each=20, places=80, days=8, rng=np.random.default_rng(1))
    who = [f"Zed{p}" for p in made.person]
    frame = pl.DataFrame({"who": who, "when": made.time, "club": [f"Club{p}" for p in made.place]})
    frame.sample(fraction=1.0, shuffle=True, seed=1).write_csv(folder / "visits.csv")


def traces(folder: Path) -> Door:
    visits(folder)
    words = ("traces", "visits.csv", "--user", "who", "--time", "when", "--place", "club")
    return Door((*words, "--attacks", "nearby-points"), "visits.csv", "who")


def counts(folder: Path) -> Door:
    visits(folder)
    words = ("counts", "visits.csv", "--user", "who", "--time", "when", "--place", "club", "--group", "30")
    return Door((*words, "--attacks", "inner-product", "--targets", "100"), "visits.csv", "who")


def answers(folder: Path) -> Door:
    rng = np.random.default_rng(5)
    who = [f"Zed{p}" for p in rng.permutation(120)]
    ages, ill = rng.integers(20, 60, 120), rng.integers(0, 2, 120)
    pl.DataFrame({"who": who, "age": ages, "ill": ill}).write_csv(folder / "patients.csv")
    (folder / "asked.sql").write_text("\n".join(f"age > {a} and age < {a + 9}" for a in range(15, 60)))
    words = ("answers", "patients.csv", "--secret", "ill", "--id", "who", "--workload", "asked.sql")
    return Door((*words, "--attacks", "box-reconstruction", "--targets", "120"), "patients.csv", "who")


def scores(folder: Path) -> Door:
    rng = np.random.default_rng(2)
    exposed = np.arange(400) % 2 == 0
    who = [f"Zed{p}" for p in rng.permutation(400)]
    frame = pl.DataFrame({"exposed": exposed, "score": rng.normal(exposed), "who": who})
    frame.write_csv(folder / "scores.csv")
    return Door(("scores", "scores.csv", "--user", "who"), "scores.csv", "who")


def model(folder: Path) -> Door:
    rng = np.random.default_rng(3)
    for name in ("members", "others"):
        x = rng.normal(size=(150, 4))
        frame = pl.DataFrame(x, schema=["a", "b", "c", "d"])
        who = [f"Zed{p}" for p in 1_000 * (name == "others") + rng.permutation(150)]
        label = np.where(x[:, 0] + rng.normal(size=150) > 0, "yes", "no")
        frame.with_columns(who=pl.Series(who), y=pl.Series(label)).write_csv(folder / f"{name}.csv")
    (folder / "rowmodel.py").write_text(
        "import polars as pl\nfrom sklearn.ensemble import RandomForestClassifier\n"
        "t = pl.read_csv('members.csv')\n"
        "net = RandomForestClassifier(20, random_state=0)"
        ".fit(t.select('a', 'b', 'c', 'd').to_numpy(), t['y'].to_list())\n"
    )
    words = (
        "model",
        "rowmodel:net",
        "--members",
        "members.csv",
        "--nonmembers",
        "others.csv",
        "--label",
        "y",
    )
    return Door((*words, "--user", "who", "--references", "2", "--attacks", "loss"), "members.csv", "who")


def rebuild(folder: Path) -> Door:
    door = model(folder)
    (folder / "rowmodel.py").write_text(
        "import polars as pl\nfrom sklearn.linear_model import LogisticRegression\n"
        "t = pl.read_csv('members.csv')\n"
        "net = LogisticRegression(tol=1e-9).fit(t.select('a', 'b', 'c', 'd').to_numpy(), t['y'].to_list())\n"
    )
    sides = ("--members", "members.csv", "--nonmembers", "others.csv", "--label", "y", "--user", "who")
    return Door(("rebuild", "--model", "rowmodel:net", *sides), door.file, door.user)


DOORS: Mapping[str, Callable[[Path], Door]] = {
    "ratings": ratings,
    "likes": likes,
    "traces": traces,
    "counts": counts,
    "answers": answers,
    "scores": scores,
    "model": model,
    "rebuild": rebuild,
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "rowmodel", raising=False)
    return tmp_path


def audit(door: Door, *more: str) -> Result:
    done = CliRunner().invoke(main, ["audit", *door.words, *more])
    assert done.exit_code == 0, done.output
    return done


def cells(page: dict) -> list[str]:
    """Every text of every table that points at people."""
    section = page["sections"][0]
    tables = [e["rows"] for e in section["exhibits"] if e.get("internal")]
    return [r["who"] for r in section["worst_off"]] + [
        cell for rows in tables for row in rows for cell in row if isinstance(cell, str)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", DOORS)
def test_a_row_is_one_of_the_users_own_file_and_holds_the_id(kind: str, desk: Path) -> None:
    door = DOORS[kind](desk)
    done = audit(door, "--out", "out")
    frame = pl.read_csv(door.file)
    exposed = pl.read_csv("out/exposed.csv")
    assert exposed.height > 40 and exposed["lookalikes"].is_sorted()
    assert exposed["file"].unique().to_list() == [door.file]
    # From 1, and without the header: row 1 of the report is the first row of the frame.
    assert frame[door.user].gather(exposed["row"] - 1).to_list() == exposed["id"].to_list()
    rows = pl.read_parquet("out/evidence.parquet")
    assert {"file", "row", "id"} <= set(rows.columns)
    here = rows.filter(pl.col("file") == door.file)
    assert frame[door.user].gather(here["row"] - 1).to_list() == here["id"].to_list()
    # The report names them in the same way, wherever it does.
    page = json.loads(Path("out/report.json").read_text())
    for text in cells(page):
        for who in ID.findall(text):
            assert f"{who} (row " in text and f" of {door.file})" in text
            (row,) = re.findall(r"\(row (\d+) of", text)
            assert frame[door.user][int(row) - 1] == who
    if kind != "likes":  # nobody is listed there: everybody has a trait or not
        assert any(ID.search(text) for text in cells(page))
        assert COUNTED in Path("out/report.html").read_text()
    # And none of it is on the terminal.
    assert not ID.search(done.output) and "of " + door.file not in done.output
    again = CliRunner().invoke(main, ["report", "out"])
    assert again.exit_code == 0 and not ID.search(again.output)
    asked = CliRunner().invoke(main, ["report", "out", "--show-rows"])
    assert bool(ID.search(asked.output)) == (kind != "likes")


def test_an_audit_prints_rows_on_request_alone(desk: Path) -> None:
    done = audit(scores(desk), "--out", "out", "--show-rows")
    assert len(ID.findall(done.output)) == MOST_ROWS and "The most exposed members" in done.output


@pytest.mark.slow
@pytest.mark.parametrize("kind", DOORS)
def test_the_public_sees_no_row_and_no_id(kind: str, desk: Path) -> None:
    door = DOORS[kind](desk)
    done = audit(door, "--audience", "public", "--out", "out")
    assert sorted(p.name for p in Path("out").iterdir()) == ["report.html", "report.json"]
    for text in (done.output, *(p.read_text() for p in Path("out").iterdir())):
        assert not ID.search(text) and f"of {door.file}" not in text
        assert not re.search(r"\brow \d", text) and "Club" not in text
    refused = CliRunner().invoke(main, ["audit", *door.words, "--audience", "public", "--show-rows"])
    assert refused.exit_code == 2 and "no rows to show" in refused.output


@pytest.mark.slow
@pytest.mark.parametrize("name", ["evidence.parquet", "exposed.csv"])
def test_a_public_report_is_not_written_beside_rows(name: str, desk: Path) -> None:
    door = scores(desk)
    audit(door, "--out", "out")
    other = {"evidence.parquet", "exposed.csv"} - {name}
    (desk / "out" / other.pop()).unlink()
    done = CliRunner().invoke(main, ["audit", *door.words, "--audience", "public", "--out", "out"])
    assert done.exit_code == 2 and f"{name} holds the rows of an earlier audit" in done.output


@pytest.mark.slow
@pytest.mark.parametrize("form", ["folder", "npz"])
def test_a_picture_is_named_by_its_file_or_its_row(form: str, desk: Path) -> None:
    from PIL import Image

    faces = twins.pictures(48, name="rows", people=8, shape=(12, 10), rng=np.random.default_rng(0))
    assert faces.person is not None
    who = [f"Zed{p}" for p in faces.person]
    given = "faces.npz"
    if form == "npz":
        np.savez(given, X=faces.pixels, y=np.array(who))
    else:
        given = "faces"
        for k, (pixels, person) in enumerate(zip(faces.pixels, who, strict=True)):
            Path(given, person).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(Path(given, person, f"{k}.png"))
    words = ("images", given, "--attacks", "recogniser", "--worlds", "3")
    done = audit(Door(words, given, ""), "--out", "out")
    exposed = pl.read_csv("out/exposed.csv")
    if form == "npz":
        assert exposed["file"].unique().to_list() == ["faces.npz"]
        assert [who[row - 1] for row in exposed["row"]] == exposed["id"].to_list()
    else:
        assert all(Path(given, file).exists() for file in exposed["file"])
        assert [file.split("/")[0] for file in exposed["file"]] == exposed["id"].to_list()
    assert not ID.search(done.output)
    assert ID.search(Path("out/report.html").read_text())
    public = audit(Door(words, given, ""), "--out", "public", "--audience", "public")
    for text in (public.output, *(p.read_text() for p in Path("public").iterdir())):
        assert not ID.search(text) and ".png" not in text


def test_rows_keep_their_numbers_where_copies_are_left_out(desk: Path) -> None:
    door = model(desk)
    frame = pl.read_csv("members.csv")
    # The first three rows are one record; the fourth is the first that counts after it.
    same = pl.concat([frame[:1]] * 3 + [frame[1:]])
    same.write_csv("members.csv")
    audit(door, "--out", "out")
    rows = pl.read_csv("out/exposed.csv")["row"].sort().to_list()
    assert rows == [1, *range(4, 153)]


@pytest.mark.slow
def test_without_ids_the_row_is_the_name(desk: Path) -> None:
    door = model(desk)
    for name in ("members", "others"):
        pl.read_csv(f"{name}.csv").drop("who").write_csv(f"{name}.csv")
    words = tuple(w for w in door.words if w not in ("--user", "who"))
    audit(Door(words, door.file, ""), "--out", "out")
    assert "id" not in pl.read_csv("out/exposed.csv").columns
    page = json.loads(Path("out/report.json").read_text())
    assert all(re.fullmatch(r"row \d+ of members.csv", text) for text in cells(page))


def test_the_most_exposed_row_is_the_one_that_leaks(desk: Path) -> None:
    exposed = np.arange(500) % 2 == 0
    score = np.random.default_rng(0).normal(size=500)
    score[146] = 50.0  # row 147 by everybody's counting
    pl.DataFrame({"exposed": exposed, "score": score}).write_csv("scores.csv")
    audit(Door(("scores", "scores.csv"), "scores.csv", ""), "--out", "out")
    page = json.loads(Path("out/report.json").read_text())
    assert page["sections"][0]["worst_off"][0]["who"] == "row 147 of scores.csv"


def test_a_column_of_ids_that_is_not_there_is_refused(desk: Path) -> None:
    door = scores(desk)
    done = CliRunner().invoke(main, ["audit", "scores", "scores.csv", "--user", "whom"])
    assert done.exit_code == 2 and "no column 'whom'" in done.output
    door = model(desk)
    done = CliRunner().invoke(main, ["audit", *door.words, "--user", "whom"])
    assert done.exit_code == 2 and "no column 'whom'" in done.output
