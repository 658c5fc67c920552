"""The plan of a private match, one file: terms, where both parties listen, and deadlines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from confide.core.errors import DataError
from confide.core.fields import shown
from confide.core.version import VERSION
from confide.inputs.domain_columns import refuse_unknown
from confide.inputs.pinned_parties import parties_of, public_key
from confide.inputs.plan_files import (
    Said,
    number_of,
    parsed,
    placed_in,
    span_in,
    table_in,
    text_of,
    whole_in,
    words_in,
)
from confide.mechanisms.share.joint.plan import Party
from confide.mechanisms.share.matching.match_plan import MOST, MatchPlan

KEYS = ("name", "learns", "reveal", "steps", "most", "fewest", "times", "form", "false_rate", "keys")
TABLES = ("parties", "deadlines")
SECONDS = {"arrival": 60.0, "silence": 30.0, "deadline": 3_600.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchTerms:
    """A plan that was read.

    Args:
        plan: who may learn what, of how many, how often.
        parties: both, with address and certificate.
        arrival, silence, deadline: seconds until the other must have come, that it may be silent, and for
            all.
    """

    plan: MatchPlan
    parties: tuple[Party, ...]
    arrival: float
    silence: float
    deadline: float

    @property
    def names(self) -> tuple[str, ...]:
        """Of both parties, in order."""
        return tuple(party.name for party in self.parties)

    def party(self, name: str) -> Party:
        """The party of this name.

        Raises:
            DataError: if there is none.
        """
        self.plan.other(name)
        return next(party for party in self.parties if party.name == name)

    @property
    def text(self) -> str:
        """The plan in its one canonical form, which both compare."""
        plan = self.plan
        said = {name: getattr(plan, name) for name in KEYS if name != "keys"}
        return json.dumps(
            said
            | {
                "version": VERSION,
                "parties": [
                    {"name": p.name, "host": p.host, "port": p.port, "certificate": p.certificate}
                    for p in self.parties
                ],
                "deadlines": [self.arrival, self.silence, self.deadline],
            },
            sort_keys=True,
            separators=(",", ":"),
        )


def read_terms(path: Path) -> MatchTerms:
    """Read a plan; paths in it go out from its folder.

    Raises:
        DataError: with the place, for what is missing, unknown or cannot be.
        PromiseError: for terms that cannot be kept.
    """
    said = parsed(path, text_of(path))
    with placed_in(path):
        refuse_unknown(said, (*KEYS, *TABLES), "the plan")
        pins = path.parent / words_in(said, "keys")
    with placed_in(path, "parties"):
        parties = parties_of(table_in(said, "parties"), pins)
    with placed_in(path, "deadlines"):
        spans = table_in(said, "deadlines")
        refuse_unknown(spans, ("arrival", "silence", "run"), "deadlines")
        given = {name: span_in(spans, name) for name in ("arrival", "silence", "run")}
        seconds = {("deadline" if name == "run" else name): s for name, s in given.items() if s is not None}
    with placed_in(path):
        plan = MatchPlan(
            name=words_in(said, "name"),
            parties={
                party.name: public_key(party.certificate, party.name).public_bytes_raw() for party in parties
            },
            learns=_texts(said, "learns", ()),
            reveal=cast(Any, words_in(said, "reveal")),
            steps=_texts(said, "steps", ("strip",)),
            most=whole_in(said, "most", most=MOST),
            fewest=whole_in(said, "fewest", most=MOST) if "fewest" in said else 10,
            times=whole_in(said, "times", most=1_000) if "times" in said else 1,
            form=cast(Any, words_in(said, "form", needed=False) or "raw"),
            false_rate=_rate(said),
        )
    return MatchTerms(plan=plan, parties=parties, **(SECONDS | seconds))


def _texts(said: Said, name: str, usual: Sequence[str]) -> tuple[str, ...]:
    given: Any = said.get(name, list(usual))
    if not isinstance(given, list) or not all(isinstance(one, str) for one in cast("list[object]", given)):
        raise DataError(f'{name} is {shown(given)}: give a list of names, such as ["bank"].')
    return tuple(cast("list[str]", given))


def _rate(said: Said) -> float:
    given = said.get("false_rate", 0.0)
    if (found := number_of(given)) is None:
        raise DataError(f"false_rate is {shown(given)}: give a number, such as 1e-6.")
    return found
