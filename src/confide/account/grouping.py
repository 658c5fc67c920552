"""Group commit: what several threads want to write is written in one transaction.

A commit waits for the disk, and a disk takes as long for one charge as for twenty. So the thread at the front
takes with it what all others that wait want to write. Each work has a savepoint of its own: one that is
refused undoes nothing of the others, and nobody goes on before everything is on the disk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeAlias

from sqlalchemy import Connection

from confide.core.errors import ConfideError, LedgerError

Work: TypeAlias = Callable[[Connection], Any]

MOST = 64
"""Works of one transaction: a wait stays short also for processes that write to the same file."""


@dataclass(slots=True, eq=False)
class Job:
    """What one thread wants to write, and what came of it."""

    work: Work
    value: Any = None
    error: BaseException | None = None
    done: bool = False


class Group:
    """Threads that write to one database.

    Args:
        run: does a work in a transaction, whole or not at all.
        patience: seconds that a thread waits for the others.
        late: the error of one that waited in vain, with nothing written.
    """

    def __init__(
        self, run: Callable[[Work], Any], *, patience: float, late: Callable[[], LedgerError]
    ) -> None:
        self._run, self._patience, self._late = run, patience, late
        self._front, self._waiting = Lock(), deque[Job]()

    def do(self, work: Work) -> Any:
        """Do a work in a transaction, together with those of other threads that wait.

        Raises:
            ConfideError: if it is refused, or the database cannot be used.
        """
        job = Job(work)
        self._waiting.append(job)
        if not self._front.acquire(timeout=self._patience):
            try:
                self._waiting.remove(job)
            except ValueError:  # it is written just now: what comes of it has to be known
                self._front.acquire()
            else:
                raise self._late()
        try:
            while not job.done:
                self._write([self._waiting.popleft() for _ in range(min(len(self._waiting), MOST))])
        finally:
            self._front.release()
        if job.error is not None:
            raise job.error
        return job.value

    def _write(self, jobs: list[Job]) -> None:
        try:
            self._alone(jobs[0]) if len(jobs) == 1 else self._together(jobs)
        finally:
            for job in jobs:
                if not job.done:  # this thread was interrupted
                    job.error, job.done = LedgerError("the process is ended: no answer was given."), True

    def _alone(self, job: Job) -> None:
        try:
            job.value = self._run(job.work)
        except Exception as error:
            job.error = error
        job.done = True

    def _together(self, jobs: list[Job]) -> None:
        def work(base: Connection) -> list[tuple[Any, ConfideError | None]]:
            return [_in_savepoint(base, job.work) for job in jobs]

        try:
            found: list[tuple[Any, BaseException | None]] = list(self._run(work))
        except LedgerError as error:  # the database: nothing was written
            found = [(None, LedgerError(str(error))) for _ in jobs]
        except Exception:  # one of them cannot be written: who it is shows when each is tried alone
            for job in jobs:
                self._alone(job)
            return
        for job, (value, error) in zip(jobs, found, strict=True):
            job.value, job.error, job.done = value, error, True


def _in_savepoint(base: Connection, work: Work) -> tuple[Any, ConfideError | None]:
    """What a work returned, or why it was refused and undone."""
    point = base.begin_nested()
    try:
        value = work(base)
    except ConfideError as refused:
        point.rollback()
        return None, refused
    point.commit()
    return value, None
