"""Many processes, killed processes, a restarted server: no answer without its charge, nothing overspent.

The broken twins show that these tests can fail: one begins without the right to write, one locks
no row, one charges after it has shown the answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest
from tests.account.crowd import (
    DATA,
    Asked,
    Deferred,
    Unlocked,
    crowd,
    killed,
    killed_while_making,
    shown_without_charge,
)
from tests.postgresql import Server, needed, server

from confide.account.opening import open_ledger
from confide.core.budget import Budget

pytestmark = pytest.mark.slow


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that may be restarted."""
    needed()
    with server() as started:
        yield started


@pytest.fixture
def own_database(postgresql: Server) -> Iterator[str]:
    """The address of an empty database."""
    with postgresql.own_database() as address:
        yield address


def ledger_for(address: str, charges: int) -> None:
    open_ledger(address, data=DATA, budget=Budget(charges / 1000)).close()


def granted_exactly(address: str, met: list[Asked], *, charges: int, questions: int) -> None:
    """Every question was granted or refused, and the history has the charges and answers of those granted."""
    assert [m.wrong for m in met if m.wrong] == []
    assert sum(m.granted for m in met) == charges
    assert sum(m.refused for m in met) == questions - charges
    ledger = open_ledger(address, data=DATA, budget=None)  # verifies the whole chain
    kinds = [e.kind for e in ledger.history()]
    assert kinds.count("charged") == kinds.count("answered") == charges
    assert str(ledger.spent) == f"epsilon {charges / 1000:g}"
    ledger.close()


def test_a_crowd_spends_a_budget_in_a_file_to_the_last_charge(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/a.ledger"
    ledger_for(address, 768)
    met = crowd(address, processes=32, questions=40)
    granted_exactly(address, met, charges=768, questions=1280)


def test_a_crowd_spends_a_budget_in_postgresql_to_the_last_charge(own_database: str) -> None:
    ledger_for(own_database, 768)
    met = crowd(own_database, processes=32, questions=40)
    granted_exactly(own_database, met, charges=768, questions=1280)


def test_a_twin_without_begin_immediate_does_not_get_through(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/a.ledger"
    ledger_for(address, 100)
    met = crowd(address, processes=4, questions=50, twin=Deferred)
    assert [m.wrong for m in met if m.wrong] or sum(m.granted for m in met) != 100


def test_a_twin_without_for_update_does_not_get_through(own_database: str) -> None:
    ledger_for(own_database, 100)
    met = crowd(own_database, processes=4, questions=50, twin=Unlocked)
    assert [m.wrong for m in met if m.wrong] or sum(m.granted for m in met) != 100


@pytest.mark.parametrize("kind", ["file", "postgresql"])
def test_no_answer_is_seen_without_its_charge_whenever_a_process_is_killed(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    address = f"sqlite:///{tmp_path}/a.ledger"
    if kind == "postgresql":
        address = request.getfixturevalue("own_database")
    ledger_for(address, 900_000)
    draw = random.Random(5)
    shown = tmp_path / "shown"
    killed(address, shown, [draw.uniform(0, 0.1) for _ in range(50)])
    ledger = open_ledger(address, data=DATA, budget=None)
    assert shown_without_charge(ledger, shown) == 0
    assert len(shown.read_text().split("\n")) > 50
    ledger.close()


def test_a_twin_that_charges_after_the_answer_is_caught(tmp_path: Path) -> None:
    """Nearly all of its time is between showing and the end of the charge; 10 kills miss it all in 1e-6."""
    address = f"sqlite:///{tmp_path}/a.ledger"
    ledger_for(address, 900_000)
    draw = random.Random(5)
    killed(address, tmp_path / "shown", [draw.uniform(0, 0.1) for _ in range(10)], after=True)
    ledger = open_ledger(address, data=DATA, budget=None)
    assert shown_without_charge(ledger, tmp_path / "shown") > 0
    ledger.close()


def test_a_ledger_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    """Processes are killed while they make ledgers: each that is there is whole, and no draft stays."""
    draw = random.Random(6)
    for round_ in range(10):
        folder = tmp_path / str(round_)
        killed_while_making(folder, draw.uniform(0, 0.1))
        there = len(list(folder.glob("*.ledger")))
        assert there
        for i in range(there + 1):
            found = open_ledger(f"sqlite:///{folder}/{i}.ledger", data=DATA, budget=Budget(1.0))
            assert found.created is (i == there)
            assert [e.kind for e in found.history()] == ["opened", "admitted"]
            found.close()
        # A kill just before a folder is locked leaves it, empty, until the next draft a minute later.
        assert not [p for p in folder.glob(".*") if p.suffix != ".opening" or any(p.iterdir())]


def test_a_restart_of_postgresql_is_survived(own_server: Server) -> None:
    """Processes that are cut off go on; nothing is charged twice, nothing is lost."""
    address = own_server.address
    ledger_for(address, 300)
    with ThreadPool(1) as pool:
        met = pool.apply_async(lambda: crowd(address, processes=4, questions=100))
        restarts = 0
        while not met.ready():
            asked = own_server.run("SELECT count(*) FROM confide_entry")[0][0]
            if asked > 150 * (restarts + 1) and restarts < 3:
                own_server.stop(at_once=True)
                own_server.start()
                restarts += 1
            time.sleep(0.05)
    assert restarts == 3
    granted_exactly(address, met.get(), charges=300, questions=400)


def test_processes_that_make_the_same_ledger_at_once_make_one(own_database: str, tmp_path: Path) -> None:
    for address in (f"sqlite:///{tmp_path}/a.ledger", own_database):
        with ThreadPool(8) as pool:
            opened = pool.map(lambda _, a=address: open_ledger(a, data=DATA, budget=Budget(1.0)), range(8))
        assert sum(ledger.created for ledger in opened) == 1
        for ledger in opened:
            assert len(ledger.history()) == 2
            ledger.close()
