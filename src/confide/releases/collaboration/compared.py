"""What a user fills in to compare runs; the fields are the options of `confide frontier collaboration`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any, cast

from confide.core.errors import DataError
from confide.core.fields import check_fields, shown
from confide.core.flags import HOLD, HOW, KNOWS, Flag, Table
from confide.core.transcript import SERVER


@dataclass(frozen=True, slots=True, eq=False)
class ComparedPlans:
    """Run a plan of several parties under several protections, attack each run, compare risk with accuracy.

    All runs have the same parties, learner and test records, and are simulated on this machine from the same
    seed. They are rehearsals: nothing is charged, and no model and no transcript is written. The adversary is
    one party, who sees of each run what that party sees.

    Args:
        plans: The plan, a .toml file; or several of the same parties, each compared as it is.
        seen_by: Who looks: server, client:NAME, or eavesdropper; several are parted by commas.
        controls: Records that no client had: .parquet or .csv.
        under: The protections of the plan, of several plans of the first, parted by commas: plain (no noise,
            no secure sum), secure (a secure sum), dp:EPSILON (noise by the server), both:EPSILON (noise by
            the clients, in a secure sum), and plan (as it is).
        clip: The longest update of dp and both; by default that of the plan.
        delta: Of each promise; by default that of the plan.
        about: The clients whose records it asks about, parted by commas; by default as in an audit.

    Raises:
        DataError: for settings that cannot be.
    """

    plans: Annotated[Any, Flag(group=HOLD, argument=True, several=True, metavar="PLAN")]
    _: KW_ONLY
    controls: Table
    seen_by: Annotated[str, Flag(group=KNOWS, name="--as", metavar="PARTY")] = SERVER
    about: Annotated[str | None, Flag(group=KNOWS, metavar="CLIENTS")] = None
    under: Annotated[str | None, Flag(group=HOW, metavar="NAME,NAME,...")] = None
    clip: Annotated[float | None, Flag(group=HOW)] = None
    delta: Annotated[float | None, Flag(group=HOW)] = None

    def __post_init__(self) -> None:
        check_fields(self)
        given: Any = self.plans
        several = cast("Sequence[Any]", given) if isinstance(given, list | tuple) else [given]
        for one in several:
            if not isinstance(one, str | Path):
                raise DataError(f"a plan is {shown(one)}: give the path of a .toml file.")
        object.__setattr__(self, "plans", tuple(Path(one) for one in several))
        if len(self.paths) + len(self.protections) < 2:
            raise DataError(
                "there is one run, and nothing to compare it with: add --under, such as --under plain,secure,"
                "dp:2, or more plans."
            )
        if not self.protections and (self.clip is not None or self.delta is not None):
            raise DataError("clip and delta are those of dp and both: add --under, or leave them out.")

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files of the plans."""
        return self.plans

    @property
    def protections(self) -> tuple[str, ...]:
        """The protections of the first plan; none where each plan is compared as it is."""
        return () if self.under is None else tuple(part.strip() for part in self.under.split(","))
