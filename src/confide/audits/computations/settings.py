"""Settings of an audit of a recorded computation; the fields are flags of the command."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any

from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, KNOWS, Flag

ANALYST = "analyst"
"""Who sees the result alone."""


@dataclass(frozen=True, slots=True)
class ComputationSettings:
    """Asks what a party of an encrypted or joint computation could read of the others' inputs.

    It reads what `--record` of `confide join`, `confide match` or `confide outsource` kept, looks through the
    eyes of one party, or of several that share what they saw, and plays attacks. It then asks what the result
    itself says: encryption hides inputs, and not the result.

    Args:
        transcripts: The records, one folder of each party that kept one. Records of parties that do not look
            are read by the referee alone: without them attacks are played, but not judged.
        seen_by: Whose eyes: server or client of outsourced scores; party:NAME; coalition:NAME,NAME; or
            analyst, who sees the result alone.
        accept_result: Exit with code 0 although the result says something of people, as you have decided that
            it may.
        allow_unclear: Exit with code 0 also where a check came to no answer.
        name: What to call the computation in the report.
        share: Let others on this machine read the files that are written, as far as your umask does.

    Raises:
        DataError: for settings that cannot be.
    """

    transcripts: Annotated[Any, Flag(group=HOLD, argument=True, several=True, metavar="TRANSCRIPT")]
    _: KW_ONLY
    seen_by: Annotated[str, Flag(group=KNOWS, name="--as", metavar="WHO")]
    accept_result: Annotated[bool, Flag(group=GET)] = False
    allow_unclear: Annotated[bool, Flag(group=GET)] = False
    name: Annotated[str | None, Flag(group=GET)] = None
    share: Annotated[bool, Flag(group=GET)] = False

    def __post_init__(self) -> None:
        given: Any = self.transcripts
        many = [given] if isinstance(given, str | Path) else list(given)
        object.__setattr__(self, "transcripts", tuple(Path(one) for one in many))
        check_fields(self)
        if not self.transcripts:
            raise DataError("no transcript is named: give the folder that --record of the computation wrote.")
        if self.parties == ():
            raise DataError(
                f"--as is {self.seen_by!r:.60}: give server, client, party:NAME, coalition:NAME,NAME "
                f"or analyst."
            )

    @property
    def parties(self) -> tuple[str, ...] | None:
        """Who looks, by name; None for an analyst, and nobody where the text cannot be read."""
        kind, _, names = self.seen_by.partition(":")
        if self.seen_by == ANALYST:
            return None
        if self.seen_by in ("server", "client"):
            return (self.seen_by,)
        found = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
        if kind == "party" and len(found) == 1:
            return found
        return found if kind == "coalition" and len(found) > 1 else ()
