"""`confide ledger`: its owner sees what is spent, a changed one is refused, nothing is overwritten."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path

import pytest
from tests.account.crowd import DATA, question

from confide.account.charge import answered
from confide.account.costs import Cost
from confide.account.opening import open_ledger
from confide.core.budget import Budget, Unit

from .conftest import Run


@pytest.fixture
def ledger(desk: Path) -> Path:
    """Ada has asked one question, Ben was revoked."""
    path = desk / "people.ledger"
    budget = Budget(1.0, 1e-6, Unit.person("user_id", at_most=20))
    parts = {"ada": 0.5, "ben": 0.25}
    made = open_ledger(f"sqlite:///{path}", data=DATA, budget=budget, parts=parts, composition="basic")
    answered(made, question(0, 0), Cost.pure(0.1), analyst="ada", speak=lambda: 987654321, asked="count")
    made.revoke("ben")
    made.close()
    return path


def test_the_owner_sees_what_is_spent_and_left(run: Run, ledger: Path) -> None:
    for name in (ledger.name, f"sqlite:///{ledger}"):
        done = run("ledger", "show", name)
        assert done.exit_code == 0, done.output
        for line in (
            "6 entries, verified",
            f"SHA-256 {DATA}",
            "all rows of any one user_id, where nobody has more than 20",
            "epsilon 1, delta 1e-06; costs add up by basic",
            "Spent: epsilon 0.1, on 1 question\n",
            "ada: 1/2 of it, spent epsilon 0.1, left epsilon 0.4, delta 0.0000005",
            "ben: 1/4 of it, spent epsilon 0, revoked",
        ):
            assert line in done.output
        assert "987654321" not in done.output


def test_a_ledger_is_verified_and_a_changed_one_refused(run: Run, ledger: Path) -> None:
    done = run("ledger", "verify", ledger.name)
    assert done.exit_code == 0 and "6 entries: their chain" in done.output and "without --head" in done.output
    head = done.output.split()[-1]
    kept = run("ledger", "verify", ledger.name, "--head", head)
    assert kept.exit_code == 0 and "without --head" not in kept.output
    assert run("ledger", "verify", ledger.name, "--head", "0" * 64).exit_code == 2
    base = sqlite3.connect(ledger)
    base.execute("UPDATE confide_entry SET epsilon = 1 WHERE number = 4")
    base.commit()
    base.close()
    for command in (["show"], ["verify"], ["export", "--out", "history.csv"]):
        done = run("ledger", command[0], ledger.name, *command[1:])
        assert done.exit_code == 2 and "row 4 of the ledger's history was changed" in done.output
    assert not Path("history.csv").exists()


def test_the_history_is_exported_and_overwrites_nothing(run: Run, ledger: Path) -> None:
    done = run("ledger", "export", ledger.name, "--out", "history.csv")
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(Path("history.csv").read_text().splitlines()))
    assert [r["kind"] for r in rows] == [
        "opened", "admitted", "admitted", "charged", "answered", "revoked",
    ]  # fmt: skip
    whole = ledger.read_bytes()
    for out, said in (
        ("history.csv", "is there already"),
        (ledger.name, "is there already"),
        (f"{ledger.name}-wal", "is there already|file of the ledger itself"),
        ("nowhere/history.csv", "there is no folder"),
    ):
        done = run("ledger", "export", ledger.name, "--out", out)
        assert done.exit_code == 2
        assert any(words in done.output for words in said.split("|")), done.output
    assert ledger.read_bytes() == whole


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("none.ledger", "there is no ledger in"),
        (".", "is no file|no ledger can be"),
        ("mysql://h/d", "is no place for a ledger"),
        ("postgresql://ada:hunter2@db/people", "holds a password"),
    ],
)
def test_what_is_no_ledger_is_refused_and_none_is_made(run: Run, desk: Path, where: str, said: str) -> None:
    done = run("ledger", "show", where)
    assert done.exit_code == 2 and "hunter2" not in done.output
    assert any(words in done.output for words in said.split("|")), done.output
    assert not (desk / "none.ledger").exists()


def test_analysts_are_admitted_and_revoked(run: Run, ledger: Path) -> None:
    done = run("ledger", "admit", ledger.name, "eve", "1/8")
    assert done.exit_code == 0 and "eve: 1/8 of it, spent epsilon 0, left epsilon 0.125" in done.output
    done = run("ledger", "revoke", ledger.name, "ada")
    assert done.exit_code == 0 and "ada: 1/2 of it, spent epsilon 0.1, revoked" in done.output
    assert run("ledger", "parts", ledger.name).output == done.output
    with sqlite3.connect(ledger) as base:
        kinds = [k for (k,) in base.execute("SELECT kind FROM confide_entry ORDER BY number")]
    base.close()
    assert kinds[-2:] == ["admitted", "revoked"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["admit", "ada", "0.1"], "an analyst ada already"),
        (["admit", "eve", "0.5"], "0.75 is given, 0.25 at most is left"),
        (["admit", "eve", "2"], "give a share above 0"),
        (["admit", "\x1b[2J", "0.1"], "is no name of an analyst"),
        (["revoke", "eve"], "no analyst 'eve'"),
    ],
)
def test_a_part_that_cannot_be_is_refused_and_changes_nothing(
    run: Run, ledger: Path, words: list[str], said: str
) -> None:
    before = run("ledger", "verify", ledger.name).output
    done = run("ledger", words[0], ledger.name, *words[1:])
    assert done.exit_code == 2 and said in done.output and "\x1b" not in done.output
    assert run("ledger", "verify", ledger.name).output == before


def test_a_file_that_is_no_ledger_is_called_so(run: Run, desk: Path) -> None:
    file = desk / "rows.csv"
    file.write_text("user_id,age\n1,30\n")
    file.chmod(0o644)
    done = run("ledger", "show", file.name)
    assert done.exit_code == 2 and "is no ledger" in done.output and "chmod" not in done.output
    assert file.read_text() == "user_id,age\n1,30\n"


ODD = [
    "", " ", "\0", "\udcff", "x" * 5000, "~", "/dev/null", "/dev/zero", "--", "sqlite://", "sqlite:///",
    "sqlite:///\0", "sqlite:///:memory:", "postgresql://[", "postgresql://h:99999/d", "\x1b[2J",
    "people.ledger\n", "../../..",
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_odd_words_end_in_a_sentence_and_change_nothing(run: Run, ledger: Path, odd: str) -> None:
    whole = ledger.read_bytes()
    before = {p.name for p in ledger.parent.iterdir()}
    for words in (["show", odd], ["verify", ledger.name, "--head", odd], ["export", odd, "--out", "o.csv"]):
        done = run("ledger", *words)
        assert done.exit_code == 2, (words, done.output)
        assert "\x1b" not in done.output
    assert ledger.read_bytes() == whole
    assert {p.name for p in ledger.parent.iterdir()} - before <= {"people.ledger-wal", "people.ledger-shm"}


@pytest.mark.parametrize("out", ["", ".", "x" * 5000, "/dev/null", "people.ledger/history.csv"])
def test_a_place_that_no_history_can_have_is_refused(run: Run, ledger: Path, out: str) -> None:
    done = run("ledger", "export", ledger.name, "--out", out)
    assert done.exit_code == 2, done.output
