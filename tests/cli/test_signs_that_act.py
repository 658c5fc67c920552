"""Names from files cannot steer the terminal, the page or report.json; impossible options are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .conftest import Run

ACTING = "\x1b]0;title\x07\x1b[2J\u202eevil\u2066"


def acts(text: str) -> bool:
    return any(sign in text for sign in ("\x1b", "\x07", "\u202e", "\u2066"))


def test_an_error_cannot_forge_a_line(run: Run, desk: Path) -> None:
    (desk / "a.csv").write_text(f'user,"{ACTING}\nconfide: nothing found, all is safe."\n1,2\n', "utf-8")
    done = run("audit", "ratings", "a.csv", "--user", "user", "--item", "item")
    assert done.exit_code == 2
    assert not acts(done.output) and "\\x1b[2J" in done.output
    assert not any(line.startswith("confide: nothing found") for line in done.output.splitlines())


def test_names_are_written_out_in_all_files(run: Run, desk: Path) -> None:
    rng = np.random.default_rng(0)
    n = 60
    frame = {
        "exposed": np.arange(n) % 2,
        "score": np.arange(n) % 2 * 5 + rng.normal(size=n),
        "target": np.arange(n),
        "attack": [f"a{ACTING}"] * n,
        "who": [f"p{i}{ACTING}" for i in range(n)],
    }
    pl.DataFrame(frame).write_parquet(desk / f"e{ACTING[-1]}.parquet")
    done = run("audit", "scores", f"e{ACTING[-1]}.parquet", "--user", "who", "--out", "out", "--show-rows")
    assert done.exit_code == 0, done.output
    assert not acts(done.output)
    for name in ("report.html", "report.json"):
        text = (desk / "out" / name).read_text("utf-8")
        assert not acts(text) and "x1b[2J" in text
    again = run("report", "out", "--show-rows")
    assert again.exit_code == 0 and not acts(again.output)


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "ratings", "r.csv", "--user", "u", "--item", "i", "--jobs", "1000000"),
        ("audit", "model", "m:m", "--members", "a", "--nonmembers", "b", "--references", "1000000000"),
        ("audit", "ratings", "r.csv", "--user", "u", "--item", "i", "--protect", "response:0"),
        ("audit", "ratings", "r.csv", "--user", "u", "--item", "i", "--protect", "response:1e308"),
        ("audit", "ratings", "r.csv", "--user", "u", "--item", "i", "--protect", f"rare:{10**20}"),
        (
            "audit",
            "traces",
            "t.csv",
            "--user",
            "u",
            "--time",
            "t",
            "--place",
            "p",
            "--protect",
            "planar:200m,1e-300",
        ),
        ("audit", "images", "f", "--resize", "²x²"),
        ("audit", "images", "f", "--resize", f"{'9' * 5000}x9"),
        ("audit", "images", "f", "--protect", f"mosaic:{'9' * 20}"),
        ("audit", "images", "f", "--protect", f"mosaic:{'9' * 5000}"),
        ("audit", "images", "f", "--protect", f"dp-pix:0.5,16,{10**20}"),
        ("audit", "images", "f", "--protect", "dp-pix:1e-300"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_a_sentence(
    words: tuple[str, ...], run: Run, desk: Path
) -> None:
    done = run(*words)
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output and len(done.stderr) < 900
    assert "does not exist" not in done.output  # said before any file is looked for


@pytest.mark.parametrize("make", ["link", "folder", "file"])
def test_a_place_that_takes_no_report_is_refused_before_any_work(make: str, run: Run, desk: Path) -> None:
    out = desk / "out"
    if make == "link":
        out.symlink_to(desk / "nowhere")
    elif make == "folder":
        (out / "report.html").mkdir(parents=True)
    else:
        out.write_text("")
    done = run("audit", "scores", "none.parquet", "--out", "out")
    assert done.exit_code == 2 and "none.parquet" not in done.output


def test_a_public_report_beside_rows_is_refused_before_any_work(run: Run, desk: Path) -> None:
    (desk / "out").mkdir()
    (desk / "out" / "exposed.csv").write_text("")
    done = run("audit", "scores", "none.parquet", "--out", "out", "--audience", "public")
    assert done.exit_code == 2 and "rows of an earlier audit" in done.output
