"""`confide audit ratings` and `confide audit likes`: what is written, for whom, and what bad input gets."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from confide.cli import main
from confide.data.ratings_like import ratings_like

PEOPLE = 320


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ratings.csv, and users.csv with traits; people who have the trait also rated 'tell'."""
    folder = tmp_path_factory.mktemp("people")
    made = ratings_like(people=PEOPLE, items=200, each=25, rng=np.random.default_rng(0))
    assert made.rating is not None and made.day is not None
    ratings = pl.DataFrame(
        {
            "user": [f"person{p}x" for p in made.person],
            "film": [f"film{i}x" for i in made.item],
            "stars": made.rating,
            "at": (made.day.astype(np.float64) * 86_400).astype(np.int64),
        }
    )
    number = np.arange(PEOPLE)
    told = pl.DataFrame({"user": [f"person{p}x" for p in number[::2]]}).with_columns(
        film=pl.lit("tell"), stars=pl.lit(5.0, dtype=pl.Float32), at=pl.lit(880_000_000, dtype=pl.Int64)
    )
    pl.concat([ratings, told]).write_csv(folder / "ratings.csv")
    users = pl.DataFrame({"user": [f"person{p}x" for p in number], "sex": np.where(number % 2, "M", "F")})
    users.with_columns(
        land=pl.lit("X"),
        king=pl.when(pl.col("user") == "person3x").then(pl.lit("yes")).otherwise(pl.lit("no")),
        capped=pl.Series(np.minimum(number, 30)),
    ).write_csv(folder / "users.csv")
    return folder


@pytest.fixture
def desk(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for file in files.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def ratings(*words: str, rating: str = "stars", time: str = "at", attacks: str = "counting") -> Result:
    given = ["ratings.csv", "--user", "user", "--item", "film", "--rating", rating, "--time", time]
    more = ["--attacks", attacks, "--cache", "cache", "--out", "out", *words]
    return CliRunner().invoke(main, ["audit", "ratings", *given, *more])


def likes(*words: str, trait: str = "sex", attacks: str = "likes-tfidf") -> Result:
    given = ["ratings.csv", "--user", "user", "--item", "film", "--traits", "users.csv", "--trait", trait]
    more = ["--attacks", attacks, "--folds", "4", "--cache", "cache", "--out", "out", *words]
    return CliRunner().invoke(main, ["audit", "likes", *given, *more])


def change(file: str, made: pl.DataFrame) -> None:
    made.write_csv(file)


def refused(done: Result, says: str) -> None:
    assert done.exit_code == 2, done.output
    assert says in done.output and "Traceback" not in done.output
    assert not Path("out").exists() and not Path("cache").exists()


def undated(folder: Path) -> dict[str, bytes]:
    """The files of a report without when it was made."""
    return {
        p.name: re.sub(rb"20\d\d-\d\d-\d\dT[\d:]{8}[+]00:00", b"", p.read_bytes()) for p in folder.iterdir()
    }


@pytest.mark.slow
def test_ratings_are_judged_by_the_limits_and_again_alike(desk: Path) -> None:
    done = ratings("--limit", "tpr@0.1=0.5", attacks="likelihood,counting")
    assert done.exit_code == 1, done.output
    assert sorted(p.name for p in Path("out").iterdir()) == [
        "evidence.parquet",
        "exposed.csv",
        "report.html",
        "report.json",
    ]
    rows = pl.read_parquet("out/evidence.parquet")
    assert {"id", "fewest_facts", "singled_out_by"} <= set(rows.columns)
    first = undated(Path("out"))
    kept = {p.name: p.stat().st_mtime_ns for p in Path("cache").iterdir()}
    assert ratings("--limit", "tpr@0.1=0.5", attacks="likelihood,counting").exit_code == 1
    assert undated(Path("out")) == first
    assert {p.name: p.stat().st_mtime_ns for p in Path("cache").iterdir()} == kept, "kept work was used"


@pytest.mark.slow
def test_a_promise_about_one_pair_is_not_called_broken_by_finding_a_person(desk: Path) -> None:
    """Randomised response with epsilon 1.7 a pair: twenty facts tell more about a person than that."""
    done = ratings(
        "--protect", "response:1.7", "--seed", "3", "--facts", "20", "--wrong", "0", attacks="likelihood"
    )
    assert done.exit_code == 0, done.output
    (section,) = json.loads(Path("out/report.json").read_text())["sections"]
    assert section["promise"]["epsilon"] == 1.7 < section["finding"]["epsilon"]["low"]
    assert not any("promise is broken" in line for line in section["means"])


def test_likes_name_the_claim_and_are_judged(desk: Path) -> None:
    done = likes("--having", "F", "--limit", "auc=0.6", "-v")
    assert done.exit_code == 1, done.output
    assert "sex F" in done.output
    assert pl.read_parquet("out/evidence.parquet")["id"].n_unique() == PEOPLE


@pytest.mark.slow
@pytest.mark.parametrize(("door", "secret"), [(ratings, "film"), (likes, "tell")])
def test_the_public_sees_no_person_no_item_no_row_and_no_exact_count(door, secret: str, desk: Path) -> None:
    done = door("--audience", "public")
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in Path("out").iterdir()) == ["report.html", "report.json"]
    shown = done.output + "".join(p.read_text() for p in Path("out").iterdir())
    names = [f"person{p}x" for p in range(PEOPLE)] + [f"film{i}x" for i in range(200)]
    assert not any(name in shown for name in names) and "'tell'" not in shown
    (section,) = json.loads(Path("out/report.json").read_text())["sections"]
    rows = pl.read_csv("ratings.csv").height
    assert rows % 100 and f"{rows:,}" not in str(section["about"]), "the number of rows is coarse"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--item", "films"], "no column 'films': did you mean 'film'"),
        (["--facts", "3", "--wrong", "5"], "5 of 3 facts are wrong"),
        (["--facts", "100"], "ask for fewer facts"),
        (["--within", "soon"], "write it like 14d"),
        (["--off-by", "nan"], "give a finite number"),
        (["--protect", "blur:3"], "write one of rare:20"),
        (["--protect", "rare"], "Write for example rare:20"),
        (["--protect", "rare:99999"], "leaves nothing of the records"),
        (["--attacks", "likelyhood"], "choose from scoreboard, likelihood"),
        (["--limit", "tpr"], "is not a limit"),
        (["--key", "users.csv"], "give that file too"),
        (["--released", "users.csv"], "no column 'film'"),
    ],
)
def test_bad_words_on_ratings_get_one_sentence_and_write_nothing(words, says: str, desk: Path) -> None:
    refused(ratings(*words), says)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("at", "yesterday", "'at' is no time in rows 2, 5 ('yesterday')"),
        ("stars", "good", "'stars' is no number in rows 2, 5 ('good')"),
    ],
)
def test_rows_that_cannot_be_read_are_named(column: str, value: str, says: str, desk: Path) -> None:
    table = pl.read_csv("ratings.csv").with_columns(pl.col(column).cast(pl.String))
    rows = pl.int_range(pl.len()).is_in([1, 4])
    change(
        "ratings.csv", table.with_columns(pl.when(rows).then(pl.lit(value)).otherwise(column).alias(column))
    )
    refused(ratings(), says)


def test_an_empty_file_and_a_release_that_matches_nobody(desk: Path) -> None:
    table = pl.read_csv("ratings.csv")
    change("others.csv", table.with_columns(pl.col("user") + "y"))
    refused(ratings("--released", "others.csv"), "give a key (`--key`)")
    change("films.csv", table.with_columns(pl.col("film") + "y"))
    refused(ratings("--released", "films.csv"), "no item in common")
    change("ratings.csv", table.head(0))
    refused(ratings(), "no rows")
    refused(likes(), "no rows")


@pytest.mark.parametrize(
    ("trait", "words", "says"),
    [
        ("sx", [], "no column 'sx': did you mean 'sex'"),
        ("land", [], "everybody has the same land"),
        ("king", [], "'king yes' is true of 1 person, and each of the 4 parts"),
        ("capped", ["--kind", "number"], "capped above the middle, 30, is true of 0 people"),
        ("sex", ["--having", "W"], "choose one of F, M"),
        ("sex", ["--protect", "stars:1"], "write one of rare:20, sample:0.5, response:4"),
        ("sex", ["--protect", "rare:99999"], "leaves nothing of the records"),
        ("sex", ["--attacks", "likes-svm"], "choose from likes-tfidf, likes-svd"),
    ],
)
def test_bad_words_on_likes_get_one_sentence_and_write_nothing(trait, words, says: str, desk: Path) -> None:
    refused(likes(*words, trait=trait), says)
