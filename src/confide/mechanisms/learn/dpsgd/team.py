"""Clipped sums by several processes of one machine: each adds up its share of a sample.

One process trains: it draws the sample, deals it out, adds up the sums of the shares, adds noise *once*, and
makes the step. The others hold a copy of the module and of the data, take the weights from shared memory
before each share, and give back a sum, so that what a unit adds is what it adds in one process. Only the
rounding of sums differs, and the randomness of dropout and views, of which each share has its own.

The processes are forked. A fork copies the module, the loss and the data as they are, so that nothing is
pickled (lambdas and code of a notebook work), no module is built a second time, and a script needs no
`if __name__ == "__main__"`. Messages are bytes, numbers and texts. The price: it is for the processor, since
a process that has used a GPU cannot be forked, and for systems that fork (Linux, macOS). A forked process
computes with one thread, because the threads of its parent are not copied, and does one trial sum before
anything is charged: where it does not answer, the run is refused.

A process whose parent is gone reads the end of its pipe and ends, after the share that it is at. It closes
every other file of its parent at its start, so that the lock of a checkpoint is never held by it alone.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import warnings
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe

import numpy as np
import torch
from torch import Tensor

from confide.core.arrays import Ints
from confide.core.errors import ConfideError, ModelError, PromiseError
from confide.core.foreign import in_one_line
from confide.mechanisms.learn.dpsgd.clipping import Clipped, Clipper
from confide.mechanisms.learn.dpsgd.groups import trainable
from confide.mechanisms.learn.dpsgd.masks import drawing
from confide.mechanisms.learn.dpsgd.tensors import Data
from confide.mechanisms.learn.dpsgd.unwritten import unwritten

PATIENCE = 120
"""Seconds for a process to begin: one that waits for a lock of a thread that was not copied never does."""
_ASKED, _DONE = struct.Struct("<qq"), struct.Struct("<cq")
_SUM, _FAILED = b"=", b"!"
_MASK = 2**63 - 1
_SECRET = -1
"""In place of a key: the process draws secrets of its own."""
_LEAVE = os._exit
"""The true one: while code of the user's is called, `os._exit` is an error (`models/guard.py`)."""


@dataclass(frozen=True, slots=True)
class Member:
    """One process.

    Args:
        pid: its number.
        pipe: to it.
        sums: float64[p], shared, in which it leaves its sum.
    """

    pid: int
    pipe: Connection
    sums: Tensor

    def ask(self, key: int | None, share: Ints) -> None:
        """Give it units to add up.

        Raises:
            ModelError: if it was killed.
        """
        with self._alive():
            self.pipe.send_bytes(
                _ASKED.pack(_SECRET if key is None else key, len(share)) + share.astype(np.int64).tobytes()
            )

    def answer(self) -> tuple[Tensor, int]:
        """The norms of its units, float64[count], and how many were not finite; the sum is in `sums`.

        Raises:
            ModelError: if it was killed, or the module or the loss failed there.
        """
        with self._alive():
            told = self.pipe.recv_bytes()
        kind, unusable = _DONE.unpack_from(told)
        rest = told[_DONE.size :]
        if kind == _FAILED:
            raise ModelError(rest.decode())
        return torch.from_numpy(np.frombuffer(rest, np.float64).copy()), unusable

    @contextmanager
    def _alive(self) -> Generator[None]:
        try:
            yield
        except (EOFError, OSError):
            raise ModelError(
                f"one of the processes that add up gradients (number {self.pid}) was killed or has ended: if "
                "the memory ran out, give fewer processes, or a smaller memory_mb."
            ) from None

    def end(self) -> None:
        """End it at once; it holds nothing that could be lost."""
        self.pipe.close()
        with suppress(ProcessLookupError, ChildProcessError):  # killed before, or waited for by others
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


@dataclass(frozen=True, slots=True)
class Team:
    """Processes that add up clipped gradients.

    Args:
        clipper: of the module that is trained.
        weights: [p], shared, which each process reads.
        members: the processes.
    """

    clipper: Clipper
    weights: Tensor
    members: Sequence[Member]

    def clipped(self, sample: Tensor, key: int | None) -> Clipped:
        """The clipped sum of a sample of units, as one process gives it but for rounding.

        Args:
            sample: positions of units, int64[b].
            key: of dropout and views in a rehearsal; None for secrets.

        Raises:
            ModelError: if a process was killed, or the module failed in it.
        """
        there = trainable(self.clipper.module)
        self.weights.copy_(torch.cat([p.detach().flatten() for p in there.values()]))
        for member, share in zip(
            self.members, np.array_split(sample.numpy(), len(self.members)), strict=True
        ):
            member.ask(key, share)
        answers = [member.answer() for member in self.members]
        total = torch.stack([member.sums for member in self.members]).sum(0)
        parts = total.split([p.numel() for p in there.values()])
        named = {name: part.view_as(p) for (name, p), part in zip(there.items(), parts, strict=True)}
        return Clipped(named, torch.cat([norms for norms, _ in answers]), sum(n for _, n in answers))


def team_of(clipper: Clipper, data: Data, processes: int) -> AbstractContextManager[Team | None]:
    """The processes of a run, which end with the block; None for one process alone.

    Raises:
        ModelError: if the module cannot be trained in a forked process.
        PromiseError: if this system or this process cannot be forked.
    """
    return nullcontext() if processes == 1 else _started(clipper, data, processes)


@contextmanager
def _started(clipper: Clipper, data: Data, processes: int) -> Generator[Team]:
    if not hasattr(os, "fork") or torch.cuda.is_initialized():
        raise PromiseError(
            f"processes is {processes}, and this system cannot fork, or this process has used a GPU, after "
            "which it cannot: give processes=1."
        )
    there = trainable(clipper.module)
    weights = _shared(sum(p.numel() for p in there.values()), next(iter(there.values())).dtype)
    members: list[Member] = []
    try:
        for number in range(processes):
            ours, theirs = Pipe()
            assert isinstance(ours, Connection) and isinstance(theirs, Connection)
            sums = _shared(len(weights), torch.float64)
            # A Ctrl-C between the fork and what follows would run the user's program in two processes.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            with warnings.catch_warnings():
                # Newer Pythons warn of threads that are not copied; the trial below finds what they held.
                warnings.simplefilter("ignore", DeprecationWarning)
                pid = os.fork()
            if not pid:
                _work(theirs, number, clipper, data, weights, sums)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()
            members.append(Member(pid, ours, sums))
        team = Team(clipper, weights, members)
        _try(team, data)
        yield team
    finally:
        for member in members:
            member.end()


def _try(team: Team, data: Data) -> None:
    """Let each process add up a unit, before anything is charged."""
    team.weights.copy_(torch.cat([p.detach().flatten() for p in trainable(team.clipper.module).values()]))
    for member in team.members:
        member.ask(0, np.arange(min(1, data.people.count)))
    for member in team.members:
        if not member.pipe.poll(PATIENCE):
            raise ModelError(
                f"a forked process did not answer in {PATIENCE} seconds, perhaps because it waits for a "
                "thread of this one: give processes=1, or train in a process without other threads."
            )
        member.answer()


def _shared(numbers: int, dtype: torch.dtype) -> Tensor:
    """Zeros in memory that forked processes share; not in /dev/shm, which is small in containers."""
    room = mmap.mmap(-1, numbers * torch.empty(0, dtype=dtype).element_size())
    return torch.frombuffer(room, dtype=dtype)


def _work(pipe: Connection, number: int, clipper: Clipper, data: Data, weights: Tensor, sums: Tensor) -> None:
    """The life of a forked process: it never returns."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the one that trains
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers of open files, and no paths
            if int(name) > 2 and int(name) != pipe.fileno():
                with suppress(OSError):  # the folder itself is open while it is read
                    os.close(int(name))
        torch.set_num_threads(1)
        there = trainable(clipper.module)
        sizes = [p.numel() for p in there.values()]
        while True:
            told = pipe.recv_bytes()
            key, count = _ASKED.unpack_from(told)
            units = torch.from_numpy(np.frombuffer(told, np.int64, count, _ASKED.size).copy())
            with torch.no_grad():
                for p, new in zip(there.values(), weights.split(sizes), strict=True):
                    p.copy_(new.view_as(p))
            pipe.send_bytes(_answer(clipper, data, units, key, number, sums))
    except BaseException:  # the pipe's end: the one that trains is gone
        _LEAVE(0)


def _answer(clipper: Clipper, data: Data, units: Tensor, key: int, number: int, sums: Tensor) -> bytes:
    seed = None
    if key != _SECRET:
        seed = int(np.random.SeedSequence((key, number)).generate_state(1, np.uint64)[0]) & _MASK
    try:
        with unwritten(clipper.module), drawing(seed, data.x.device) as views:
            found = clipper.clipped(data.rows(units, views))
        sums.copy_(torch.cat([found.total[name].detach().flatten() for name in trainable(clipper.module)]))
        return _DONE.pack(_SUM, found.unusable) + found.norms.numpy().tobytes()
    except Exception as error:
        text = str(error) if isinstance(error, ConfideError) else in_one_line(error)
        said = f"one of the processes that add up gradients failed ({text}): see whether processes=1 does."
        return _DONE.pack(_FAILED, 0) + said.encode()
