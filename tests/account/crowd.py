"""Many processes that ask one ledger, processes that are killed, and ledgers that are broken on purpose."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event

from confide.account.charge import answered, digest_of
from confide.account.costs import Cost
from confide.account.database import Database
from confide.account.ledger import Ledger
from confide.account.opening import open_ledger
from confide.core.budget import Budget
from confide.core.errors import BudgetError

DATA = "d" * 64
EACH = Cost.pure(0.001)


@dataclass(frozen=True)
class Asked:
    """What one process met."""

    granted: int
    refused: int
    slowest: float
    """Seconds for one question."""
    processor: float
    """Seconds of a core for all."""
    wrong: str = ""


class Deferred(Database):
    """A broken twin: its transactions take the right to write only when they write."""

    def write(self, work: Any, *, again: bool = True) -> Any:
        return self._run(work, begin="BEGIN", again=again)


class Unlocked(Database):
    """A broken twin in PostgreSQL: it reads the row of the ledger without `for update`."""

    def write(self, work: Any, *, again: bool = True) -> Any:
        def unlocked(base: Connection) -> Any:
            event.listen(base, "before_cursor_execute", _without_for_update, retval=True)
            return work(base)

        return super().write(unlocked, again=again)


def _without_for_update(
    _base: object, _cursor: object, statement: str, parameters: object, _about: object, _many: bool
) -> tuple[str, object]:
    return statement.replace(" FOR UPDATE", ""), parameters


def question(worker: int, i: int) -> str:
    return digest_of(data=DATA, text="count", parameters={"worker": worker, "i": i})


def ask(address: str, worker: int, questions: int, twin: type[Database] | None) -> Asked:
    """One process: different questions, one after the other."""
    granted, refused, slowest, start = 0, 0, 0.0, time.process_time()
    ledger = open_ledger(address, data=DATA, budget=None)
    if twin is not None:
        held = ledger.database
        broken = twin(engine=held.engine, name=held.name, patience=held.patience, queue=held.queue)
        ledger = replace(ledger, database=broken)
    try:
        for i in range(questions):
            begun = time.monotonic()
            try:
                answered(ledger, question(worker, i), EACH, speak=lambda i=i: {"n": i}, asked=f"question {i}")
                granted += 1
            except BudgetError:
                refused += 1
            slowest = max(slowest, time.monotonic() - begun)
    except Exception as error:  # the test says what no process may meet
        return Asked(
            granted, refused, slowest, time.process_time() - start, f"{type(error).__name__}: {error}"
        )
    finally:
        ledger.close()
    return Asked(granted, refused, slowest, time.process_time() - start)


def crowd(address: str, *, processes: int, questions: int, twin: type[Database] | None = None) -> list[Asked]:
    """All processes at once, on a ledger or its broken twin."""
    with _context().Pool(processes) as pool:
        return pool.starmap(ask, [(address, w, questions, twin) for w in range(processes)], chunksize=1)


def show_forever(address: str, start: int, shown: Path, after: bool) -> None:
    """Ask and show, until killed; `after` is the broken twin that charges after it has shown the answer."""
    ledger = open_ledger(address, data=DATA, budget=None)
    with shown.open("a") as file:

        def show(i: int, value: object) -> None:
            file.write(
                "\n" + json.dumps([question(0, i), value])
            )  # begins a line: a kill may cut the last one
            file.flush()

        for i in range(start, start + 10**6):
            if after:
                show(i, {"n": i})
                granted = ledger.charge(question(0, i), EACH)
                ledger.answer(granted, {"n": i})
            else:
                show(i, answered(ledger, question(0, i), EACH, speak=lambda i=i: {"n": i}).value)


def killed(address: str, shown: Path, moments: Sequence[float], *, after: bool = False) -> None:
    """One process after the other, each killed at a moment after its first answer."""
    for round_, moment in enumerate(moments):
        size = shown.stat().st_size if shown.exists() else 0
        process = _context().Process(
            target=show_forever, args=(address, round_ * 10**6, shown, after), daemon=True
        )
        process.start()
        while (not shown.exists() or shown.stat().st_size == size) and process.is_alive():
            time.sleep(0.001)
        time.sleep(moment)
        process.kill()
        process.join()


def make_forever(folder: Path) -> None:
    """Make one ledger after the other."""
    for i in range(10**6):
        open_ledger(f"sqlite:///{folder}/{i}.ledger", data=DATA, budget=Budget(1.0)).close()


def killed_while_making(folder: Path, moment: float) -> None:
    """A process that makes ledgers, killed at a moment after its first."""
    folder.mkdir()
    process = _context().Process(target=make_forever, args=(folder,), daemon=True)
    process.start()
    while not (folder / "0.ledger").exists() and process.is_alive():
        time.sleep(0.001)
    time.sleep(moment)
    process.kill()
    process.join()


def shown_without_charge(ledger: Ledger, shown: Path) -> int:
    """The number of answers that were seen and that no charge paid for, or that are not the stored ones."""
    history = ledger.history()
    charged = {e.number: e.question for e in history if e.kind == "charged"}
    stored = {charged[e.charge]: json.loads(e.payload) for e in history if e.kind == "answered"}
    lines = shown.read_text().splitlines()
    whole = [json.loads(line) for line in lines if line.endswith("]")]  # a kill may cut a line
    return sum(stored.get(asked) != value for asked, value in whole)


def _context() -> Any:
    """Processes that start with everything imported, and share nothing with this one."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.account.crowd"])
    return context
