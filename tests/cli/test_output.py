"""What a command prints and writes: exit codes by ruling and option, JSON alone on stdout, files."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path

import click
import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result
from tests.report.formats import junit, sarif

from confide.cli import main
from confide.cli.colour import wanted
from confide.cli.exits import WRITTEN, as_written

RULED = {"auc=0.6": "exceeded", "auc=0.77": "not settled", "auc=0.95": "within"}
"""The scores below have an AUC of Phi(1 / sqrt 2) = 0.760; 400 people a side give it about 0.03 of noise."""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / "cache"))
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    rng = np.random.default_rng(5)
    exposed = np.repeat([True, False], 400)
    pl.DataFrame({"exposed": exposed, "score": rng.normal(size=800) + exposed}).write_parquet("e.parquet")
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def audit(*words: str) -> Result:
    return run("audit", "scores", "e.parquet", "--out", "out", *words)


@pytest.mark.parametrize("limit", RULED)
@pytest.mark.parametrize("allow", [False, True])
def test_exit_codes_of_an_audit_its_report_and_every_file(desk: Path, limit: str, allow: bool) -> None:
    more = ["--allow-unsettled"] * allow
    files = ["--junit", "j.xml", "--sarif", "s.sarif", "--markdown", "m.md"]
    done = audit("--limit", limit, *more, *files)
    fails = int(RULED[limit] == "exceeded" or (RULED[limit] == "not settled" and not allow))
    assert done.exit_code == fails, done.output
    assert json.loads(Path("out/report.json").read_text())["verdict"] == RULED[limit]
    for words in ((), ("--for", "dpia"), ("--quiet",), ("-v",), ("--json",)):
        assert run("report", "out", *words).exit_code == fails, words
    assert bool(junit(Path("j.xml").read_text()).findall(".//failure")) == bool(fails)
    errors = [r for r in sarif(Path("s.sarif").read_text())["results"] if r["level"] == "error"]
    assert bool(errors) == bool(fails)
    assert RULED[limit] in Path("m.md").read_text()
    again = run("report", "out", "--junit", "again.xml", "--quiet")
    assert again.output == "" and Path("again.xml").read_text() == Path("j.xml").read_text()


def test_the_order_of_options_does_not_matter(desk: Path) -> None:
    first = run("audit", "scores", "--json", "--limit", "auc=0.6", "e.parquet", "--out", "out")
    second = run("audit", "scores", "e.parquet", "--out", "out", "--limit", "auc=0.6", "--json")
    kept = [json.loads(done.stdout) for done in (first, second)]
    assert first.exit_code == second.exit_code == 1
    assert kept[0]["limits"] == kept[1]["limits"]


def test_json_is_all_of_the_standard_output(desk: Path) -> None:
    done = audit("--limit", "auc=0.6", "--json")
    assert done.stdout == Path("out/report.json").read_text()
    assert json.loads(done.stdout)["exit"] == done.exit_code == 1
    assert "A limit that was set is exceeded." in done.stderr and "Written to out" in done.stderr
    long = audit("--json", "-v")
    assert json.loads(long.stdout) and "What it does not mean" in long.stderr
    silent = audit("--json", "--quiet")
    assert json.loads(silent.stdout) and silent.stderr == ""


def test_an_error_under_json_leaves_the_standard_output_empty(desk: Path) -> None:
    done = audit("--limit", "auc=0.1", "--json")
    assert done.exit_code == 2 and done.stdout == "" and "auc" in done.stderr


def test_a_plan_is_no_json(desk: Path) -> None:
    done = audit("--dry-run", "--json")
    assert done.exit_code == 2 and done.stdout == "" and "leave out --json" in done.stderr


def test_the_first_page_is_the_default_and_the_rest_is_asked_for(desk: Path) -> None:
    brief, long = audit("--limit", "auc=0.6").stdout, audit("--limit", "auc=0.6", "--verbose").stdout
    assert len(brief.splitlines()) <= 25 and max(map(len, brief.splitlines())) <= 80
    assert "(AUC 0.6): exceeded, 7" in " ".join(brief.split())
    assert "What it does not mean" in long and "What it does not mean" not in brief
    # Nobody checked that the two groups are similar: the numbers mean nothing without that.
    assert "Read first" in brief and "No blind adversary was played" in " ".join(brief.split())
    assert audit("--quiet").stdout == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--quiet", "-v"), "give one of them"),
        (("--junit", "e.parquet"), "is read here"),
        (("--sarif", "out/report.json"), "is a file of the report"),
        (("--junit", "x", "--sarif", "x"), "is that of another option"),
        (("--markdown", "nowhere/m.md"), "there is no folder"),
        (("--markdown", "."), "a folder, a link or a device"),
        (("--junit", "/dev/null"), "a folder, a link or a device"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_any_work(
    desk: Path, words: tuple[str, ...], says: str
) -> None:
    before = Path("e.parquet").read_bytes()
    done = audit(*words)
    assert done.exit_code == 2 and says in " ".join(done.stderr.split())
    assert Path("e.parquet").read_bytes() == before
    assert sorted(p.name for p in desk.iterdir()) == ["e.parquet"]


def test_a_file_may_stand_in_the_folder_of_the_report(desk: Path) -> None:
    assert audit("--junit", "out/j.xml").exit_code == 0
    assert junit(Path("out/j.xml").read_text()) is not None
    refused = run("report", "out", "--junit", "out/report.json")
    assert refused.exit_code == 2 and json.loads(Path("out/report.json").read_text())


def test_a_report_of_the_third_schema_keeps_the_exit_code_it_was_written_with(desk: Path) -> None:
    """Until then a limit that was not settled passed, unless --strict was given."""
    audit("--limit", "auc=0.77")
    kept = json.loads(Path("out/report.json").read_text())
    new = {"language", "glance", "made", "allow_unsettled"}
    for strict in (False, True):
        old = {name: part for name, part in kept.items() if name not in new}
        limits = [
            {k: v for k, v in row.items() if k not in ("allows", "found", "words")} for row in kept["limits"]
        ]
        old |= {"schema": "confide.report/3", "strict": strict, "exit": int(strict), "limits": limits}
        Path("old.json").write_text(json.dumps(old))
        done = run("report", "old.json", "--junit", "old.xml")
        assert done.exit_code == int(strict), done.output
        assert bool(junit(Path("old.xml").read_text()).findall(".//failure")) is strict


def test_the_version(desk: Path) -> None:
    assert run("--version").output == run("version").output


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("set_to", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
    ],
)
def test_colours_switch_themselves_off(
    monkeypatch: pytest.MonkeyPatch, set_to: dict[str, str], terminal: bool, expected: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    assert wanted(Terminal() if terminal else io.StringIO()) is expected


def test_colours_are_on_the_sign_of_the_verdict_alone_and_never_in_json(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b" not in audit("--limit", "auc=0.6").output
    monkeypatch.setenv("FORCE_COLOR", "1")
    done = audit("--limit", "auc=0.6")
    assert done.stdout.count("\x1b[31m\x1b[1m[NO]\x1b[0m") == 1 and done.stdout.count("\x1b") == 3
    assert "\x1b" not in audit("--limit", "auc=0.6", "--json").stdout


def test_every_command_that_ends_in_a_report_takes_the_same_options(desk: Path) -> None:
    options = ("--junit", "--sarif", "--markdown", "--json", "--quiet", "-v, --verbose")
    commands = (
        ("audit", "ratings"), ("protect", "ratings"), ("frontier", "model"), ("frontier", "synthetic"),
        ("frontier", "collaboration"), ("report",), ("demo",),
    )  # fmt: skip
    for words in commands:
        page = run(*words, "--help").output
        assert all(option in page for option in options), words
        assert "--strict" not in page
    assert "--allow-unsettled" in run("protect", "ratings", "--help").output


@pytest.mark.parametrize("program", ["python -m confide", "/opt/some place/bin/confide"])
def test_the_command_in_a_report_is_one_that_a_shell_takes(program: str) -> None:
    with click.Context(main) as context:
        context.meta[WRITTEN] = [program, "audit", "table", "a b.csv"]
        words = shlex.split(as_written())
    assert words == [*(program.split() if " -m " in program else ["confide"]), "audit", "table", "a b.csv"]
