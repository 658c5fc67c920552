"""The queue before a file: first in, first out, and nobody waits for the dead or longer than they said."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import event
from tests.account.crowd import DATA, question

from confide.account import queue
from confide.account.costs import Cost
from confide.account.opening import open_ledger
from confide.account.queue import front_of
from confide.core.budget import Budget
from confide.core.errors import LedgerError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no locks of an open file description")

HOLD = """
import sys, time
from pathlib import Path
from confide.account.queue import front_of
with front_of(Path(sys.argv[1]), until=time.monotonic() + 60):
    print("here", flush=True)
    time.sleep(60)
"""


def soon() -> float:
    return time.monotonic() + 60


def came(file: Path, tickets: int) -> None:
    """Wait until this number of tickets was drawn, and a moment for the lock of the last."""
    while file.stat().st_size < tickets:
        time.sleep(0.0005)
    time.sleep(0.03)


def test_those_who_came_first_go_first(tmp_path: Path) -> None:
    """Each comes while the one before waits; all would go in this order by chance once in 10^9 times."""
    file, order = tmp_path / "queue", list[int]()

    def go(i: int) -> None:
        with front_of(file, until=soon()):
            order.append(i)

    threads = [Thread(target=go, args=(i,)) for i in range(13)]
    with front_of(file, until=soon()):
        for i, thread in enumerate(threads):
            thread.start()
            came(file, i + 2)
        assert order == []
    for thread in threads:
        thread.join()
    assert order == list(range(13))


def test_one_that_asks_without_a_pause_stands_behind_those_who_wait(tmp_path: Path) -> None:
    file, order = tmp_path / "queue", list[str]()

    def go() -> None:
        with front_of(file, until=soon()):
            order.append("the other")

    thread = Thread(target=go)
    with front_of(file, until=soon()):
        thread.start()
        came(file, 2)
    with front_of(file, until=soon()):
        order.append("this one")
    thread.join()
    assert order == ["the other", "this one"]


def test_one_that_locks_its_ticket_late_is_waited_for_all_the_same(tmp_path: Path) -> None:
    """Ticket 0 is drawn, 1 writes and 2 waits for it; then 0 is locked, 1 leaves, and 2 waits on."""
    path, order = tmp_path / "queue", list[str]()
    late = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(late, b".")

    def go() -> None:
        with front_of(path, until=soon()):
            order.append("third")

    thread = Thread(target=go)
    with front_of(path, until=soon()):
        thread.start()
        came(path, 3)
        queue._lock(late, 0)
    time.sleep(0.1)
    order.append("first")
    os.close(late)
    thread.join()
    assert order == ["first", "third"]


def test_one_that_is_killed_holds_up_nobody(tmp_path: Path) -> None:
    file = tmp_path / "queue"
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(file)], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"here\n"
    begun = time.monotonic()
    with front_of(file, until=begun + 0.05):  # it is there, and is waited for
        assert time.monotonic() >= begun + 0.05
    process.kill()
    process.wait()
    with front_of(file, until=soon()):
        assert time.monotonic() < begun + 50
    process.stdout.close()


def test_a_child_that_has_the_same_file_open_holds_up_nobody(tmp_path: Path) -> None:
    """A forked child shares the open file of its parent, as a copy of the handle does."""
    file = tmp_path / "queue"
    with front_of(file, until=soon()):
        handles = [int(p.name) for p in Path("/proc/self/fd").iterdir()]
        (held,) = [h for h in handles if Path(f"/proc/self/fd/{h}").resolve() == file.resolve()]
        copy = os.dup(held)
    begun = time.monotonic()
    with front_of(file, until=begun + 60):
        assert time.monotonic() < begun + 50
    os.close(copy)


def test_where_no_queue_can_be_one_goes_on_without(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for file in (None, tmp_path, tmp_path / "nowhere" / "queue", tmp_path / "link"):
        with front_of(file, until=soon()):
            pass
    assert not (tmp_path / "elsewhere").exists()


def test_the_time_in_the_queue_is_part_of_the_patience(tmp_path: Path) -> None:
    """The database is locked, and the front taken: what is left to wait for the database is nothing."""
    path, waits = tmp_path / "a.ledger", list[int]()
    ledger = open_ledger(f"sqlite:///{path}", data=DATA, budget=Budget(1.0), patience=0.1)

    def seen(_a: Any, _b: Any, statement: str, *_more: Any) -> None:
        if "busy_timeout" in statement:
            waits.append(int(statement.split("=")[1]))

    event.listen(ledger.database.engine, "before_cursor_execute", seen)
    other = open_ledger(f"sqlite:///{path}", data=DATA, budget=None)

    def ask(_base: object) -> None:
        with pytest.raises(LedgerError, match=r"locked by others for 0\.1 seconds: nothing was charged"):
            ledger.charge(question(0, 1), Cost.pure(0.1))

    other.database.write(ask)
    assert waits == [1]  # milliseconds
    assert ledger.charge(question(0, 1), Cost.pure(0.1)).answer is None
    assert 50 < waits[1] <= 100
    ledger.close()
    other.close()
