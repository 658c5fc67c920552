"""What a user fills in to run a collaboration; the fields are the options of `confide collaborate`."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any

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
        rehearse: Draw everything, noise too, from this seed: for tests, and no release. Nothing is charged.

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
    rehearse: Annotated[int | None, Flag(group=HOW, least=0)] = None

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
