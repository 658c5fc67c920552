"""`confide collaborate keys|check|start|resume`: what needs no Flower; what does runs by `make flower`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from confide.cli import main
from confide.core.kept_transcript import read_beside, read_transcript, write_transcript
from confide.core.version import VERSION

Run = Callable[..., Result]

PLAN = f"""\
rounds = 2
label = "y"
schema = "schema.toml"

[parties]
north = "north.parquet"
south = "south.parquet"
east = "east.parquet"

[protocol]
name = "fedavg"

[deployed]
address = "localhost:9443"
version = "{VERSION}"
keys = "keys/keys.toml"
"""
SAME = ("plan.toml", "--party", "north", "--keys", "keys")
FLOWER = find_spec("flwr") is not None


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a party, with its own records and nobody else's."""
    pl.DataFrame({"x": [0.1, 0.9], "y": ["a", "b"]}).write_parquet(tmp_path / "north.parquet")
    schema = '[columns.x]\nlow = 0\nhigh = 1\nknots = 2\n[columns.y]\nvalues = ["a", "b"]\n'
    (tmp_path / "schema.toml").write_text(schema)
    (tmp_path / "plan.toml").write_text(PLAN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(desk: Path) -> Run:
    """`confide collaborate` with these words, in that folder."""
    return lambda *words: CliRunner().invoke(main, ["collaborate", *(str(word) for word in words)])


@pytest.fixture
def keys(run: Run) -> None:
    assert run("keys", "keys", "--nodes", "north,south,east").exit_code == 0


def one_line(done: Result) -> str:
    return " ".join(done.output.split())


def test_the_help_lists_the_plan_and_what_is_done_on_machines(run: Run) -> None:
    page = one_line(run("--help"))
    assert "PLAN" in page and "--simulate" in page and "On machines of their own" in page
    for door, says in {
        "keys": "--nodes NAMES", "check": "--offline", "start": "--as server", "resume": "nothing is charged",
    }.items():  # fmt: skip
        assert f"{door} ..." in page
        shown = run(door, "--help")
        assert shown.exit_code == 0 and says in one_line(shown)
        assert shown.output.startswith(f"Usage: confide collaborate {door}".replace("confide", "main"))


def test_keys_are_made_once_for_their_owner_and_fingerprints_are_printed(desk: Path, run: Run) -> None:
    done = run("keys", "keys", "--nodes", "north, south,east", "--hosts", "fl.example.org,10.0.0.7")
    assert done.exit_code == 0, done.output
    shown = one_line(done)
    for what in ("certificate authority: ", "server, identity: SHA256:", "east, node: SHA256:", "[deployed]"):
        assert what in shown
    made = sorted(str(p.relative_to(desk / "keys")) for p in (desk / "keys").rglob("*") if p.is_file())
    own = ("ca.crt", "identity.key", "identity.key.pub", "node.key", "node.key.pub")
    assert [name for name in made if name.startswith("parties/north/")] == [f"parties/north/{n}" for n in own]
    assert (desk / "keys").stat().st_mode & 0o077 == 0
    before = {p: p.read_bytes() for p in (desk / "keys").rglob("*.key")}
    again = run("keys", "keys", "--nodes", "north")
    assert again.exit_code == 2 and "never written over" in one_line(again)
    assert {p: p.read_bytes() for p in (desk / "keys").rglob("*.key")} == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--nodes", "a,a"), "cannot name a party"),
        (("--nodes", "a,server"), "cannot name a party"),
        (("--nodes", "../a,b"), "cannot name a folder"),
        (("--nodes", ","), "no party is named"),
        (("--nodes", "a", "--hosts", ","), "No host|no host"),
        (("--nodes", "a", "--days", "0"), "0 is too small"),
        ((), "--nodes"),
    ],
)
def test_keys_that_cannot_be_are_refused_and_nothing_is_written(
    desk: Path, run: Run, words: tuple[str, ...], says: str
) -> None:
    before = sorted(desk.iterdir())
    done = run("keys", "new", *words)
    assert done.exit_code == 2 and any(say in one_line(done) for say in says.split("|")), done.output
    assert sorted(desk.iterdir()) == before


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[deployed]", "[deployd]", "you may mean deployed|deployed"),
        (f'version = "{VERSION}"', 'version = "9.9"', "install the plan's version"),
        ("localhost:9443", "localhost", "write it as HOST:PORT"),
        ("keys/keys.toml", "gone.toml", "no file of public keys"),
        ('east = "east.parquet"\n', "", "'east' has keys there, and is no party of the plan"),
        ('name = "fedavg"', 'name = "fedavgg"', "you may mean 'fedavg'"),
        ("[deployed]", "[secure]\n[deployed]", "nothing bounds an upload"),
        ("[deployed]", "[secure]\nlimit = 1.0\nthreshold = 2\n[deployed]", "threshold is 2 of 3"),
        ("rounds = 2", "rounds = 2\ncohort = 4", "cohort is 4 of 3"),
    ],
)
@pytest.mark.parametrize("door", ["check", "start"])
def test_a_plan_that_cannot_be_deployed_is_refused_with_what_to_change(
    desk: Path, run: Run, door: str, old: str, new: str, says: str
) -> None:
    assert old in PLAN
    (desk / "plan.toml").write_text(PLAN.replace(old, new))
    before = sorted(desk.iterdir())
    done = run(door, *SAME)
    assert done.exit_code == 2 and any(say in one_line(done) for say in says.split("|")), done.output
    assert sorted(desk.iterdir()) == before


@pytest.mark.parametrize("words", [SAME, ("plan.toml", "--as", "server", "--keys", "keys")])
def test_a_plan_without_machines_says_what_to_add(desk: Path, run: Run, words: tuple[str, ...]) -> None:
    (desk / "plan.toml").write_text(PLAN.partition("[deployed]")[0])
    done = run("start", *words)
    assert done.exit_code == 2 and "add a table [deployed] with address" in one_line(done)


@pytest.mark.usefixtures("keys")
def test_a_check_names_all_that_is_wrong_of_this_machine(desk: Path, run: Run) -> None:
    pl.DataFrame({"z": [1.0], "y": ["a"]}).write_parquet(desk / "north.parquet")
    done = run("check", *SAME[:3], "--keys", "keys/parties/south", "--offline")
    said = one_line(done)
    assert done.exit_code == 2 and "no column 'x'" in said and said.count("the plan pins SHA256:") == 2
    assert ("Flower is not installed" in said) == (not FLOWER)
    nobody = run("check", "plan.toml", "--party", "nobody", "--keys", "keys", "--offline")
    assert nobody.exit_code == 2 and "no party 'nobody'" in one_line(nobody)


@pytest.mark.usefixtures("keys")
@pytest.mark.skipif(FLOWER, reason="Flower is installed here")
def test_without_flower_it_is_said_how_to_install_it(desk: Path, run: Run) -> None:
    before = sorted(desk.iterdir())
    for words in (SAME, ("plan.toml", "--as", "server", "--keys", "keys")):
        done = run("start", *words)
        assert done.exit_code == 2, done.output
        assert "Flower is not installed: `pip install 'confide[flower]'`" in one_line(done)
    assert sorted(desk.iterdir()) == before
    assert "flwr" not in sys.modules


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("start", "plan.toml", "--keys", "keys"), "say what this machine is: --as server, or --party NAME"),
        (("start", *SAME, "--as", "server"), "say what this machine is"),
        (("start", "plan.toml", "--keys", "keys", "--as", "north"), "say what this machine is"),
        (("start", *SAME, "--out", "model.txt"), "does not end in .npz"),
        (("start", *SAME, "--wait", "5"), "5"),
        (("start", *SAME, "--record", "keys"), "is there already"),
        (("resume", "plan.toml", "--as", "server", "--keys", "keys"), "holds no checkpoint to go on from"),
        (("start", "gone.toml", "--as", "server", "--keys", "keys"), "cannot be read"),
        (("start", "plan.toml"), "--keys"),
        (("plan.toml",), "add --simulate"),
    ],
)
def test_words_that_cannot_be_are_refused(desk: Path, run: Run, words: tuple[str, ...], says: str) -> None:
    before = sorted(desk.iterdir())
    done = run(*words)
    assert done.exit_code == 2 and says in one_line(done), done.output
    assert sorted(desk.iterdir()) == before


def test_what_a_server_recorded_is_audited_with_records_that_are_given(desk: Path, run: Run) -> None:
    """A simulation as the server's machine would have recorded it: all messages, and nobody's records."""
    pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    for name in ("north", "south", "east", "holdout"):
        y = rng.choice(["a", "b"], 40)
        pl.DataFrame({"x": rng.uniform(0, 1, 40), "y": y}).write_parquet(desk / f"{name}.parquet")
    done = run("plan.toml", "--simulate", "--rehearse", "1", "--record", "all")
    assert done.exit_code == 0, done.output
    said = json.loads(read_beside(desk / "all", "run.json") or "")
    beside = {
        "run.json": json.dumps({**said, "recorded_by": "server"}),
        "schema.toml": (desk / "schema.toml").read_text(),
    }
    held = read_transcript(desk / "all")
    write_transcript(replace(held, inputs={}), desk / "seen", beside=beside)
    audit = ("audit", "collaboration", "seen", "--controls", "holdout.parquet", "--attacks", "update-loss")
    known = ("--records", "north.parquet", "--about", "north", "--cache", "cache")
    found = CliRunner().invoke(main, [*audit, *known, "--as", "server"])
    assert found.exit_code == 0 and "A server that led this collaboration" in one_line(found), found.output
    none = CliRunner().invoke(main, [*audit, "--as", "server"])
    assert none.exit_code == 2 and "holds no records of other clients" in one_line(none)
    other = CliRunner().invoke(main, [*audit, *known, "--as", "client:south"])
    assert other.exit_code == 2 and "look --as server" in one_line(other)
