"""Checkpoints of a run: model, round and charge in one file, replaced as a whole after each round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confide.core.arrays import Array, Rng
from confide.core.errors import DataError
from confide.core.kept_arrays import read_arrays, write_arrays
from confide.core.paths import is_there
from confide.mechanisms.federate.states import generator_at

FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Checkpoint:
    """Where a run stands after a round.

    Args:
        digest: of the plan.
        token: the name of the run in the ledger: what goes on with it is not charged again.
        round: the last round that ended; 0 before the first.
        sums: how many secure sums were begun.
        rng: the state of the server's random numbers.
        left_out: how often the uploads of a party were left out, by reason and party.
        arrays: the protocol's state.
    """

    digest: str
    token: str
    round: int
    sums: int
    rng: Mapping[str, Any]
    left_out: Mapping[str, Mapping[str, int]]
    arrays: Mapping[str, Array] = field(default_factory=dict)

    def generator(self) -> Rng:
        """Random numbers that go on where those of the run stood."""
        return generator_at(self.rng)


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint at a path, for its owner alone: it is as secret as the server's view."""
    meta = {
        "format": FORMAT,
        "digest": checkpoint.digest,
        "token": checkpoint.token,
        "round": checkpoint.round,
        "sums": checkpoint.sums,
        "rng": checkpoint.rng,
        "left_out": checkpoint.left_out,
    }
    write_arrays(path, meta, checkpoint.arrays)


def read_checkpoint(path: Path, *, digest: str) -> Checkpoint:
    """Read the checkpoint of a run that goes on.

    Args:
        path: of the file.
        digest: of the plan as it is now.

    Raises:
        DataError: if there is none, it is damaged, or the plan has changed since: the promise would be void.
    """
    if not is_there(path):
        raise DataError(f"there is no checkpoint {path} to go on from: start the run.")
    meta, arrays = read_arrays(path)
    if meta.pop("format", None) != FORMAT:
        raise DataError(f"{path} is no checkpoint of this version: go on with the version that wrote it.")
    found = Checkpoint(**meta, arrays=arrays)
    if found.digest != digest:
        raise DataError(
            f"the plan has changed since {path} was written, and what was promised holds for the plan as it "
            "was: go on with that one, or start a new run, which is charged by itself."
        )
    return found
