"""What a user fills in to take part in a joint computation; the fields are the options of the commands."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated

from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, HOW, Flag, Held
from confide.core.paths import as_paths
from confide.releases.session.settings import budget_of

SUFFIXES = (".json", ".parquet")


@dataclass(frozen=True, slots=True)
class JoinSettings:
    """Take part in a joint computation: one figure of all parties' records, and nobody sees another's.

    The plan says who takes part, what is computed, and within which bounds each column is; all hold the same
    file. Each party starts this command on its own machine. It compares the plans before any data moves, and
    ends with the result at every party or at none. Three parties or more; two owners of records take a third
    party that has none, and starts without --data.

    Args:
        plan: The plan, a .toml file; paths in it go out from its folder.
        party: The party that you are, as the plan names it.
        data: Your records, .parquet or .csv; leave it out if you are a helper without records.
        keys: The folder of your key, or the whole folder that was made.
        ledger: Of a plan with noise, where it stands what everything costs: a FILE, or
            postgresql://HOST/DATABASE.
        budget: Of a new ledger: EPSILON,DELTA for everything together. Leave it out to go on with one.
        analyst: Whose part of the ledger pays.
        out: The result, a .json or a .parquet file.
        force: Put the new result in the place of one that is there.
        record: A new folder for the transcript of all that you put in, sent, received and learned. It is as
            secret as your records.
        listen: The address of this machine at which it listens; that of the plan by default.

    Raises:
        DataError: for settings that cannot be.
    """

    plan: Held
    _: KW_ONLY
    party: Annotated[str, Flag(group=HOLD, metavar="NAME")]
    data: Annotated[Path | None, Flag(group=HOLD, metavar="FILE")] = None
    keys: Annotated[Path, Flag(group=HOLD, metavar="FOLDER")]
    ledger: Annotated[str | None, Flag(group=HOLD, metavar="ADDRESS")] = None
    budget: Annotated[Budget | None, Flag(group=HOLD, metavar="EPSILON,DELTA", parse=budget_of)] = None
    analyst: Annotated[str | None, Flag(group=HOLD)] = None
    out: Annotated[Path, Flag(group=GET, metavar="FILE")] = Path("result.json")
    force: Annotated[bool, Flag(group=GET)] = False
    record: Annotated[Path | None, Flag(group=GET, metavar="FOLDER")] = None
    listen: Annotated[str | None, Flag(group=HOW, metavar="HOST")] = None

    def __post_init__(self) -> None:
        as_paths(self, "plan", "data", "keys", "out", "record")
        check_fields(self)
        if self.out.suffix not in SUFFIXES:
            raise DataError(f"--out {self.out!s:.200}: give a name that ends in .json or .parquet.")
        if self.ledger is None and (self.budget is not None or self.analyst is not None):
            raise DataError("--budget and --analyst are those of a ledger: give --ledger too, or leave out.")


@dataclass(frozen=True, slots=True)
class JoinKeysSettings:
    """Make a key and a certificate for each party of a joint computation, or of a match.

    Each folder in FOLDER/parties goes to its party, by a way that nobody else reads; keys.toml, the
    certificates of all, goes to everybody, beside the plan. Then delete FOLDER, and compare the fingerprints
    by telephone. A party that wants nobody else to hold its key for a moment makes its own: a folder for that
    party alone, whose keys.toml is put below those of the others.

    Args:
        folder: A new folder, which only you can read.
        parties: The parties, parted by commas, in the order of the plan.
        hosts: Where each listens, HOST or HOST:PORT, parted by commas, in the same order. By default all are
            on this machine, for a trial.

    Raises:
        DataError: for settings that cannot be.
    """

    folder: Held
    _: KW_ONLY
    parties: Annotated[str, Flag(group=HOLD, metavar="NAMES")]
    hosts: Annotated[str | None, Flag(group=HOW, metavar="HOSTS")] = None

    def __post_init__(self) -> None:
        as_paths(self, "folder")
        check_fields(self)
