"""What two parties of a match agree on beforehand, and what is refused before anything is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from confide.core.errors import DataError, PromiseError
from confide.core.transcript import check_names
from confide.mechanisms.share.framed import joined
from confide.mechanisms.share.matching.identifiers import check_steps

VERSION = b"confide match 1"
"""Of the protocol; it is part of the plan's digest, so parties of different versions refuse each other."""
Reveal: TypeAlias = Literal["size", "ids"]
Form: TypeAlias = Literal["raw", "golomb"]
MOST = 3_000_000
"""Of more identifiers the messages are larger than a frame of the network."""
LARGEST_RATE = 1e-3
KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchPlan:
    """The terms of a private match: who may learn what, of how many identifiers, and how often.

    *What remains to be trusted.* Both parties follow the protocol. A party may still put in any list, and so
    ask "is this person in yours?": `most` bounds how many such questions one run answers, `times` how many
    runs there are, and `fewest` refuses a list so short that a size is an answer about one person. None of
    them helps against a party that fills its list up with people who do not exist.

    Args:
        name: of the match.
        parties: both, each with its Ed25519 public key (32 bytes): pinned, handed over by another way.
        learns: who learns the result; one or both.
        reveal: the size of the intersection alone, or which of one's own identifiers are in it.
        steps: how identifiers are normalised, the same by both.
        most, fewest: identifiers that a party may put in.
        times: how many runs each party takes part in, lost ones too.
        form: of the list that the learning party compares with: `raw` is exact; the filter `golomb` is
            shorter, and matches wrongly at `false_rate`.
        false_rate: of a filter, the chance that a run has any wrong match; 0 for `raw`.

    Raises:
        DataError, PromiseError: for terms that cannot be kept, with what to change.
    """

    name: str
    parties: Mapping[str, bytes]
    learns: tuple[str, ...]
    reveal: Reveal
    steps: tuple[str, ...] = ("strip",)
    most: int
    fewest: int = 10
    times: int = 1
    form: Form = "raw"
    false_rate: float = 0.0

    def __post_init__(self) -> None:
        _refuse_parties(self)
        check_steps(self.steps)
        if self.reveal not in get_args(Reveal) or self.form not in get_args(Form):
            raise DataError(
                f"reveal is {self.reveal!r:.60} and form {self.form!r:.60}: choose size or ids, and raw or "
                "golomb."
            )
        if not 1 <= self.fewest <= self.most <= MOST:
            raise DataError(
                f"fewest is {self.fewest:,} and most {self.most:,}: give 1 to {MOST:,}, fewest below most."
            )
        if self.times < 1:
            raise DataError(f"times is {self.times}: give the number of runs that are allowed, from 1.")
        if (self.form == "raw") != (self.false_rate == 0) or not 0 <= self.false_rate <= LARGEST_RATE:
            raise PromiseError(
                f"the form is {self.form} and false_rate {self.false_rate:g}: raw makes no wrong match, so "
                f"its rate is 0; give golomb one above 0 and up to {LARGEST_RATE:g}."
            )

    @property
    def digest(self) -> bytes:
        """SHA-256 of all terms: messages are bound to it."""
        numbers = (self.most, self.fewest, self.times, self.false_rate.hex())
        parties = [part for name in sorted(self.parties) for part in (name.encode(), self.parties[name])]
        return hashlib.sha256(
            joined(
                [
                    VERSION,
                    joined(str(text).encode() for text in (self.name, self.reveal, self.form, *numbers)),
                    joined(sorted(name.encode() for name in self.learns)),
                    joined(step.encode() for step in self.steps),
                    *parties,
                ]
            )
        ).digest()

    def other(self, name: str) -> str:
        """The other party's name.

        Raises:
            DataError: if the plan has no such party.
        """
        if name not in self.parties:
            raise DataError(
                f"the plan has no party {name!r:.60}: it has {' and '.join(sorted(self.parties))}."
            )
        return next(party for party in self.parties if party != name)


def _refuse_parties(plan: MatchPlan) -> None:
    check_names(plan.parties)
    if not plan.name:
        raise DataError("the match has no name: give each its own, as keys are bound to it.")
    if len(plan.parties) != 2:
        raise PromiseError(
            f"a match of {len(plan.parties)} parties: give two; three lists are three matches."
        )
    for name, key in plan.parties.items():
        if not isinstance(key, bytes) or len(key) != KEY_BYTES:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise PromiseError(f"the key of {name!r:.60} is no Ed25519 public key of {KEY_BYTES} bytes.")
    if len(set(plan.parties.values())) < 2:
        raise PromiseError("both parties have the same key: make a key for each, and keep it there.")
    if not plan.learns or not set(plan.learns) <= set(plan.parties):
        raise PromiseError(
            f"learns names {', '.join(plan.learns) or 'nobody':.100}: name one of the parties, or both."
        )
