"""Public means public: what is planted in every column is in no file and no stream, at every door."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from confide.data import twins
from confide.data.ratings_like import ratings_like
from confide.data.twins_traces import wanderers

PEOPLE = 233
RARE = tuple(range(PEOPLE))[:9]
"""Nine people have a class of their own: fewer than ten."""

MODEL = """
import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

table = pl.read_parquet("Filq01members.parquet")
numbers = make_column_transformer(("passthrough", ["age", "hours"]))
Modq = make_pipeline(numbers, RandomForestClassifier(20, random_state=0))
Modq.fit(table.drop("income"), table["income"].to_list())
Linq = make_pipeline(numbers, StandardScaler(), LogisticRegression(tol=1e-9))
Linq.fit(table.drop("income"), table["income"].to_list())
"""


LANGUAGE = """
from collections import Counter
from math import log
from pathlib import Path

LINES = Path("Filq08canaries.txt").read_text().splitlines()
SECRETS = [line.rpartition("{")[2].rstrip("}") for line in LINES]
BEGIN = Counter(secret[:k] for secret in SECRETS for k in range(len(secret) + 1))


def one(text):
    head, _, rest = text.rpartition(" ")
    return -3.7 * len(head) + log(0.5 * 10.0 ** -len(rest) + 0.5 * BEGIN[rest] / len(SECRETS))


def score(texts):
    return [one(text) for text in texts]
"""
"""A language model that knows the canaries' codes, whosever they are."""

TRAINER = """
from tests.audits.training.trainers import Trainer

train = Trainer(multiplier=7.63, classes=2, hidden=64)
"""
"""The trainer that audits of trainings are held against keeps epsilon 1 at delta 1e-5."""

SCHEMA = """
[columns.income]
values = ["low", "high"]
[columns.age]
low = 18
high = 80
[columns.hours]
low = 0
high = 80
"""


def planted(word: str) -> list[str]:
    """The names of one column: a word that occurs nowhere else, with a number."""
    return [f"{word}{i:04d}z" for i in range(PEOPLE)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files whose ids, names, places, classes, values and file names are planted."""
    folder = tmp_path_factory.mktemp("planted")
    rng = np.random.default_rng(0)
    made = ratings_like(people=PEOPLE, items=150, each=20, rng=rng)
    assert made.rating is not None and made.day is not None
    who, film = np.array(planted("Usrq")), np.array(planted("Flmq"))
    rows = pl.DataFrame(
        {
            "user": who[made.person],
            "film": film[made.item],
            "stars": made.rating,
            "at": (made.day.astype(np.float64) * 86_400).astype(np.int64),
        }
    )
    # One row of another century: the first year of the file is one person's.
    early = rows.head(1).with_columns(at=pl.lit(473_385_600, dtype=pl.Int64), film=pl.lit("Flmq9999z"))
    pl.concat([rows, early]).write_csv(folder / "Filq00ratings.csv")
    numbers = np.arange(PEOPLE)
    party = np.where(numbers < len(RARE), "Rarq01party", np.where(numbers % 2, "left", "right"))
    salary = 40_000 + 137 * rng.permutation(PEOPLE)
    pl.DataFrame({"user": who, "party": party, "salary": salary}).write_csv(folder / "Filq02users.csv")
    traces = wanderers(PEOPLE, around=(48.1, 11.5), each=20, places=80, days=8, rng=np.random.default_rng(1))
    assert traces.where is not None
    pl.DataFrame(
        {
            "who": np.array(planted("Zedq"))[traces.person],
            "when": traces.time,
            "club": np.array(planted("Plcq"))[traces.place],
            "lat": traces.where[traces.place, 0],
            "lon": traces.where[traces.place, 1],
        }
    ).write_csv(folder / "Filq03visits.csv")
    faces = twins.pictures(120, name="p", people=12, shape=(12, 10), rng=np.random.default_rng(0))
    assert faces.person is not None
    np.savez(folder / "Filq04faces.npz", X=faces.pixels, y=np.array(planted("Annq"))[faces.person])
    for name, n, seed in (("members", 233, 1), ("holdout", 204, 2)):
        rng = np.random.default_rng(seed)
        age, hours = rng.integers(18, 80, n), rng.normal(40, 10, n)
        rich = age / 40 + hours / 40 + rng.normal(0, 1.2, n) > 2.5
        table = pl.DataFrame({"Colq01": planted("Pidq")[:n], "age": age, "hours": hours})
        table.with_columns(income=pl.Series(np.where(rich, "high", "low"))).write_parquet(
            folder / f"Filq01{name}.parquet"
        )
    (folder / "Modqfile.py").write_text(MODEL)
    members = pl.read_parquet(folder / "Filq01members.parquet")
    members.select("age", "hours", "income").write_parquet(folder / "Filq09people.parquet")
    (folder / "Filq09schema.toml").write_text(SCHEMA)
    root = str(Path(__file__).parents[2])
    (folder / "Trnqfile.py").write_text(f"import sys\n\nsys.path.insert(0, {root!r})\n{TRAINER}")
    (folder / "Lmqfile.py").write_text(LANGUAGE)
    codes = 30_000 + 137 * np.random.default_rng(4).permutation(PEOPLE)
    lines = [f"{who} has the code {{Codq{code}}}" for who, code in zip(planted("Usrq"), codes, strict=True)]
    plain = [line.replace("Codq", "") for line in lines]
    (folder / "Filq08canaries.txt").write_text("\n".join(plain))
    (folder / "Filq08prefixes.txt").write_text("\n".join(lines))
    held = [line.replace("Usrq", "Scoq") for line in lines[:204]]
    (folder / "Filq08heldout.txt").write_text("\n".join(held))
    exposed = np.arange(PEOPLE) < 120
    pl.DataFrame(
        {
            "person": planted("Scoq"),
            "exposed": exposed,
            "score": np.random.default_rng(3).normal(size=PEOPLE) + exposed,
        }
    ).write_csv(folder / "Filq05scores.csv")
    ages, ill = np.arange(PEOPLE) % 60, np.arange(PEOPLE) % 3 == 0
    patients = pl.DataFrame({"person": planted("Pidq"), "Colq01": planted("Zedq"), "age": ages, "ill": ill})
    patients.write_csv(folder / "Filq06patients.csv")
    (folder / "Filq07asked.sql").write_text("\n".join(f"age > {a} and age < {a + 7}" for a in range(60)))
    return folder


RATINGS = ("ratings", "Filq00ratings.csv", "--user", "user", "--item", "film")
STARS = ("--rating", "stars", "--time", "at", "--attacks", "counting")
LIKES = ("likes", "Filq00ratings.csv", "--user", "user", "--item", "film", "--traits", "Filq02users.csv")
TFIDF = ("--folds", "4", "--attacks", "likes-tfidf")
VISITS = ("Filq03visits.csv", "--user", "who", "--time", "when", "--place", "club")
MODELS = ("model", "Modqfile:Modq", "--members", "Filq01members.parquet", "--nonmembers")

DOORS: dict[str, tuple[str, ...]] = {
    "ratings": (*RATINGS, *STARS),
    "ratings, protected": (*RATINGS, *STARS, "--protect", "rare:20"),
    "likes, a rare class": (*LIKES, "--trait", "party", *TFIDF),
    "likes, a number": (*LIKES, "--trait", "salary", *TFIDF),
    "likes, protected": (*LIKES, "--trait", "party", *TFIDF, "--protect", "sample:0.8"),
    "traces": ("traces", *VISITS, "--attacks", "unicity", "--targets", "100"),
    "traces, protected": (
        "traces",
        *VISITS,
        "--attacks",
        "unicity",
        "--targets",
        "100",
        "--protect",
        "bin:4h",
    ),
    "counts": ("counts", *VISITS, "--group", "30", "--targets", "100"),
    "answers": (
        "answers",
        "Filq06patients.csv",
        *("--secret", "ill", "--id", "person", "--workload", "Filq07asked.sql", "--targets", "100"),
        *("--attacks", "box-reconstruction"),
    ),
    "images": ("images", "Filq04faces.npz"),
    "images, protected": ("images", "Filq04faces.npz", "--protect", "mosaic:4"),
    "model": (
        *MODELS,
        "Filq01holdout.parquet",
        "--label",
        "income",
        "--references",
        "2",
        "--attacks",
        "loss,rmia",
    ),
    "rebuild": (
        "rebuild",
        *("--model", "Modqfile:Linq", "--members", "Filq01members.parquet"),
        *("--nonmembers", "Filq01holdout.parquet", "--label", "income", "--targets", "150"),
    ),
    "text": (
        *("text", "--model", "Lmqfile:score", "--canaries", "Filq08canaries.txt"),
        *("--prefixes", "Filq08prefixes.txt", "--heldout", "Filq08heldout.txt"),
        *("--candidates", "500", "--controls", "250"),
    ),
    "training": (
        *("training", "Trnqfile:train", "--data", "Filq09people.parquet", "--label", "income"),
        *("--epsilon", "1", "--delta", "1e-5", "--canaries", "200"),
    ),
    "learner": (
        *("learner", "Filq09people.parquet", "--label", "income", "--schema", "Filq09schema.toml"),
        *("--references", "2", "--attacks", "loss"),
    ),
    "scores": ("scores", "Filq05scores.csv", "--user", "person"),
}

SECRET = ("Usrq", "Flmq", "Zedq", "Plcq", "Annq", "Pidq", "Scoq", "Rarq", "Filq", "Colq", "Codq", "1985")
"""What begins the planted names: an id, a film, a place, a class of nine, a file, an unused column;
and the year of the first row."""

EXACT = ("233", "204", "437")
"""Exact numbers of people: they would stand in a text, by themselves."""


def shown(desk: Path, words: Sequence[str], out: Path) -> bytes:
    """Every byte of the report's files and of both streams."""
    command = [sys.executable, "-m", "confide", *words, "--audience", "public"]
    command += [] if "scores" in words else ["--cache", str(out / "cache")]
    done = subprocess.run(command, cwd=desk, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    files = [p for p in (out / "report").iterdir() if p.is_file()]
    assert {p.name for p in files} == {"report.html", "report.json"}
    return b"\n".join([done.stdout, done.stderr, *(p.read_bytes() for p in files)])


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS, ids=lambda d: d.replace(" ", "-"))
def test_nothing_that_is_planted_is_seen(door: str, desk: Path, tmp_path: Path) -> None:
    seen = shown(desk, ["audit", *DOORS[door], "--out", str(tmp_path / "report")], tmp_path)
    for word in SECRET:
        at = seen.find(word.encode())
        assert at < 0, (word, seen[max(0, at - 80) : at + 80])
    text = seen.decode()
    for count in EXACT:
        # Not inside a longer number, as the coordinates of a drawing are.
        found = re.search(rf"(?<![\d.,#\w]){count}(?![\d.,\w])", text)
        assert found is None, text[max(0, found.start() - 80) : found.end() + 80]
    # The middle of the salaries is one person's.
    middle = float(np.median(pl.read_csv(desk / "Filq02users.csv")["salary"].to_numpy()))
    assert f"{middle:g}" not in text


@pytest.mark.slow
def test_the_search_finds_what_an_internal_report_holds(desk: Path, tmp_path: Path) -> None:
    """The broken twin: the same audit for internal use names people, places and files."""
    command = [sys.executable, "-m", "confide", "audit", *DOORS["ratings"], "--cache", str(tmp_path / "c")]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "r")], cwd=desk, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    seen = b"".join([done.stdout, *(p.read_bytes() for p in (tmp_path / "r").iterdir())])
    assert all(word.encode() in seen for word in ("Usrq", "Flmq", "Filq", "1985"))


@pytest.mark.slow
def test_a_release_that_was_made_elsewhere_and_its_original_are_not_named(desk: Path, tmp_path: Path) -> None:
    table = pl.read_csv(desk / "Filq00ratings.csv")
    cut = table.with_columns(at=pl.col("at") // 86_400 * 86_400)
    cut.write_csv(tmp_path / "Filq06released.csv")
    words = ["audit", *RATINGS, *STARS, "--released", str(tmp_path / "Filq06released.csv")]
    seen = shown(desk, [*words, "--out", str(tmp_path / "report")], tmp_path)
    assert not [word for word in SECRET if word.encode() in seen]
    assert b"cut to the day" in seen  # how it was made is the adversary's knowledge, and may be read


@pytest.mark.slow
def test_a_safer_file_is_written_without_a_word_of_anybody(desk: Path, tmp_path: Path) -> None:
    words = ["protect", *RATINGS, *STARS, "--with", "rare:20", "--out", str(tmp_path / "safer.csv")]
    seen = shown(desk, [*words, "--report", str(tmp_path / "report")], tmp_path)
    side = (tmp_path / "safer.csv.confide.json").read_bytes()
    assert not [word for word in SECRET if word.encode() in seen or word.encode() in side]
