"""What a user fills in to run a collaboration on machines; the fields are the options of the commands."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated

from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, HOW, Flag, Held
from confide.core.paths import as_paths
from confide.core.transcript import SERVER
from confide.inputs.times import parse_span


@dataclass(frozen=True, slots=True)
class KeysSettings:
    """Make the keys of a collaboration: an authority, the server's certificate, and two keys of each party.

    FOLDER/server goes to the server's machine, and each folder in FOLDER/parties to its party, by a way that
    nobody else reads; keys.toml, the public keys, goes to all, beside the plan. Then delete FOLDER, and
    compare the fingerprints by telephone.

    Args:
        folder: A new folder, which only you can read.
        nodes: The parties, as the plan names them, parted by commas.
        hosts: Names or addresses by which parties reach the server, parted by commas; this machine always.
        days: Validity of the certificate.

    Raises:
        DataError: for settings that cannot be.
    """

    folder: Held
    _: KW_ONLY
    nodes: Annotated[str, Flag(group=HOLD, metavar="NAMES")]
    hosts: Annotated[str, Flag(group=HOW, metavar="HOSTS")] = "localhost"
    days: Annotated[int, Flag(group=HOW, least=1, most=3_650)] = 398

    def __post_init__(self) -> None:
        as_paths(self, "folder")
        check_fields(self)

    @property
    def parties(self) -> list[str]:
        """The names of the parties."""
        return parted(self.nodes)


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """Check before a run whether a party can take part: its key, certificate, version, data and address.

    Nothing that is sent says anything about its records.

    Args:
        plan: The plan, a .toml file.
        party: The party of this machine, as the plan names it.
        keys: The folder of keys of this party, or the whole folder that was made.
        offline: Do not ask the server.
        rehearse: The seed of a rehearsal, the same for all.

    Raises:
        DataError: for settings that cannot be.
    """

    plan: Held
    _: KW_ONLY
    party: Annotated[str, Flag(group=HOLD, metavar="NAME")]
    keys: Annotated[Path, Flag(group=HOLD, metavar="FOLDER")]
    offline: Annotated[bool, Flag(group=HOW)] = False
    rehearse: Annotated[int | None, Flag(group=HOW, least=0)] = None

    def __post_init__(self) -> None:
        as_paths(self, "plan", "keys")
        check_fields(self)


@dataclass(frozen=True, slots=True)
class StartSettings:
    """Run a plan with each party on a machine of its own, over Flower.

    On the server: `--as server`. It waits for the parties, charges the ledger, leads the rounds, and writes
    the model. On each party's machine: `--party NAME`. It checks first, as `confide collaborate check`, takes
    part until the run ends, and writes the model too. Both stay in the foreground. No connection goes to a
    party: only the server's port must be open.

    Args:
        plan: The plan, a .toml file; all machines have the same.
        as_: This machine is the server: say server.
        party: This machine is that of a party, as the plan names it.
        keys: The folder of keys of this machine, or the whole folder that was made.
        record: A new folder for the transcript of what this machine saw. An audit needs it; it is as secret
            as the records.
        out: The model, a file that numpy opens.
        force: Put the new model in the place of one that is there.
        folder: The run's own files: checkpoint, logs, and those of Flower. By default the name of the plan
            with that of this machine, such as plan-server.
        listen: Of the server, the address of this machine at which it listens; all of them by default.
        wait: How long the server waits for parties, and a party for a server that does not answer.
        rehearse: Draw everything, noise too, from this seed, the same for all: for tests, and no release.
            Nothing is charged.

    Raises:
        DataError: for settings that cannot be.
    """

    plan: Held
    _: KW_ONLY
    as_: Annotated[str | None, Flag(group=HOLD, name="--as", metavar=SERVER)] = None
    party: Annotated[str | None, Flag(group=HOLD, metavar="NAME")] = None
    keys: Annotated[Path, Flag(group=HOLD, metavar="FOLDER")]
    record: Annotated[Path | None, Flag(group=GET, metavar="FOLDER")] = None
    out: Annotated[Path, Flag(group=GET, metavar="FILE")] = Path("model.npz")
    force: Annotated[bool, Flag(group=GET)] = False
    folder: Annotated[Path | None, Flag(group=GET, metavar="FOLDER")] = None
    listen: Annotated[str, Flag(group=HOW, metavar="HOST")] = "0.0.0.0"
    wait: Annotated[str, Flag(group=HOW, metavar="SPAN")] = "10min"
    rehearse: Annotated[int | None, Flag(group=HOW, least=0)] = None

    def __post_init__(self) -> None:
        as_paths(self, "plan", "keys", "record", "out", "folder")
        check_fields(self)
        if (self.as_ is None) == (self.party is None) or self.as_ not in (None, SERVER):
            raise DataError(f"say what this machine is: --as {SERVER}, or --party NAME.")
        if self.out.suffix != ".npz":
            raise DataError(f"--out {self.out!s:.200} does not end in .npz, and the model is such a file.")
        _ = self.seconds

    @property
    def who(self) -> str:
        """The server, or the party."""
        return self.party or SERVER

    @property
    def place(self) -> Path:
        """The folder of the run's own files."""
        return (self.folder or Path(f"{self.plan.stem}-{self.who}")).absolute()

    @property
    def seconds(self) -> float:
        """How long to wait."""
        return parse_span(self.wait, likely=("s", "min"), least=1)


def parted(text: str) -> list[str]:
    """Names that are parted by commas.

    >>> parted("a, b,")
    ['a', 'b']
    """
    return [part.strip() for part in text.split(",") if part.strip()]


def keys_at(folder: Path, who: str) -> Path:
    """The folder of keys of one machine, which may be within the whole folder that was made.

    >>> keys_at(Path("nowhere"), "north")
    PosixPath('nowhere')
    """
    within = folder / SERVER if who == SERVER else folder / "parties" / who
    return within if within.is_dir() else folder
