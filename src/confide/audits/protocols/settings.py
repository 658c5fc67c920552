"""Settings of an audit of a masking protocol; the fields are flags of the command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from confide.audits.protocols.masking import NAMES
from confide.audits.settings import MOST_SEED
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, HOW, Flag

CLIENTS = len(NAMES)
LEAST_DRAWS, MOST_DRAWS, MOST_TRIES = 2**8, 2**24, 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolSettings:
    """Runs the functions of a protocol of secure aggregation with six made-up clients, and attacks it.

    The auditor plays all clients and the server. It asks whether masks hide what clients send, who else can
    compute them, and what a server reads that does not follow the protocol. Each check that fails ends in the
    attack, played. Nobody's data is read.

    Args:
        protocol: What to audit: ours (the secure sum of confide), flwr (SecAgg+ of the Flower that is
            installed beside confide), or MODULE:NAME, an adapter of your own; in Python also the adapter
            itself.
        threshold: How many of six clients must remain; by default the least that the protocol accepts,
            from 2 on.
        seed: Of made-up secrets and records; keys come from the protocol itself, so each run has others.
        draws: Secrets whose masks are compared: more find longer keys that are too short.
        tries: Seeds to search, where a mask has a short one.
        allow_unclear: Exit with code 0 also where a check came to no answer.
        name: What to call the protocol in the report.
        share: Let others on this machine read the files that are written, as far as your umask does.

    Raises:
        DataError: for a number out of range.
    """

    protocol: Annotated[Any, Flag(group=HOLD, argument=True)]
    threshold: Annotated[int | None, Flag(group=HOW, least=1, most=CLIENTS)] = None
    seed: Annotated[int, Flag(group=HOW, least=0, most=MOST_SEED)] = 7
    draws: Annotated[int, Flag(group=HOW, least=LEAST_DRAWS, most=MOST_DRAWS)] = 2**16
    tries: Annotated[int, Flag(group=HOW, least=1, most=MOST_TRIES)] = 2**18
    allow_unclear: Annotated[bool, Flag(group=GET)] = False
    name: Annotated[str | None, Flag(group=GET)] = None
    share: Annotated[bool, Flag(group=GET)] = False

    def __post_init__(self) -> None:
        check_fields(self)
        for field, least, most in (
            ("threshold", 1, CLIENTS),
            ("seed", 0, MOST_SEED),
            ("draws", LEAST_DRAWS, MOST_DRAWS),
            ("tries", 1, MOST_TRIES),
        ):
            value = getattr(self, field)
            if value is not None and not least <= value <= most:
                raise DataError(f"{field} is {value:,}: give {least:,} to {most:,}.")
