"""A ledger in PostgreSQL is the same ledger: granted, refused, verified and exported as one in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.account.crowd import DATA, question
from tests.postgresql import Server

from confide.account.charge import answered
from confide.account.costs import Cost
from confide.account.exporting import export
from confide.account.opening import open_ledger
from confide.core.budget import Budget
from confide.core.errors import BudgetError, ConfideError, DataError, LedgerError

pytestmark = pytest.mark.slow

TAMPERED = [
    ("UPDATE confide_entry SET epsilon = 1 WHERE number = 3", "row 3 .* was changed"),
    ("UPDATE confide_entry SET payload = '2' WHERE number = 4", "row 4 .* was changed"),
    ("DELETE FROM confide_entry WHERE number = 5", "rows were taken out or added"),
    ("UPDATE confide_ledger SET epsilon = 0", "sums .* are not those of its history"),
    ("UPDATE confide_part SET epsilon = 0", "sums .* are not those"),
    ("DELETE FROM confide_ledger", "0 rows where one is"),
    ("DROP TABLE confide_entry", "no table confide_entry"),
    ("UPDATE confide_ledger SET version = 0", "schema 0, and this version"),
]


@pytest.fixture
def address(postgresql: Server) -> Iterator[str]:
    with postgresql.own_database() as made:
        yield made


def filled(address: str) -> None:
    """Entries 1 opened, 2 admitted, 3 charged, 4 answered, 5 charged."""
    ledger = open_ledger(address, data=DATA, budget=Budget(1.0))
    assert ledger.created
    answered(ledger, question(0, 0), Cost.pure(0.1), speak=lambda: {"n": 1})
    ledger.charge(question(0, 1), Cost.pure(0.1))
    ledger.close()


def test_questions_are_charged_answered_again_and_refused(address: str, tmp_path: Path) -> None:
    filled(address)
    ledger = open_ledger(address, data=DATA, budget=Budget(1.0))
    assert not ledger.created and str(ledger.spent) == "epsilon 0.2"
    again = answered(ledger, question(0, 0), Cost.pure(0.1), speak=pytest.fail)
    assert again.known and again.value == {"n": 1}
    with pytest.raises(BudgetError, match=r"epsilon 0\.8 left: ask for less"):
        ledger.charge(question(0, 2), Cost.pure(0.9))
    assert export(ledger, tmp_path / "history.csv") == 5
    assert [e.kind for e in ledger.history()] == ["opened", "admitted", "charged", "answered", "charged"]
    head = ledger.head
    ledger.close()
    open_ledger(address, data=DATA, budget=None, head=head).close()
    for how, said in (
        ({"data": "e" * 64}, "another data set"),
        ({"budget": Budget(2.0)}, "the ledger's budget is epsilon 1, delta 0, not epsilon 2"),
        ({"head": "0" * 64}, "was set back or replaced"),
    ):
        with pytest.raises(LedgerError, match=said):
            open_ledger(address, **{"data": DATA, "budget": None, **how})  # pyright: ignore


@pytest.mark.parametrize(("change", "said"), TAMPERED)
def test_tampering_is_refused(address: str, change: str, said: str) -> None:
    filled(address)
    ledger = open_ledger(address, data=DATA, budget=None)
    with ledger.database.engine.begin() as base:
        base.exec_driver_sql(change)
    ledger.close()
    with pytest.raises(ConfideError, match=said):
        open_ledger(address, data=DATA, budget=Budget(1.0))


def test_a_locked_ledger_is_refused_after_its_patience(address: str) -> None:
    filled(address)
    ledger = open_ledger(address, data=DATA, budget=None, patience=0.2)
    with ledger.database.engine.begin() as other:
        other.exec_driver_sql("SELECT * FROM confide_ledger FOR UPDATE")
        with pytest.raises(LedgerError, match=r"was locked by others for 0\.2 seconds: nothing was charged"):
            ledger.charge(question(0, 3), Cost.pure(0.1))
        assert str(ledger.spent) == "epsilon 0.2"  # what is read waits for nobody
    ledger.charge(question(0, 3), Cost.pure(0.1))
    ledger.close()


def test_a_server_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot be reached .*No such file.*whether the server runs"):
        open_ledger(f"postgresql://ada@/x?host={tmp_path}", data=DATA, budget=Budget(1.0), patience=0.1)
