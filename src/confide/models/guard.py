"""Calls of the user's code that can neither end nor hang the audit, nor change what other code draws."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, TextIO, TypeVar

import numpy as np

from confide.core.errors import ConfideError, ModelError
from confide.core.foreign import in_one_line
from confide.core.language import later

_T = TypeVar("_T")
_patience: ContextVar[float | None] = ContextVar("patience", default=None)


@contextmanager
def patient(seconds: float | None) -> Iterator[None]:
    """Give every guard that is made inside the block this time for a call; None for any time."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def patience() -> float | None:
    """The time that a guard gets if it is made now."""
    return _patience.get()


class _Late(BaseException):
    """The end of patience; no `Exception`, which the user's code may catch."""


class _Left(BaseException):
    """An `os._exit` of the user's code."""


@dataclass(slots=True, eq=False)
class Guard:
    """A caller of foreign code: whatever that code does, the audit goes on or ends with one sentence.

    Its `SystemExit`, `os._exit`, `KeyboardInterrupt` and other ends of a process become a `ModelError`. An
    ordinary exception is passed on, for the caller knows what was asked. What it prints goes to the standard
    error, so that a report that is piped stays clean. The global random states are put back. Outside
    of the main thread only exceptions are caught: the rest belongs to the whole process.

    Args:
        name: of what is called, in messages.
        timeout: seconds for one call; by default those of `patient`. Code that is not Python is stopped only
            when it returns.
        noticed: what the code did besides answering, in a few words each.

    >>> Guard("`predict`")(lambda: exit(0))
    Traceback (most recent call last):
    confide.core.errors.ModelError: `predict` ends the process (SystemExit: 0): let it return its answer, ...
    """

    name: str
    timeout: float | None = field(default_factory=patience)
    noticed: set[str] = field(default_factory=set[str])

    def __call__(self, call: Callable[[], _T]) -> _T:
        """Call it.

        Raises:
            ModelError: if it ends the process, takes too long, or interrupts itself.
        """
        pressed: list[int] = []
        main = threading.current_thread() is threading.main_thread()
        with ExitStack() as stack:
            if main:
                stack.enter_context(redirect_stdout(_Aside(self.noticed)))  # pyright: ignore[reportArgumentType]
                stack.enter_context(_own_draws(self.noticed))
                stack.enter_context(_no_exit())
                stack.enter_context(_watched(pressed, self.timeout))
            try:
                return call()
            except _Late:
                raise ModelError(
                    f"{self.name} took more than {self.timeout:g} seconds for one call: look why it hangs, "
                    "or give it more with --timeout."
                ) from None
            except KeyboardInterrupt as error:
                if pressed or not main:
                    raise  # the user's own Ctrl-C
                raise self._ended(error) from error
            except Exception:
                raise
            except BaseException as error:
                raise self._ended(error) from error

    def _ended(self, error: BaseException) -> ModelError:
        text = f"{type(error).__name__.strip('_')}: {in_one_line(error)}"
        return ModelError(
            f"{self.name} ends the process ({text}): let it return its answer, or raise an ordinary error."
        )


@dataclass(slots=True)
class _Aside:
    """A standard output that writes to the standard error and remembers that it did."""

    noticed: set[str]

    def write(self, text: str) -> int:
        self.noticed.add(later("The model prints (its lines are among the messages, not in the report)."))
        return sys.stderr.write(text)

    def __getattr__(self, name: str) -> Any:
        stream: TextIO = sys.stderr
        return getattr(stream, name)


@contextmanager
def _own_draws(noticed: set[str]) -> Iterator[None]:
    """Put the global random states back, and notice where they were changed."""
    # numpy's old generator is the one that other people's code shares.
    numbers, plain = np.random.get_state(), random.getstate()  # noqa: NPY002
    torch = sys.modules.get("torch")
    tensors: Any = None if torch is None else torch.get_rng_state()
    try:
        yield
    finally:
        after: tuple[Any, ...] = np.random.get_state()  # noqa: NPY002 # pyright: ignore[reportAssignmentType]
        same = after[2:] == numbers[2:] and np.array_equal(after[1], numbers[1])  # pyright: ignore
        same = same and random.getstate() == plain
        same = same and (torch is None or bool(torch.equal(torch.get_rng_state(), tensors)))
        if not same:
            noticed.add(later("The model draws from the global random state, or sets it (it was put back)."))
            np.random.set_state(numbers)  # noqa: NPY002
            random.setstate(plain)
            if torch is not None:
                torch.set_rng_state(tensors)


@contextmanager
def _no_exit() -> Iterator[None]:
    """Turn `os._exit` into an error; in a process that the code forked it stays what it is."""
    true, process = os._exit, os.getpid()

    def leave(status: int) -> Any:
        if os.getpid() != process:
            true(status)
        raise _Left(f"os._exit({status})")

    os._exit = leave
    try:
        yield
    finally:
        os._exit = true


@contextmanager
def _watched(pressed: list[int], timeout: float | None) -> Iterator[None]:
    """Notice the user's Ctrl-C, and end what takes too long; both only reach the main thread."""
    before = signal.getsignal(signal.SIGINT)

    def press(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        if callable(before):
            before(number, frame)

    alarms = timeout is not None and hasattr(signal, "setitimer")
    clock, left = (
        (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)) if alarms else (0, 0)
    )

    def ring(number: int, frame: FrameType | None) -> None:
        raise _Late

    # None: it was set by other code than Python's and could not be put back.
    if callable(before):
        signal.signal(signal.SIGINT, press)
    if timeout is not None and alarms:
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, timeout)
    try:
        yield
    finally:
        if alarms:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, clock)
            signal.setitimer(signal.ITIMER_REAL, *left)  # pyright: ignore[reportGeneralTypeIssues]
        if callable(before):
            signal.signal(signal.SIGINT, before)


def guarded_error(error: Exception) -> str:
    """A foreign exception in a few words: its class and the first line of its text."""
    if isinstance(error, ConfideError):
        return in_one_line(error)
    return f"{type(error).__name__}: {in_one_line(error)}"
