"""Plans of joint computations: who takes part, what is computed, by which bounds, how long it may take."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, TypeAlias, cast

from confide.core.errors import DataError
from confide.mechanisms.share.matching.identifiers import check_steps
from confide.mechanisms.share.refusals import RefusedError

Role: TypeAlias = Literal["owner", "helper"]
Split: TypeAlias = Literal["rows", "columns"]
SMALLEST = 1e-100
"""The least largest absolute value of a column, and one over the most."""
Law: TypeAlias = Literal["gaussian", "binomial"]
VERSION = 1
"""Of the form of plans and messages."""
MOST_ROWS = 2**40
"""Rows of a party at most: sums of more would not be exact in float64."""
LARGEST_LIST = 2**28 - 2**16
"""Bytes of an owner's list whose rows are matched: what a connection takes at once."""
POINT_BYTES, VALUE_BYTES = 33, 21
"""Of an identifier as a point, and of a masked value at most."""
_TRUST = "all compute as the plan says, and at most {n} of {m} share what they saw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A party of a joint computation.

    Args:
        name: that messages name it by.
        host, port: where it listens.
        certificate: its own, in PEM. It is pinned: no other is accepted, by whatever it is signed.
        role: "owner" of records, or a "helper" that computes and holds none.
    """

    name: str
    host: str
    port: int
    certificate: str
    role: Role = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column with its public bounds, from which every width follows.

    Args:
        name: of the column in each owner's records.
        low, high: no value is outside.
        owner: who holds it, where columns are split; "" where rows are.
    """

    name: str
    low: float
    high: float
    owner: str = ""

    @property
    def reach(self) -> float:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligning:
    """How two owners' rows of the same people are brought together (`aligning.py`).

    Args:
        steps: how identifiers are written in one form.
        fewest: people on both lists below whom nothing is computed.
        times: how many runs there are.
    """

    steps: tuple[str, ...] = ("strip",)
    fewest: int = 50
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JointPlan:
    """The plan that every party holds in the same words; it is public.

    Args:
        run: a name that no other run has.
        parties: three or more, in an order that all keep.
        computation: its word, such as "mean".
        columns: that it reads, with their bounds.
        rows: of one owner at most.
        split: whether owners hold rows, or columns of the same rows.
        settings: numbers of the computation, such as ("clusters", 3.0).
        inside: whether least squares are solved on shares, so that only coefficients are opened.
        epsilon, delta: the promise of the noise that all parties add; None for no noise.
        noise: its law.
        aligning: of columns whose owners have other people too; None where all have the same rows.
        threshold: how many may share what they saw without learning more; None for the most, below half.
        arrival, silence, deadline: seconds until all must have come, that one may be silent, and for all.

    Raises:
        DataError: if it cannot be carried out safely, with what to change.
    """

    run: str
    parties: tuple[Party, ...]
    computation: str
    columns: tuple[Column, ...] = ()
    rows: int = 1
    split: Split = "rows"
    settings: tuple[tuple[str, float], ...] = ()
    inside: bool = False
    epsilon: float | None = None
    delta: float | None = None
    noise: Law = "gaussian"
    aligning: Aligning | None = None
    threshold: int | None = None
    arrival: float = 60.0
    silence: float = 30.0
    deadline: float = 600.0

    def __post_init__(self) -> None:
        names = [party.name for party in self.parties]
        _refuse_parties(names, self.threshold)
        if twice := {name for name in names if names.count(name) > 1 or not name}:
            raise DataError(f"parties are named {sorted(twice)}: give each one name of its own.")
        if not any(party.role == "owner" for party in self.parties):
            raise DataError("every party is a helper: name at least one owner of records.")
        if len({party.certificate for party in self.parties}) < len(names):
            raise DataError("two parties have the same certificate: each needs a key of its own.")
        if not 1 <= self.rows <= MOST_ROWS:
            raise DataError(f"{self.rows:,} rows a party: declare from 1 to {MOST_ROWS:,}.")
        for column in self.columns:
            _refuse_column(column, self)
        if self.aligning is not None:
            _refuse_aligning(self.aligning, self)
        for name in ("arrival", "silence", "deadline"):
            if not 0 < (seconds := getattr(self, name)) < math.inf:
                raise DataError(f"{name} is {seconds:g} s: give seconds above 0.")

    @property
    def names(self) -> tuple[str, ...]:
        """Of all parties, in order."""
        return tuple(party.name for party in self.parties)

    @property
    def owners(self) -> tuple[str, ...]:
        """Who puts records in."""
        return tuple(party.name for party in self.parties if party.role == "owner")

    @property
    def colluding(self) -> int:
        """How many parties together learn nothing but the result."""
        return (len(self.parties) - 1) // 2 if self.threshold is None else self.threshold

    @property
    def trust(self) -> str:
        """What remains to be believed, in a sentence."""
        told = _TRUST.format(n=self.colluding, m=len(self.parties))
        return told if self.aligning is None else f"{told}; each list is a true one"

    @property
    def text(self) -> str:
        """The plan in its one canonical form."""
        return json.dumps({"version": VERSION, **asdict(self)}, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> bytes:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).digest()

    def party(self, name: str) -> Party:
        """The party of this name.

        Raises:
            DataError: if there is none.
        """
        for party in self.parties:
            if party.name == name:
                return party
        raise DataError(f"the plan has no party {name!r:.60}: it has {', '.join(self.names):.300}.")

    def setting(self, name: str, default: float) -> float:
        """A number of the computation."""
        return dict(self.settings).get(name, default)

    @classmethod
    def read(cls, text: str) -> JointPlan:
        """A plan from its text.

        Raises:
            DataError: if it is none.
        """
        try:
            raw = json.loads(text)
            if raw.pop("version") != VERSION:
                raise DataError(f"a plan of another version: this confide reads version {VERSION}.")
            raw["parties"] = tuple(Party(**party) for party in raw["parties"])
            raw["columns"] = tuple(Column(**column) for column in raw["columns"])
            raw["aligning"] = _aligning(raw["aligning"])
            raw["settings"] = tuple((str(name), float(value)) for name, value in raw["settings"])
            return cls(**raw)
        except (ValueError, TypeError, KeyError, AttributeError) as fault:
            raise DataError(
                f"this is no plan of a joint computation ({fault}): write it with confide."
            ) from None


class Worded(Protocol):
    """A plan in one canonical form, in JSON."""

    @property
    def text(self) -> str: ...


def refuse_difference(mine: Worded, theirs: str, *, party: str) -> None:
    """Refuse a party whose plan is not ours in every word; no data has moved yet.

    Args:
        mine: our plan.
        theirs: the text of that party's.
        party: its name.

    Raises:
        RefusedError: with the first term that differs, both ways.
    """
    if theirs == mine.text:
        return
    try:
        other: object = json.loads(theirs)
    except ValueError:
        other = None
    where, ours, its = _difference(json.loads(mine.text), other, "plan")
    raise RefusedError(
        f"party {party!r:.60} has another plan: {where} is {ours:.80} here and {its:.80} there. Give every "
        "party the same file; nothing was sent.",
        parties=(party,),
    )


def _difference(mine: object, theirs: object, where: str) -> tuple[str, str, str]:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        ours, its = cast("dict[str, object]", mine), cast("dict[str, object]", theirs)
        for key in sorted({*ours, *its}):
            if ours.get(key) != its.get(key):
                return _difference(ours.get(key), its.get(key), f"{where}.{key}")
    if isinstance(mine, list) and isinstance(theirs, list):
        listed, its_list = cast("list[object]", mine), cast("list[object]", theirs)
        if len(listed) != len(its_list):
            return f"the number of {where}", str(len(listed)), str(len(its_list))
        for place, (one, two) in enumerate(zip(listed, its_list, strict=True)):
            if one != two:
                label = cast("dict[str, object]", one).get("name", place) if isinstance(one, dict) else place
                return _difference(one, two, f"{where}[{label}]")
    return where, json.dumps(mine), json.dumps(theirs)


def _aligning(raw: dict[str, Any] | None) -> Aligning | None:
    return None if raw is None else Aligning(**{**raw, "steps": tuple(raw["steps"])})


def _refuse_aligning(aligning: Aligning, plan: JointPlan) -> None:
    check_steps(aligning.steps)
    if plan.split != "columns" or len(plan.owners) != 2 or len(plan.parties) != 3:
        raise DataError(
            "rows are brought together of two owners of columns, by one helper without records: the plan "
            f"has {len(plan.owners)} owners and {len(plan.parties) - len(plan.owners)} helpers, and splits "
            f"{plan.split}."
        )
    wide = max(sum(column.owner == owner for column in plan.columns) for owner in plan.owners)
    if plan.rows > (most := LARGEST_LIST // (POINT_BYTES + wide * VALUE_BYTES)):
        raise DataError(
            f"rows is {plan.rows:,}: a list with {wide} columns is sent at once, and has {most:,} at most."
        )
    least = len(plan.columns) + 2
    if not least <= aligning.fewest <= plan.rows:
        raise DataError(
            f"fewest is {aligning.fewest:,}: give {least:,} to {plan.rows:,}; a figure of fewer people is a "
            "figure of each."
        )
    if aligning.times < 1:
        raise DataError(f"times is {aligning.times}: give the number of runs that are allowed, from 1.")


def _refuse_parties(names: list[str], threshold: int | None) -> None:
    if len(names) < 3:
        raise DataError(
            f"{len(names)} parties: with fewer than three, the threshold is 0 and each share is the value "
            "itself. Add a party, or a helper without data."
        )
    if threshold is not None and not 1 <= threshold < len(names) / 2:
        raise DataError(
            f"threshold {threshold} of {len(names)} parties: give from 1, as shares at 0 are the values, to "
            f"{(len(names) - 1) // 2}, as products need more than half."
        )


def _refuse_column(column: Column, plan: JointPlan) -> None:
    if not -math.inf < column.low < column.high < math.inf:
        raise DataError(
            f"column {column.name!r:.60} has bounds {column.low:g} to {column.high:g}: give two finite "
            "numbers, the lower first."
        )
    if not SMALLEST <= column.reach <= 1 / SMALLEST:
        raise DataError(
            f"column {column.name!r:.60} has bounds {column.low:g} to {column.high:g}, and squares of such "
            "numbers are beyond float64: write it in another unit."
        )
    if plan.split == "columns" and not column.owner:
        raise DataError(
            f"[owners] does not say who holds column {column.name!r:.60}: name one of "
            f"{', '.join(plan.owners):.300}."
        )
    if plan.split == "columns" and column.owner not in plan.owners:
        raise DataError(
            f"column {column.name!r:.60} is held by {column.owner!r:.60}, which is no owner of this plan: "
            f"name one of {', '.join(plan.owners):.300}."
        )
