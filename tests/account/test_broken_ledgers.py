"""Ledgers that were tampered with, are locked, corrupt, or of another kind: refused in a sentence."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.account.crowd import DATA, question

from confide.account.charge import answered
from confide.account.costs import Cost
from confide.account.opening import open_ledger
from confide.core.budget import Budget
from confide.core.errors import ConfideError, DataError, LedgerError

TAMPERED = [
    # Entries 1 opened, 2 admitted, 3 charged, 4 answered, 5 charged, 6 answered, 7 charged.
    ("UPDATE confide_entry SET epsilon = 1 WHERE number = 3", "row 3 .* was changed"),
    ("UPDATE confide_entry SET payload = '{\"n\":2}' WHERE number = 4", "row 4 .* was changed"),
    ("UPDATE confide_entry SET asked = 'x' WHERE number = 5", "row 5 .* was changed"),
    ("UPDATE confide_entry SET rho = 'text' WHERE number = 5", "row 5 .* was changed"),
    ("UPDATE confide_entry SET at = at || '0' WHERE number = 1", "row 1 .* was changed"),
    ("DELETE FROM confide_entry WHERE number = 3", "row 3 .* is missing"),
    ("DELETE FROM confide_entry WHERE number = 1", "row 1 .* is missing"),
    ("DELETE FROM confide_entry WHERE number = 7", "rows were taken out or added"),
    ("UPDATE confide_entry SET number = 8 WHERE number = 7", "row 7 .* is missing"),
    ("INSERT INTO confide_entry SELECT 8, at, kind, analyst, question, asked, epsilon, rho, delta, charge, "
     "token, payload, hash FROM confide_entry WHERE number = 7", "row 8 .* was changed"),
    ("UPDATE confide_ledger SET epsilon = 0", "sums .* are not those of its history"),
    ("UPDATE confide_ledger SET terms = '{}'", "sums .* are not those"),
    ("UPDATE confide_ledger SET number = 5, hash = (SELECT hash FROM confide_entry WHERE number = 5)",
     "ends with row 5, and it ends with row 7"),
    ("UPDATE confide_part SET epsilon = 0", "sums .* are not those"),
    ("UPDATE confide_part SET share = 'x'", "sums .* are not those"),
    ("UPDATE confide_part SET epsilon = 0.5", "sums .* are not those"),
    ("INSERT INTO confide_part VALUES ('eve', '1', 0, 0, 0, 0)", "sums .* are not those"),
    ("DELETE FROM confide_ledger", "0 rows where one is"),
    ("DROP TABLE confide_entry", "no table confide_entry"),
    ("UPDATE confide_ledger SET version = 0", "schema 0, and this version"),
    ("ALTER TABLE confide_ledger RENAME COLUMN terms TO bound; UPDATE confide_ledger SET version = 0",
     "schema 0, and this version"),
    ("UPDATE confide_entry SET asked = x'ff00' WHERE number = 5", "row 5 .* was changed"),
    ("UPDATE confide_entry SET asked = CAST(x'73ff' AS TEXT) WHERE number = 5", "a text in it is none"),
    ("CREATE TRIGGER free AFTER UPDATE ON confide_ledger BEGIN UPDATE confide_ledger SET epsilon = 0; END",
     "has a trigger or a view .free., .* changed"),
    ("UPDATE confide_ledger SET version = 2", "schema 2, and this version"),
]  # fmt: skip


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A ledger with three charges, two of them answered."""
    path = tmp_path_factory.mktemp("sound") / "a.ledger"
    ledger = open_ledger(f"sqlite:///{path}", data=DATA, budget=Budget(1.0))
    for i in range(2):
        answered(ledger, question(0, i), Cost.pure(0.1), speak=lambda: {"n": 1})
    ledger.charge(question(0, 2), Cost.pure(0.1))
    ledger.close()
    yield path


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    shutil.copy2(sound, tmp_path / "a.ledger")
    return tmp_path / "a.ledger"


def refused(path: Path, said: str, **how: object) -> None:
    address = f"sqlite:///{path}"
    with pytest.raises(ConfideError, match=said):
        open_ledger(address, **{"data": DATA, "budget": Budget(1.0), "patience": 0.1, **how})  # pyright: ignore


def test_a_sound_copy_is_opened(copy: Path) -> None:
    ledger = open_ledger(f"sqlite:///{copy}", data=DATA, budget=Budget(1.0))
    assert str(ledger.spent) == "epsilon 0.3"
    ledger.close()


@pytest.mark.parametrize(("change", "said"), TAMPERED)
def test_tampering_is_refused_with_the_first_broken_row(copy: Path, change: str, said: str) -> None:
    base = sqlite3.connect(copy)
    base.executescript(change)
    base.commit()
    base.close()
    refused(copy, said)


def test_no_broken_byte_is_ignored(copy: Path) -> None:
    """Bits of its used bytes flipped at random: refused in a sentence, or of no meaning to the history."""
    draw, whole = random.Random(3), copy.read_bytes()
    used = [i for i, byte in enumerate(whole) if byte]
    ledger = open_ledger(f"sqlite:///{copy}", data=DATA, budget=None)
    history = ledger.history()
    ledger.close()
    refused = 0
    for _ in range(60):
        changed = bytearray(whole)
        changed[draw.choice(used)] ^= 1 << draw.randrange(8)
        copy.write_bytes(changed)
        try:
            ledger = open_ledger(f"sqlite:///{copy}", data=DATA, budget=Budget(1.0), patience=0.1)
        except ConfideError:
            refused += 1
            continue
        assert ledger.history() == history and str(ledger.spent) == "epsilon 0.3"
        ledger.close()
    assert refused > 30


def test_a_ledger_set_back_is_noticed_by_those_who_kept_its_hash(copy: Path, sound: Path) -> None:
    ledger = open_ledger(f"sqlite:///{copy}", data=DATA, budget=None)
    earlier = ledger.head
    ledger.charge(question(0, 3), Cost.pure(0.1))
    head = ledger.head
    ledger.close()
    open_ledger(f"sqlite:///{copy}", data=DATA, budget=None, head=earlier).close()
    shutil.copy2(sound, copy)
    refused(copy, "does not have the entry .*set back", head=head)
    copy.unlink()
    refused(copy, "no ledger .*known hash", head=head)


def test_what_is_no_ledger_is_refused_and_left_as_it_is(copy: Path) -> None:
    whole = copy.read_bytes()
    for content, said in (
        (b"id,name\n1,ada\n" * 900, "cannot be read as a database"),
        (whole[:3000], "cannot be read as a database|is broken|no ledger"),
        (b"", "is empty"),
    ):
        copy.write_bytes(content)
        refused(copy, said)
        assert copy.read_bytes() == content
    copy.unlink()
    base = sqlite3.connect(copy)
    base.execute("CREATE TABLE people (id)")
    base.close()
    copy.chmod(0o600)
    refused(copy, "is no ledger, or a broken one")


def test_a_locked_ledger_is_refused_after_its_patience(copy: Path) -> None:
    ledger = open_ledger(f"sqlite:///{copy}", data=DATA, budget=None, patience=0.1)
    other = sqlite3.connect(copy, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerError, match=r"was locked by others for 0\.1 seconds: nothing was charged"):
        ledger.charge(question(0, 3), Cost.pure(0.1))
    assert str(ledger.spent) == "epsilon 0.3"  # what is read waits for nobody
    other.execute("ROLLBACK")
    ledger.charge(question(0, 3), Cost.pure(0.1))
    other.close()
    ledger.close()


def test_a_place_that_cannot_be(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy.chmod(0o640)
    refused(copy, "others can open .*chmod 600")
    refused(tmp_path, "no ledger can be|is no file")
    refused(tmp_path / "nowhere" / "a.ledger", "a folder that is there")
    refused(tmp_path / "new.ledger", "give the budget of a new one", budget=None)
    assert not (tmp_path / "new.ledger").exists()
    for address in ("ledger:db", "", "sqlite://", "sqlite:///", "sqlite:///a?mode=memory", "mysql://h/d"):
        with pytest.raises(DataError, match="no place for a ledger"):
            open_ledger(address, data=DATA, budget=Budget(1.0))
    with pytest.raises(DataError, match="holds a password") as error:
        open_ledger("postgresql://ada:hunter2@db/people", data=DATA, budget=Budget(1.0))
    assert "hunter2" not in str(error.value)
    monkeypatch.chdir(tmp_path)
    open_ledger("sqlite:///here.ledger", data=DATA, budget=Budget(1.0)).close()
    assert (tmp_path / "here.ledger").exists()
    open_ledger("there.ledger", data=DATA, budget=Budget(1.0)).close()
    assert (tmp_path / "there.ledger").exists()
    assert not list(tmp_path.glob(".*"))  # no draft is left
