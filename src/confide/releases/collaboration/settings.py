"""What a user fills in to run a collaboration; the fields are the options of `confide collaborate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOW, Flag, Held
from confide.core.paths import can_be_named


@dataclass(frozen=True, slots=True)
class CollaborateSettings:
    """Train one model of several parties that keep their records, by a plan.

    The plan says who takes part, what they train, by which protocol, and what the run may spend. That is
    charged to the ledger before the first message. A simulation runs all parties on this machine; the model,
    and what each party saw, are what they would be in a deployment.

    Args:
        plan: The plan, a .toml file; paths in it go out from its folder.
        simulate: Run all parties on this machine.
        record: A new folder for the transcript, every message with its payload. An audit needs it; it is as
            secret as the records.
        out: The model, a file that numpy opens.
        force: Put the new model in the place of one that is there.
        jobs: How many processes train clients.
        map: What these are: processes of this machine, or tasks of Ray, of which jobs are the cores.
        rehearse: Draw everything, noise too, from this seed: for tests, and no release. Nothing is charged.
        active: Rehearse a server that does not follow the protocol: ascent moves the models that it sends up
            the loss of the targets, isolate gives a client its own model back. No model is written.
        targets: Of ascent, the records in question, those of clients and others: .parquet or .csv; repeat it
            for more files.
        victim: The client that such a server deceives; of ascent all by default.

    Raises:
        DataError: for settings that cannot be.
    """

    plan: Held
    _: KW_ONLY
    simulate: Annotated[bool, Flag(group=HOW)] = False
    record: Annotated[Path | None, Flag(group=GET, metavar="FOLDER")] = None
    out: Annotated[Path, Flag(group=GET, metavar="FILE")] = Path("model.npz")
    force: Annotated[bool, Flag(group=GET)] = False
    jobs: Annotated[int, Flag(group=HOW, least=1, most=1_000)] = 1
    map: Annotated[Literal["processes", "ray"], Flag(group=HOW)] = "processes"
    rehearse: Annotated[int | None, Flag(group=HOW, least=0)] = None
    active: Annotated[Literal["ascent", "isolate"] | None, Flag(group=HOW)] = None
    targets: Annotated[Sequence[Path], Flag(group=HOW, metavar="FILE")] = ()
    victim: Annotated[str | None, Flag(group=HOW, metavar="CLIENT")] = None

    def __post_init__(self) -> None:
        for name in ("plan", "record", "out"):
            given: Any = getattr(self, name)
            if isinstance(given, str):
                object.__setattr__(self, name, Path(given))
        if not isinstance(self.plan, Path):
            raise DataError(f"plan is of type {type(self.plan).__name__}: give the path of a .toml file.")
        check_fields(self)
        if not self.simulate:
            raise DataError(
                "say how to run the plan: add --simulate for all parties on this machine, or see `confide "
                "collaborate start --help` for machines of their own."
            )
        for path in (self.out, self.record):
            if path is not None and not can_be_named(path):
                raise DataError(f"no file can have the name {path!s:.60}: choose another.")
        if self.out.suffix != ".npz":
            raise DataError(f"--out {self.out!s:.200} does not end in .npz, and the model is such a file.")
        self._check_active()

    def _check_active(self) -> None:
        """Refuse settings of an active server that it lacks, or that mean nothing without one."""
        object.__setattr__(self, "targets", tuple(map(Path, self.targets)))
        if self.active is None:
            if self.targets or self.victim is not None:
                raise DataError(
                    "--targets and --victim are of an active server: add --active, or leave them out."
                )
            return
        if self.rehearse is None or self.record is None:
            raise DataError(
                "an active server is rehearsed for an audit of what it sees: add --rehearse SEED and "
                "--record FOLDER."
            )
        if self.active == "ascent" and not self.targets:
            raise DataError("ascent moves models up the loss of records: give them by --targets FILE.")
        if self.active == "isolate" and (self.targets or self.victim is None):
            raise DataError(
                "isolate deceives one client, without records: give --victim CLIENT, and no --targets."
            )
