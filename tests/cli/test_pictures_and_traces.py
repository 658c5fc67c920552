"""The doors for traces and pictures, as typed: reports, refusals in one sentence, nothing public."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from confide.cli import main
from confide.data import twins
from confide.data.twins_traces import wanderers

Run = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("quick_traces")

TRACES = ("audit", "traces", "visits.csv", "--user", "who", "--time", "when")
PLACE, SPOT = ("--place", "club"), ("--lat", "lat", "--lon", "lon")
QUICK = ("--attacks", "unicity,nearby-points", "--targets", "100")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`confide` with these words, in a folder with visits.csv and faces.npz."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    made = wanderers(160, around=(48.1, 11.5), each=20, places=80, days=8, rng=np.random.default_rng(1))
    assert made.where is not None
    pl.DataFrame(
        {
            "who": [f"Zed{i}" for i in made.person],
            "when": made.time,
            "club": [f"Club_{p}" for p in made.place],
            "lat": made.where[made.place, 0],
            "lon": made.where[made.place, 1],
        }
    ).write_csv("visits.csv")
    faces = twins.pictures(48, name="cli", people=8, shape=(12, 10), rng=np.random.default_rng(0))
    assert faces.person is not None
    np.savez("faces.npz", X=faces.pixels, y=np.array([f"Ann{p}" for p in faces.person]))

    def command(*words: str) -> Result:
        return CliRunner().invoke(main, [str(w) for w in words])

    return command


def changed(**columns: pl.Expr) -> None:
    pl.read_csv("visits.csv").with_columns(**columns).write_csv("visits.csv")


def at(row: int, value: object, column: str) -> pl.Expr:
    """The column with one value (of the row with this number, from 1) changed."""
    return pl.when(pl.int_range(pl.len()) == row - 1).then(pl.lit(value)).otherwise(pl.col(column))


def cut_short(*people: str) -> None:
    """Only those with 10 visits and more stay, and of these people two visits."""
    visits = pl.read_csv("visits.csv").filter(pl.len().over("who") >= 10)
    few = pl.col("who").is_in(people)
    pl.concat([visits.filter(~few), visits.filter(few).group_by("who").head(2)]).write_csv("visits.csv")


def refused(done: Result, said: str) -> None:
    assert done.exit_code == 2, done.output
    assert said in " ".join(done.output.split()), done.output
    assert not Path("confide-report").exists() and "Traceback" not in done.output


@pytest.mark.slow
def test_traces_are_audited_twice_alike_and_judged(run: Run) -> None:
    words = (*TRACES, *SPOT, *QUICK, "-v", "--protect", "planar:200m,0.1")
    first = run(*words)
    assert first.exit_code == 0, first.output
    assert "The release promises epsilon 0.1" in " ".join(first.output.split())
    assert "promise is broken" not in first.output
    assert max(map(len, first.output.splitlines())) <= 100
    rows = pl.read_parquet("confide-report/evidence.parquet")
    assert run(*words, "--cache", "other").exit_code == 0
    assert rows.equals(pl.read_parquet("confide-report/evidence.parquet"))
    assert run(*words, "--limit", "auc=0.999").exit_code == 0
    plain = (*TRACES, *SPOT, *QUICK)
    assert run(*plain, "--limit", "auc=0.6").exit_code == 1


def test_public_traces_name_nobody_and_no_place(run: Run) -> None:
    cut_short("Zed1")
    assert run(*TRACES, *PLACE, *QUICK, "--audience", "public").exit_code == 0
    assert sorted(p.name for p in Path("confide-report").iterdir()) == ["report.html", "report.json"]
    for name in ("report.html", "report.json"):
        text = Path("confide-report", name).read_text()
        assert "Zed" not in text and "Club_" not in text
        visits = pl.read_csv("visits.csv")
        assert (
            f"{len(visits):,}" not in text
            and "Nobody asks about fewer than 10 people, who have too few points" in text
        )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name the column of places, or both lat and lon"),
        (("--lat", "lat"), "both lat and lon"),
        (("--place", "clubb"), "no column 'clubb': did you mean 'club'?"),
        ((*SPOT, "--cell", "nonsense"), "'nonsense' is no length"),
        ((*SPOT, "--cell", "99999km"), "give 1m to 1,000km"),
        ((*SPOT, "--cell", "0.001m"), "give 1m to 1,000km"),
        ((*PLACE, "--bin", "soon"), "'soon' is no span of time"),
        ((*PLACE, "--bin", "99999999w"), "longer than ten years"),
        ((*PLACE, "--bin", "4"), "'4' has no unit: write 4h for hours, or 4d for days"),
        ((*SPOT, "--cell", "500"), "'500' has no unit: write 500m for metres, or 500km for kilometres"),
        ((*PLACE, "--points", "500"), "only 0 people of 160 have 500 points"),
        ((*PLACE, "--protect", "fog:3"), "there is no protection 'fog:3'"),
        (
            (*PLACE, "--protect", "planar:200m"),
            "'planar:200m' cannot be used: level is missing. Write for example planar:200m,1.4",
        ),
        ((*PLACE, "--protect", "cell:1km"), "without latitude and longitude"),
        ((*PLACE, "--attacks", "telepathy"), "no attack on traces is called 'telepathy'"),
        ((*PLACE, "--key", "visits.csv"), "give that file too"),
        ((*PLACE, "--limit", "auc"), "is not a limit"),
    ],
)
def test_what_traces_refuse_of_options(run: Run, words: tuple[str, ...], said: str) -> None:
    refused(run(*TRACES, *words), said)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("lat", 95.5, "'lat' is outside the globe in row 10 (95.5)"),
        ("lon", -195.5, "'lon' is outside the globe in row 10 (-195.5)"),
        ("when", None, "'when' is empty in row 10"),
        ("who", None, "'who' is empty in row 10"),
    ],
)
def test_what_traces_refuse_by_row(run: Run, column: str, value: object, said: str) -> None:
    changed(**{column: at(10, value, column)})
    refused(run(*TRACES, *SPOT), said)


def test_times_are_never_guessed(run: Run) -> None:
    text = pl.from_epoch("when").dt.strftime("%Y-%m-%dT%H:%M:%S") + "Z"
    changed(when=text)
    kept = Path("visits.csv").read_text()
    changed(when=at(3, "2010-10-07T15:00", "when"))
    refused(run(*TRACES, *PLACE), "with and without a time zone: row 3 ('2010-10-07T15:00') has none")
    Path("visits.csv").write_text(kept)
    changed(when=at(4, "soonZ", "when"))
    refused(run(*TRACES, *PLACE), "'when' is no time in row 4 ('soonZ')")


def test_a_release_that_cannot_be_matched_asks_for_a_key(run: Run) -> None:
    pl.read_csv("visits.csv").with_columns(who="r" + pl.col("who")).write_csv("released.csv")
    words = (*TRACES, *PLACE, *QUICK, "--released", "released.csv")
    refused(run(*words), "give a key")
    users = pl.read_csv("visits.csv").select(pl.col("who").unique(maintain_order=True))
    users.with_columns(new="r" + pl.col("who")).write_csv("key.csv")
    assert run(*words, "--key", "key.csv").exit_code == 0


def test_people_with_too_few_points_are_counted(run: Run) -> None:
    cut_short("Zed1", "Zed2")
    done = run(*TRACES, *PLACE, *QUICK, "-v")
    assert "Nobody asks about 2 people, who have too few points." in " ".join(done.output.split())


@pytest.mark.slow
def test_pictures_are_audited_and_dp_pix_keeps_its_own_promise(run: Run) -> None:
    words = ("audit", "images", "faces.npz", "--protect", "mosaic:4", "--protect", "dp-pix:0.5,4")
    done = run(*words, "-v", "--attacks", "recogniser,clear-trained")
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "promises epsilon 0.5, delta 0, hiding any 16 pixels of a picture" in said
    sections = json.loads(Path("confide-report/report.json").read_text())["sections"]
    assert sections[0]["promise"] is None and sections[1]["promise"]["epsilon"] == 0.5
    assert "Ann" in " ".join(pl.read_parquet("confide-report/evidence.parquet")["id"].to_list())
    public = run(*words, "--attacks", "recogniser", "--audience", "public", "--out", "public")
    assert public.exit_code == 0, public.output
    assert sorted(p.name for p in Path("public").iterdir()) == ["report.html", "report.json"]
    assert not any("Ann" in p.read_text() for p in Path("public").iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--protect", "fog"), "no protection 'fog'"),
        (
            ("--protect", "mosaic:x"),
            "'mosaic:x' cannot be used: 'x' is no whole number. Write for example mosaic:16",
        ),
        (("--protect", "blur:1e9"), "1,000 at most"),
        (("--protect", "dp-pix:0"), "give 0.000001 to 100"),
        (("--attacks", "telepathy"), "called 'telepathy'"),
        (("--resize", "10"), "height x width"),
        (("--labels", "visits.csv"), "labels go with a folder"),
    ],
)
def test_what_pictures_refuse_of_options(run: Run, words: tuple[str, ...], said: str) -> None:
    refused(run("audit", "images", "faces.npz", *words), said)


def test_what_folders_are_refused(run: Run) -> None:
    image = pytest.importorskip("PIL.Image")
    Path("empty").mkdir()
    refused(run("audit", "images", "empty"), "holds no pictures")
    for person in "abcd":
        Path("faces", person).mkdir(parents=True)
        for i in range(3):
            image.new("L", (10, 12)).save(Path("faces", person, f"{i}.png"))
    odd = Path("faces", "a", "odd.png")
    image.new("L", (5, 6)).save(odd)
    refused(run("audit", "images", "faces"), "most 12x10, but 6x5: a/odd.png")
    image.new("RGB", (10, 12)).save(odd)
    refused(run("audit", "images", "faces"), "colour: a/odd.png")
    odd.write_bytes(b"no picture")
    refused(run("audit", "images", "faces"), "faces/a/odd.png cannot be read as a picture")
    odd.unlink()
    pl.DataFrame({"file": ["a/0.png", "gone.png"], "person": ["a", "b"]}).write_csv("labels.csv")
    refused(run("audit", "images", "faces", "--labels", "labels.csv"), "gone.png, not to be found")
    np.savez("single.npz", X=np.zeros((9, 4, 4), np.uint8), y=np.arange(9))
    refused(run("audit", "images", "single.npz"), "0 people with 2 pictures or more")
    np.savez("nothing.npz", X=np.zeros((9, 0, 4), np.uint8), y=np.arange(9) // 2)
    refused(run("audit", "images", "nothing.npz"), "pictures without pixels")
