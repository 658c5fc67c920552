"""Group commit: threads that wait are written at once, each refused by itself, and none before the disk."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.account.crowd import DATA, EACH, question

from confide.account.charge import answered
from confide.account.costs import Cost
from confide.account.ledger import Ledger
from confide.account.opening import open_ledger
from confide.core.budget import Budget
from confide.core.errors import BudgetError, LedgerError

THREADS = 16


def made(folder: Path, paid: int, **how: float) -> Ledger:
    """A ledger whose budget pays for this many questions."""
    return open_ledger(f"sqlite:///{folder}/p.ledger", data=DATA, budget=Budget(paid / 1000), **how)  # pyright: ignore[reportArgumentType]


def test_threads_overspend_nothing_and_every_answer_has_its_charge(tmp_path: Path) -> None:
    ledger = made(tmp_path, 100)

    def ask(i: int) -> bool:
        try:
            found = answered(ledger, question(0, i), EACH, speak=lambda: {"n": i})
        except BudgetError:
            return False
        return found.value == {"n": i}

    with ThreadPoolExecutor(THREADS) as threads:
        granted = sum(threads.map(ask, range(160)))
    kinds = Counter(entry.kind for entry in ledger.history())  # which verifies the chain
    assert granted == kinds["charged"] == kinds["answered"] == 100
    assert ledger.spent.epsilon == 100_000
    ledger.close()


def held(folder: Path) -> sqlite3.Connection:
    """Another process's right to write, in effect."""
    other = sqlite3.connect(folder / "p.ledger", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_who_waits_is_written_by_one_commit_and_one_refusal_undoes_nothing(tmp_path: Path) -> None:
    ledger, commits = made(tmp_path, THREADS - 1), list[int]()
    event.listen(ledger.database.engine, "commit", lambda _: commits.append(1))
    other = held(tmp_path)
    with ThreadPoolExecutor(THREADS) as threads:
        # The first one waits for the other process, and all others for the first.
        first = threads.submit(ledger.charge, question(1, 0), EACH)
        time.sleep(0.1)
        rest = [threads.submit(ledger.charge, question(1, i), EACH) for i in range(1, 8)]
        time.sleep(0.1)
        large = threads.submit(ledger.charge, question(1, 8), Cost.pure(0.5))
        time.sleep(0.1)
        rest += [threads.submit(ledger.charge, question(1, i), EACH) for i in range(9, THREADS)]
        time.sleep(0.1)
        assert not any(job.done() for job in [first, large, *rest])
        other.execute("ROLLBACK")
        numbers = {job.result().number for job in [first, *rest]}
        with pytest.raises(BudgetError, match="left"):
            large.result()
    assert len(numbers) == THREADS - 1 and len(commits) == 2
    assert sum(e.kind == "charged" for e in ledger.history()) == THREADS - 1
    other.close()
    ledger.close()


def test_one_that_cannot_be_written_stops_nobody_else(tmp_path: Path) -> None:
    ledger = made(tmp_path, 10)
    other = held(tmp_path)

    def fail(_: object) -> None:
        raise RuntimeError("a fault")

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(ledger.charge, question(2, 0), EACH)
        time.sleep(0.1)
        bad = threads.submit(ledger.database.write, fail)
        good = threads.submit(ledger.charge, question(2, 1), EACH)
        time.sleep(0.1)
        other.execute("ROLLBACK")
        assert first.result().number != good.result().number
        with pytest.raises(RuntimeError, match="a fault"):
            bad.result()
    assert ledger.spent.epsilon == 2_000
    other.close()
    ledger.close()


def test_who_waits_too_long_is_told_and_charged_nothing(tmp_path: Path) -> None:
    ledger = made(tmp_path, 10, patience=0.3)
    other = held(tmp_path)
    with ThreadPoolExecutor(3) as threads:
        jobs = [threads.submit(ledger.charge, question(3, i), EACH) for i in range(3)]
        for job in jobs:
            with pytest.raises(LedgerError, match="locked by others"):
                job.result()
    other.execute("ROLLBACK")
    other.close()
    assert [e.kind for e in ledger.history()] == ["opened", "admitted"]
    ledger.close()
