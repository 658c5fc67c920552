"""`confide.toml`: releases and settings in a file are audited as if they stood on the command line."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from confide.audits import spec_of
from confide.cli import main
from confide.cli.audit import checked
from confide.cli.configuration import found, of_release, read
from confide.inputs.images import Images
from confide.inputs.model import Model
from confide.inputs.table import Table

TWO = """
limits = ["auc=0.6"]

[release.first]
kind = "scores"
evidence = "weak.csv"

[release.second]
kind = "scores"
evidence = "strong.csv"
limits = ["auc=0.99"]
"""


def scores(file: Path, gap: float) -> None:
    """Scores of 200 members and 200 others, normal and `gap` apart: an AUC of Phi(gap / sqrt 2)."""
    rng = np.random.default_rng(5)
    exposed = np.arange(400) < 200
    pl.DataFrame({"score": rng.normal(size=400) + gap * exposed, "exposed": exposed}).write_csv(file)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder in a repository, with weak.csv (AUC .5) and strong.csv (.92)."""
    (tmp_path / ".git").mkdir()
    scores(tmp_path / "weak.csv", 0.0)
    scores(tmp_path / "strong.csv", 2.0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFIDE_CACHE", str(tmp_path / ".git" / "cache"))
    return tmp_path


def confide(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), prog_name="confide")


def kept(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "report.json").read_text("utf-8"))


def test_all_releases_run_each_with_its_folder_and_the_worst_exit_code(here: Path) -> None:
    (here / "confide.toml").write_text(TWO)
    done = confide("audit")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-2:] == [
        "first: within the limits (exit code 0), confide-report/first",
        "second: within the limits (exit code 0), confide-report/second",
    ]
    assert [row["limit"] for row in kept(here / "confide-report/first")["limits"]] == ["auc=0.6"]
    assert [row["limit"] for row in kept(here / "confide-report/second")["limits"]] == ["auc=0.99"]
    # An AUC of .92 is above .6: with the shared limit the second one fails, and so does the whole.
    (here / "confide.toml").write_text(TWO.replace('limits = ["auc=0.99"]', ""))
    done = confide("audit")
    assert done.exit_code == 1
    assert "first: within the limits (exit code 0)" in done.output
    assert "second: above a limit (exit code 1)" in done.output


def test_one_release_runs_by_its_name_and_flags_go_before_the_file(here: Path) -> None:
    (here / "confide.toml").write_text(TWO)
    assert confide("audit", "second").exit_code == 0
    assert not (here / "confide-report/first").exists()
    done = confide("audit", "second", "--limit", "auc=0.7", "--out", "elsewhere", "--language", "de")
    assert done.exit_code == 1
    report = kept(here / "elsewhere")
    assert [row["limit"] for row in report["limits"]] == ["auc=0.7"] and report["language"] == "de"


def test_the_report_says_what_was_in_force_and_where_it_came_from(here: Path) -> None:
    file = here / "confide.toml"
    file.write_text(TWO.replace('limits = ["auc=0.6"]', 'audience = "internal"\nallow-unsettled = true', 1))
    confide("audit", "second", "--language", "fr")
    made = kept(here / "confide-report/second")["made"]
    assert made["command"] == "confide audit second --language fr"
    assert made["settings"]["limits"] == "auc=0.99" and made["settings"]["allow_unsettled"] == "true"
    assert made["origins"] == {
        "limits": "confide.toml",
        "audience": "confide.toml",
        "allow_unsettled": "confide.toml",
        "language": "command line",
    }
    by_role = {i["role"]: i for i in made["inputs"]}
    assert by_role["configuration"]["name"] == "confide.toml"
    assert by_role["configuration"]["sha256"] == sha256(file.read_bytes()).hexdigest()
    page = (here / "confide-report/second/report.html").read_text("utf-8")
    assert "(confide.toml)" in page and "(ligne de commande)" in page


def test_the_public_reads_that_a_file_was_in_force_and_not_its_name(here: Path) -> None:
    (here / "merger.toml").write_text(TWO)
    confide("audit", "first", "--config", "merger.toml", "--audience", "public")
    folder = here / "confide-report/first"
    made = kept(folder)["made"]
    assert made["origins"] == {"limits": "configuration file", "audience": "command line"}
    assert all("merger" not in file.read_text("utf-8") for file in folder.iterdir())


def test_a_report_of_all_says_how_it_alone_is_made_again(here: Path) -> None:
    (here / "my.toml").write_text(TWO)
    assert confide("audit", "--config", "my.toml").exit_code == 0
    assert kept(here / "confide-report/first")["made"]["command"] == "confide audit --config my.toml first"
    assert confide("audit", "--config", "my.toml", "first").exit_code == 0
    assert confide("audit", "first", "--config=my.toml").exit_code == 0


def test_what_is_shared_holds_for_every_audit_beside_the_file_and_is_said(here: Path) -> None:
    (here / "confide.toml").write_text(TWO)
    done = CliRunner().invoke(main, ["audit", "scores", "strong.csv", "--out", "out"])
    assert done.exit_code == 1  # .92 is above .6
    assert "In force from confide.toml: limits auc=0.6 (--no-config leaves this out)." in done.stderr
    assert kept(here / "out")["made"]["origins"]["limits"] == "confide.toml"
    for words in (["--no-config"], ["--limit", "auc=0.99"]):
        done = CliRunner().invoke(main, ["audit", "scores", "strong.csv", "--out", "out", *words])
        assert done.exit_code == 0 and "In force" not in done.stderr
    assert kept(here / "out")["made"]["origins"] == {"limits": "command line"}


def test_paths_go_out_from_the_file_wherever_the_command_stands(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "confide.toml").write_text('out = "reports"\njunit = "{name}.xml"\n' + TWO)
    (here / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(here / "deep/er")
    assert confide("audit").exit_code == 0
    assert sorted(p.name for p in (here / "reports").iterdir()) == ["first", "second"]
    assert (here / "first.xml").exists() and (here / "second.xml").exists()
    assert list((here / "deep/er").iterdir()) == []


def test_nothing_is_read_above_the_repository_or_from_a_folder_that_anybody_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "confide.toml").write_text("seed = 1")
    repository, stray = tmp_path / "repository", tmp_path / "stray/below"
    (repository / ".git").mkdir(parents=True)
    (repository / "inside").mkdir()
    stray.mkdir(parents=True)
    assert found(repository / "inside") is None and found(stray) is None
    (repository / "confide.toml").write_text("seed = 2")
    near = found(repository / "inside")
    assert near is not None and near.shared == {"seed": 2}
    # Without a repository: up to the home folder, and not above it.
    (tmp_path / "home/work").mkdir(parents=True)
    assert found(tmp_path / "home/work") is None
    (tmp_path / "home/confide.toml").write_text("seed = 3")
    far = found(tmp_path / "home/work")
    assert far is not None and far.shared == {"seed": 3}


def test_a_pyproject_is_read_where_it_speaks_of_confide(here: Path) -> None:
    project = here / "pyproject.toml"
    project.write_text("[project]\nname = 'x'\n")
    assert found(here) is None
    project.write_bytes(b"\xff this is nobody's TOML [[")
    assert found(here) is None, "what does not speak of confide is not ours to judge"
    project.write_text(
        "[tool.confide]\nseed = 4\n[tool.confide.release.a]\nkind = 'scores'\nevidence = 'weak.csv'\n"
    )
    assert confide("audit", "a").exit_code == 0
    assert kept(here / "confide-report/a")["made"]["origins"] == {}  # nothing is played: no seed
    (here / "confide.toml").write_text("seed = 1")
    done = confide("audit", "a")
    assert done.exit_code == 2 and "both configure confide: keep one of them" in done.output


def test_json_of_all_is_one_document_by_release(here: Path) -> None:
    (here / "confide.toml").write_text("json = true\n" + TWO)
    done = CliRunner().invoke(main, ["audit"])
    assert done.exit_code == 0
    both = json.loads(done.stdout)
    assert list(both) == ["first", "second"]
    assert both["first"] == kept(here / "confide-report/first")


def test_a_shell_is_told_the_names_of_releases_and_their_options(here: Path) -> None:
    (here / "confide.toml").write_text(TWO)

    def proposed(*words: str) -> list[str]:
        *before, begun = words
        found = ShellComplete(main, {}, "confide", "").get_completions(list(before), begun)
        return [item.value for item in found]

    assert proposed("audit", "s") == ["second", "synthetic", "scores"]
    assert "--limit" in proposed("audit", "second", "--li")
    (here / "confide.toml").write_text("no TOML")
    assert proposed("audit", "s") == ["synthetic", "scores"]


def test_one_that_cannot_be_audited_does_not_stop_the_others_and_fails_the_whole(here: Path) -> None:
    (here / "broken.csv").write_text("score,exposed\n1,true\n2,maybe\n")
    (here / "confide.toml").write_text(TWO.replace("weak.csv", "broken.csv"))
    done = confide("audit")
    assert done.exit_code == 2
    assert "first: could not be audited (exit code 2)" in done.output
    assert "second: within the limits (exit code 0)" in done.output
    assert (here / "confide-report/second/report.json").exists()


def held_of(here: Path, text: str) -> Any:
    (here / "c.toml").write_text(text)
    file = read(here / "c.toml")
    name = next(iter(file.releases))
    spec = spec_of(str(file.releases[name]["kind"]))
    return checked(spec, of_release(file, name, spec), {})


def test_values_have_the_types_of_the_record(here: Path) -> None:
    for name in ("people.csv", "released.csv"):
        (here / name).write_text("age,zip,illness\n1,2,3\n")
    ready = held_of(
        here,
        """
        seed = 11
        [release.prod]
        kind = "table"
        records = "people.csv"
        known = ["age", "zip"]
        secret = "illness"
        made-by = "mondrian:5"
        released = "released.csv"
        wrong = 0
        targets = 50
        protect = ["mondrian:5", "blank:5"]
        show_rows = true
        limits = "tpr@0.01=0.05"
        """,
    )
    assert isinstance(ready.held, Table)
    held = ready.held
    assert (held.records, held.released) == (here / "people.csv", here / "released.csv")
    assert (tuple(held.columns), held.secret, held.wrong, held.targets) == (("age", "zip"), "illness", 0, 50)
    assert ready.settings.seed == 11 and ready.settings.show_rows
    assert ready.settings.protections == ("mondrian:5", "blank:5")
    assert [str(limit) for limit in ready.settings.parsed_limits] == ["tpr@0.01=0.05"]
    assert ready.out == here / "confide-report/prod"


def test_a_module_beside_the_file_is_found_from_below(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    for name in ("in.csv", "out.csv"):
        frame = pl.DataFrame({"a": rng.normal(size=60), "y": rng.integers(0, 2, 60)})
        frame.write_csv(here / name)
    (here / "beside_the_file.py").write_text(
        "import numpy as np\ndef predict(X):\n    return np.full((len(X), 2), 0.5)\n"
    )
    (here / "confide.toml").write_text(
        '[release.net]\nkind = "model"\nmodel = "beside_the_file:predict"\nmembers = "in.csv"\n'
        'nonmembers = "out.csv"\nlabel = "y"\nreferences = 0\n'
    )
    monkeypatch.setattr("sys.path", [*sys.path])
    monkeypatch.delitem(sys.modules, "beside_the_file", raising=False)
    (here / "below").mkdir()
    monkeypatch.chdir(here / "below")
    done = confide("audit", "net", "--dry-run")
    assert done.exit_code == 0, done.output
    assert list((here / "below").iterdir()) == []


def test_import_paths_labels_and_addresses_are_no_files(here: Path) -> None:
    for name in ("in.csv", "out.csv"):
        (here / name).write_text("a,y\n1,2\n")
    ready = held_of(
        here,
        """
        [release.net]
        kind = "model"
        model = "mymodel:net"
        members = "in.csv"
        nonmembers = "out.csv"
        label = "y"
        class = ["no", "yes"]
        train = "mymodel:train"
        """,
    )
    assert isinstance(ready.held, Model)
    assert (ready.held.model, ready.held.train) == ("mymodel:net", "mymodel:train")
    assert list(ready.held.classes) == ["no", "yes"] and ready.held.members == here / "in.csv"


def test_a_value_that_a_function_reads_is_read(here: Path) -> None:
    (here / "faces").mkdir()
    ready = held_of(here, '[release.a]\nkind = "images"\npictures = "faces"\nresize = "64x32"\n')
    assert isinstance(ready.held, Images) and ready.held.resize == (64, 32)


def test_a_release_that_is_exempt_from_shared_limits_says_so(here: Path) -> None:
    (here / "confide.toml").write_text(TWO.replace('limits = ["auc=0.99"]', "limits = []"))
    done = confide("audit", "second")
    assert done.exit_code == 0 and "this release has no limits, though the file shares some" in done.stderr
    page = kept(here / "confide-report/second")
    assert any("This release has no limits" in text for text in page["sections"][0]["warnings"])
    assert page["release"] == "second", "it is called as in the file"
    assert "has no limits" not in confide("audit", "second", "--limit", "auc=0.99").stderr
    assert "has no limits" not in confide("audit", "first").stderr


@pytest.mark.parametrize(
    "words", [("--json",), ("--quiet",), ("--junit", "j"), ("--limit", "auc=0.6"), ("-v",)]
)
def test_an_option_of_all_releases_is_said_to_belong_in_the_file(here: Path, words: tuple[str, ...]) -> None:
    (here / "confide.toml").write_text(TWO)
    done = confide("audit", *words)
    assert done.exit_code == 2 and "write it into confide.toml" in " ".join(done.stderr.split())
    assert not (here / "confide-report").exists()
