"""A party of a private match, as a state machine: it makes and takes messages, and knows no network."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from confide.core.errors import DataError
from confide.mechanisms.share.framed import joined
from confide.mechanisms.share.matching.match_plan import MatchPlan
from confide.mechanisms.share.matching.points import POINT_BYTES, Answerer, Asker, Watch, unwatched
from confide.mechanisms.share.messages import Identity, Message, Payload, check_place, check_signature
from confide.mechanisms.share.messages import field as array_of
from confide.mechanisms.share.refusals import RefusedError

KINDS = ("opening", "request", "answer")
"""In their order: both parties open, who learns requests, and the other answers."""
_NONCE = 32


@dataclass(frozen=True, slots=True)
class Match:
    """A run of a plan, which messages are bound to.

    Args:
        plan: of the match.
        digest: of the plan, and after the openings of both of these too: no message fits another run.
    """

    plan: MatchPlan
    digest: bytes

    @property
    def run(self) -> str:
        """The name of the match."""
        return self.plan.name

    def identity(self, name: str) -> bytes | None:
        """The pinned key of a party, or None if there is no such party."""
        return self.plan.parties.get(name)


@dataclass(frozen=True, slots=True)
class Matched:
    """What a party learned.

    Args:
        size: how many identifiers both lists have.
        rows: which of one's own, as numbers from 0; None where the size alone is revealed.
    """

    size: int
    rows: tuple[int, ...] | None

    def __repr__(self) -> str:
        """No size and no row, because logs show this."""
        return "Matched(...)"


@dataclass(slots=True)
class MatchParty:
    """One party of one run of a private match.

    Both send `opening`. Who learns sends `request` and reads the answer with `result`; the other sends
    `answer`. Where both learn, each does both. The opening commits to the list by its length and a digest: a
    party cannot make its list after it has seen anything of the other's, and with the digest it can show a
    third person later which list it put in.

    Args:
        plan: of the match.
        identity: of this party, with the key that the plan pins.
        identifiers: of its rows, normalised (`in_one_form`).
        watch: shows progress.

    Raises:
        DataError: if there are more or fewer identifiers than the plan allows, or two are the same.

    >>> from confide.mechanisms.share.matching.match_plan import MatchPlan
    >>> a, b = Identity.new("a"), Identity.new("b")
    >>> keys = {"a": a.public, "b": b.public}
    >>> plan = MatchPlan(name="m", parties=keys, learns=("a",), reveal="ids", most=9, fewest=1)
    >>> one, two = MatchParty(plan, a, ("ann", "bob")), MatchParty(plan, b, ("bob", "eve", "zoe"))
    >>> first, second = one.opening(), two.opening()
    >>> request = one.request(second)
    >>> found = one.result(two.answer(first, request))
    >>> found.size, found.rows
    (1, (1,))
    """

    plan: MatchPlan
    identity: Identity
    identifiers: Sequence[str]
    watch: Watch = unwatched
    _nonce: bytes = field(default=b"", init=False, repr=False)
    _opened: Message | None = field(default=None, init=False, repr=False)
    _asker: Asker | None = field(default=None, init=False, repr=False)
    _met: Message | None = field(default=None, init=False, repr=False)
    _answered: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.plan.parties.get(self.name) != self.identity.public:
            raise DataError(f"the plan pins another key for {self.name!r:.60}: take the right key, or plan.")
        if len(set(self.identifiers)) != len(self.identifiers) or "" in self.identifiers:
            raise DataError("identifiers are empty or double: give what `in_one_form` makes of them.")
        self._refuse_number(len(self.identifiers), "this party", DataError)

    @property
    def name(self) -> str:
        """Of this party."""
        return self.identity.name

    @property
    def other(self) -> str:
        """The other party's name."""
        return self.plan.other(self.name)

    def opening(self) -> Message:
        """How many identifiers this party has, and a commitment to them.

        Raises:
            RefusedError: if it was sent before.
        """
        if self._opened is not None:
            raise RefusedError(f"{self.name!r:.60} has opened this run: a new run takes a new party.")
        self._nonce = secrets.token_bytes(_NONCE)
        # The secret number goes into the digest, so that nobody can try lists against it.
        digest = hashlib.sha256(joined([self._nonce, *sorted(i.encode() for i in self.identifiers)])).digest()
        payload = {"count": _bytes(len(self.identifiers).to_bytes(8, "big")), "list": _bytes(digest)}
        self._opened = self._message(Match(self.plan, self.plan.digest), "opening", payload)
        return self._opened

    def request(self, opening: Message) -> Message:
        """The own identifiers as points, if this party may learn.

        Raises:
            RefusedError: if this party may not, or the opening is none of this plan.
        """
        if self.name not in self.plan.learns:
            raise RefusedError(f"by the plan {self.name!r:.60} learns nothing: it answers alone.")
        if self._asker is not None:
            raise RefusedError(f"{self.name!r:.60} has asked in this run: a new run takes a new party.")
        match = self._met_by(opening)
        self._asker = Asker(self.plan.reveal == "ids", self.watch)
        return self._message(match, "request", {"points": self._asker.request(self.identifiers)})

    def answer(self, opening: Message, request: Message) -> Message:
        """The own list, hidden, and the other's points multiplied by the own secret number; once.

        Raises:
            RefusedError: if the other may not learn, asks about more than it committed to or about one twice,
                or was answered.
        """
        if self.other not in self.plan.learns:
            raise RefusedError(
                f"by the plan {self.other!r:.60} learns nothing: it is not answered.", parties=[self.other]
            )
        match = self._met_by(opening)
        self._check(request, match, "request")
        if self._answered:
            raise RefusedError(
                f"{self.other!r:.60} was answered in this run: that was one run.",
                parties=[self.other],
            )
        asked = _count(opening)
        points = array_of(request, "points", "u1", (asked, POINT_BYTES))
        if len(np.unique(points, axis=0)) < asked:
            raise RefusedError(f"{self.other!r:.60} asks about the same point twice.", parties=[self.other])
        self._answered = True
        side = Answerer(self.plan.reveal == "ids", self.watch)
        found = side.answer(points, sender=self.other)
        listed = side.listed(self.identifiers, asked=asked, form=self.plan.form, rate=self.plan.false_rate)
        return self._message(match, "answer", {"points": found, "listed": _bytes(listed)})

    def result(self, answer: Message) -> Matched:
        """What both lists share; once.

        Raises:
            RefusedError: if the answer is of another run, or is none.
        """
        if self._asker is None or self._met is None:
            raise RefusedError(f"{self.name!r:.60} has no request under way: it cannot take an answer.")
        self._check(answer, self._met_by(self._met), "answer")
        points = array_of(answer, "points", "u1", (len(self.identifiers), POINT_BYTES))
        listed = answer.payload.get("listed", _bytes(b"")).tobytes()
        found = self._asker.found(listed, points, sender=self.other)
        self._asker = None  # its secret number goes with it
        return Matched(found, None) if isinstance(found, int) else Matched(len(found), found)

    def _met_by(self, opening: Message) -> Match:
        """The run, once both have opened it; a second, other opening is refused."""
        if self._opened is None:
            raise RefusedError(f"{self.name!r:.60} has not opened this run: send the opening first.")
        if self._met is None:
            self._check(opening, Match(self.plan, self.plan.digest), "opening")
            self._refuse_number(_count(opening), repr(self.other)[:60], RefusedError)
            array_of(opening, "list", "u1", (32,))
            self._met = opening
        elif opening.packed() != self._met.packed():
            raise RefusedError(f"{self.other!r:.60} opened this run in two ways.", parties=[self.other])
        both = sorted([self._opened.packed(), self._met.packed()])
        return Match(self.plan, hashlib.sha256(joined([self.plan.digest, *both])).digest())

    def _refuse_number(self, count: int, who: str, error: type[DataError] | type[RefusedError]) -> None:
        if not self.plan.fewest <= count <= self.plan.most:
            raise error(
                f"{who} has {count:,} identifiers, and the plan allows {self.plan.fewest:,} to "
                f"{self.plan.most:,}."
            )

    def _check(self, message: Message, match: Match, kind: Literal["opening", "request", "answer"]) -> None:
        if message.sender != self.other:
            raise RefusedError(f"a message came from {message.sender!r:.60}, not from {self.other!r:.60}.")
        check_place(message, match, kind=kind, round=0, receiver=self.name)
        check_signature(message, match)

    def _message(self, match: Match, kind: str, payload: Payload) -> Message:
        return self.identity.message(match, kind, payload, round=0, receiver=self.other)


def _bytes(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(data, np.uint8)


def _count(opening: Message) -> int:
    return int.from_bytes(array_of(opening, "count", "u1", (8,)).tobytes(), "big")
