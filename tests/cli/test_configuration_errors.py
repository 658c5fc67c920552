"""`confide.toml` that cannot be: one sentence with the place and what to do, and nothing changes on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from confide.cli import main

GOOD = '[release.good]\nkind = "scores"\nevidence = "s.csv"\n'


def confide(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), prog_name="confide")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder in a repository, with a small table of scores."""
    (tmp_path / ".git").mkdir()
    rows = [f"{i},{str(i % 2 == 0).lower()}" for i in range(40)]
    (tmp_path / "s.csv").write_text("\n".join(["score,exposed", *rows]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def disk(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def other(text: str) -> str:
    """A good release, and behind it another that is wrong: nothing of the first may run."""
    return f"{GOOD}\n[release.other]\n{text}"


WRONG = {
    "empty": ("", "confide.toml configures nothing"),
    "only a comment": ("# to do\n", "configures nothing"),
    "no release": ("seed = 3\n", "names no release to audit: add one under [release.NAME]"),
    "no TOML": ("seed = \n", "confide.toml, line 1"),
    "not UTF-8": (b"seed = 3\n# caf\xe9\n", "line 2: this is not UTF-8"),
    "a release twice": (GOOD + GOOD, "line 4, column 14: the release 'good' stands there twice"),
    "a key twice": ("seed = 3\nseed = 4\n", "line 2, column 9: this key stands there twice"),
    "capitals alone": (GOOD + GOOD.replace("good", "Good"), "differ in capitals alone"),
    "a kind as a name": (GOOD.replace("good", "table"), "is called 'table', which is a kind of release"),
    "a name for no folder": (GOOD.replace("good", '"../up"'), "a release is called '../up'"),
    "a name like an option": (GOOD.replace("good", "-x"), "a release is called '-x'"),
    "no kind": (other('evidence = "s.csv"'), "[release.other] has no kind: add kind ="),
    "no such kind": (other('kind = "tables"'), "the kind is 'tables': you may mean 'table'"),
    "a kind that is no text": (other("kind = 3"), "the kind is 3: choose one of model"),
    "an unknown key": (
        other('kind = "scores"\nevidense = "s.csv"'),
        "confide.toml, [release.other]: there is no setting 'evidense' here: you may mean 'evidence'",
    ),
    "an unknown shared key": (
        "sede = 3\n" + GOOD,
        "there is no setting 'sede' here: you may mean 'seed'",
    ),
    "a shared column": ('secret = "illness"\n' + GOOD, "there is no setting 'secret' here"),
    "a shared name": ('name = "us"\n' + GOOD, "there is no setting 'name' here"),
    "releases outside": ('[releases.a]\nkind = "scores"\n', "no setting 'releases' here"),
    "a release that is none": ("release = 3\n", "release is 3: write each one under [release.NAME]"),
    "two names of one": (
        "allow-unsettled = true\nallow_unsettled = false\n" + GOOD,
        "allow-unsettled and allow_unsettled are one setting",
    ),
    "text for a number": ('seed = "3"\n' + GOOD, "seed is '3': give a whole number"),
    "a fraction for a whole": ("seed = 3.5\n" + GOOD, "seed is 3.5: give a whole number"),
    "a truth for a number": ("seed = true\n" + GOOD, "seed is True: give a whole number"),
    "too small": ("jobs = 0\n" + GOOD, "jobs: 0 is too small: give 1 or more"),
    "text for a truth": ('share = "yes"\n' + GOOD, "share is 'yes': give true or false"),
    "a list for one": ('out = ["a", "b"]\n' + GOOD, "out is a list: give one value"),
    "a date": ("cache = 2026-01-01\n" + GOOD, "cache is datetime.date(2026, 1, 1): give text"),
    "no such language": ('language = "it"\n' + GOOD, "language: 'it' is not one of 'en', 'de', 'fr'"),
    "a table for a value": ("[limits]\nauc = 0.6\n" + GOOD, "limits is {'auc': 0.6}: give text"),
    "an empty path": (other('kind = "scores"\nevidence = ""'), "evidence is '': give a path"),
    "lists in lists": ("limits = " + 5_000 * "[", "this is no configuration"),
    "endless digits": (f"seed = {'9' * 5_000}\n", "this is no configuration"),
    "a number too large for any": (
        other(f'kind = "table"\nrecords = "s.csv"\nknown = "score"\nwrong = 1{"0" * 400}'),
        "give a smaller number",
    ),
    "a name for no file": (other('kind = "scores"\nevidence = "a\\u0000b"'), "no file can have the name a"),
    "a missing file": (
        other('kind = "scores"\nevidence = "none.csv"'),
        "confide.toml, [release.other]: evidence: there is no file none.csv",
    ),
    "a missing requirement": (
        other('kind = "table"\nrecords = "s.csv"'),
        "[release.other]: known is missing: give it a value",
    ),
    "columns of numbers": (other('kind = "table"\nrecords = "s.csv"\nknown = [1]'), "known is [1]: give"),
    "what the record refuses": (
        other('kind = "table"\nrecords = "s.csv"\nknown = "score"\nwrong = 2.0'),
        "confide.toml, [release.other]: a share of 2.0 wrong cells",
    ),
    "a limit that is none": (other('kind = "scores"\nevidence = "s.csv"\nlimits = ["auk=1"]'), "auk"),
    "a limit that no finding can have": (
        other('kind = "scores"\nevidence = "s.csv"\nlimits = ["utility"]'),
        "[release.other]: utility is a limit on synthetic files",
    ),
    "a shared limit that no finding can have": (
        'limits = ["proved=0.1"]\n' + GOOD,
        "proved=0.1 is a limit on tables of counts",
    ),
    "one file for two": (
        'junit = "j.xml"\n' + other('kind = "scores"\nevidence = "s.csv"'),
        "junit is one file for 2 releases: write {name} in it",
    ),
    "one folder for two": (
        other('kind = "scores"\nevidence = "s.csv"\nout = "confide-report/good"'),
        "the releases good and other both write",
    ),
    "what another reads": (
        other('kind = "scores"\nevidence = "s.csv"\n').replace(
            'evidence = "s.csv"\n\n', 'evidence = "t.csv"\n'
        )
        + 'junit = "t.csv"\n',
        "the release other writes t.csv, which good reads",
    ),
    "itself": (GOOD + 'sarif = "confide.toml"\n', "that file is read here"),
    "quiet and verbose": ("quiet = true\nverbose = true\n" + GOOD, "give one of them"),
    "rows for the public": (
        other('kind = "scores"\nevidence = "s.csv"\naudience = "public"\nshow-rows = true'),
        "a public report has no rows to show",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_wrong_is_refused_before_anything_runs(case: str, here: Path) -> None:
    text, says = WRONG[case]
    (here / "t.csv").write_text((here / "s.csv").read_text())
    (here / "confide.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    before = disk(here)
    done = confide("audit")
    assert done.exit_code == 2, done.output
    assert says in " ".join(done.output.split()), done.output
    assert "Traceback" not in done.output
    assert disk(here) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("audit",), "there is no confide.toml here"),
        (("audit", "--no-config"), "there is no confide.toml here"),
        (("audit", "--config", "none.toml"), "there is no configuration file none.toml"),
        (("audit", "prod"), "audit takes no 'prod': choose one of model"),
        (("audit", "scores", "s.csv", "--config", "a", "--no-config"), "give one of them"),
        (("audit", "--config", "s.csv"), "s.csv, line 1"),
    ],
)
def test_without_a_file_nothing_passes_for_an_audit(words: tuple[str, ...], says: str, here: Path) -> None:
    done = confide(*words)
    assert done.exit_code == 2 and says in " ".join(done.output.split()), done.output
    assert not (here / "confide-report").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("audit", "goood"), "confide.toml has no release 'goood': you may mean 'good'. Its releases: good"),
        (("audit", "scoers"), "you may mean 'scores'"),
        (("audit", "good", "other.csv"), "unexpected extra argument"),
        (("audit", "good", "--limit", "auk=1"), "auk"),
        (("audit", "good", "--no-config"), "audit takes no 'good'"),
    ],
)
def test_a_release_that_is_not_there_is_refused_with_the_nearest(
    words: tuple[str, ...], says: str, here: Path
) -> None:
    (here / "confide.toml").write_text(GOOD)
    done = confide(*words)
    assert done.exit_code == 2 and says in " ".join(done.output.split()), done.output
    assert not (here / "confide-report").exists()


def test_what_is_shared_and_wrong_stops_an_audit_beside_the_file_but_no_help(here: Path) -> None:
    (here / "confide.toml").write_text('limits = ["proved=0.1"]\n')
    done = confide("audit", "scores", "s.csv")
    assert done.exit_code == 2
    assert "(confide.toml is in force; --no-config leaves it out.)" in " ".join(done.output.split())
    (here / "confide.toml").write_text("no TOML")
    assert confide("audit", "scores", "s.csv").exit_code == 2
    assert confide("audit", "scores", "--help").exit_code == 0
    assert not (here / "confide-report").exists()


def test_what_is_shared_and_no_setting_of_a_kind_is_said(here: Path) -> None:
    (here / "confide.toml").write_text('attacks = "lira"\nprotect = ["rare:2"]\nseed = 3\n')
    done = confide("audit", "scores", "s.csv", "--dry-run")
    assert "an audit of kind scores has no attacks; it is left out" in done.output
    assert "has no protect; it is left out" in done.output and "no seed" not in done.output
