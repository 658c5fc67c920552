"""The plan of a joint computation, one file: parties, columns with bounds, computation, budget, deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from confide.core.errors import DataError
from confide.core.fields import shown
from confide.inputs.domain_columns import refuse_unknown
from confide.inputs.pinned_parties import parties_of
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
from confide.mechanisms.share.joint.plan import MOST_ROWS, Aligning, Column, JointPlan, Law, Split
from confide.releases.join.computations import COMPUTATIONS, check_plan

KEYS = ("run", "reveal", "computation", "rows", "split", "target", "inside", "threshold", "helpers", "keys")
TABLES = ("parties", "columns", "owners", "settings", "budget", "deadlines", "match")
LARGEST_EPSILON = 1_000
"""Below it a ledger can hold the cost, as its rho is smaller."""
SPLITS = ("rows", "columns")
LAWS = ("gaussian", "binomial")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A plan that was read.

    Args:
        path: of the file.
        text: of the file, as it was read.
        joint: what all parties compare, word by word.
    """

    path: Path
    text: str
    joint: JointPlan


def read_plan(path: Path) -> PlanFile:
    """Read a plan; paths in it go out from its folder.

    Raises:
        DataError: with the place, for what is missing, unknown or cannot be.
    """
    text = text_of(path)
    said = parsed(path, text)
    with placed_in(path):
        refuse_unknown(said, (*KEYS, *TABLES), "the plan")
        run, computation = words_in(said, "run"), words_in(said, "computation")
        if computation not in COMPUTATIONS:
            raise DataError(f"computation is {computation!r:.60}: choose from {', '.join(COMPUTATIONS)}.")
        rows = whole_in(said, "rows", most=MOST_ROWS)
        threshold = _threshold(said)
        matches = reveals_statistics(said)
        split = words_in(said, "split", needed=False) or ("columns" if matches else "rows")
        if split not in SPLITS:
            raise DataError(f"split is {split!r:.60}: say whether owners hold other rows, or other columns.")
        inside = said.get("inside", False)
        if not isinstance(inside, bool):
            raise DataError(f"inside is {shown(inside)}: give true or false.")
        helpers = _names(said, "helpers")
        pins = path.parent / words_in(said, "keys")
    with placed_in(path, "parties"):
        parties = parties_of(table_in(said, "parties"), pins, helpers)
    with placed_in(path, "columns"):
        columns = _columns(table_in(said, "columns"), _owners(table_in(said, "owners")))
    with placed_in(path):
        columns = _with_target(columns, words_in(said, "target", needed=False), computation)
    with placed_in(path, "settings"):
        settings = _settings(table_in(said, "settings"), computation)
    with placed_in(path, "budget"):
        promise = table_in(said, "budget")
        epsilon, delta = _promise(promise)
        law = _law(promise)
    with placed_in(path, "deadlines"):
        spans = table_in(said, "deadlines")
        refuse_unknown(spans, ("arrival", "silence", "run"), "deadlines")
        given = {name: span_in(spans, name) for name in ("arrival", "silence", "run")}
        times = {("deadline" if n == "run" else n): s for n, s in given.items() if s is not None}
    with placed_in(path, "match"):
        aligning = _aligning(table_in(said, "match")) if matches else None
    with placed_in(path):
        joint = JointPlan(
            run=run, parties=parties, computation=computation, columns=columns, rows=rows,
            split=cast(Split, split), settings=settings, inside=inside, epsilon=epsilon, delta=delta,
            noise=law, aligning=aligning, threshold=threshold, **times,
        )  # fmt: skip
        check_plan(joint)
    return PlanFile(path=path, text=text, joint=joint)


def reveals_statistics(said: Said) -> bool:
    """Whether a plan brings rows together by identifiers, and reveals statistics of the matched people.

    Raises:
        DataError: if it says so in one place, and something else in another.
    """
    reveal = words_in(said, "reveal", needed=False)
    if reveal not in ("", "statistics") and "computation" in said:
        raise DataError(f'reveal is {reveal!r:.60} beside a computation: give "statistics".')
    return "match" in said or reveal == "statistics"


def _threshold(said: Said) -> int | None:
    """None for the most; 0 too, which the plan itself refuses with the reason."""
    given: object = said.get("threshold")
    if given is None:
        return None
    return 0 if type(given) is int and given == 0 else whole_in(said, "threshold", most=1_000)


def _aligning(said: Said) -> Aligning:
    refuse_unknown(said, ("steps", "fewest", "times"), "match")
    usual = Aligning()
    return Aligning(
        steps=_names(said, "steps") if "steps" in said else usual.steps,
        fewest=whole_in(said, "fewest", most=MOST_ROWS) if "fewest" in said else usual.fewest,
        times=whole_in(said, "times", most=1_000) if "times" in said else usual.times,
    )


def _names(said: Said, name: str) -> tuple[str, ...]:
    given: Any = said.get(name, [])
    if not isinstance(given, list) or not all(isinstance(one, str) for one in cast(list[object], given)):
        raise DataError(f'{name} is {shown(given)}: give a list of names, such as ["ann", "ben"].')
    return tuple(cast(list[str], given))


def _owners(said: Said) -> dict[str, str]:
    found: dict[str, str] = {}
    for owner in said:
        for column in _names(said, owner):
            if column in found:
                raise DataError(
                    f"{column!r:.60} is held by {found[column]!r:.60} and {owner!r:.60} in [owners]: name it "
                    "once."
                )
            found[column] = owner
    return found


def _columns(said: Said, owners: Mapping[str, str]) -> tuple[Column, ...]:
    found: list[Column] = []
    for name, given in said.items():
        ends = [number_of(end) for end in cast(list[Any], given)] if isinstance(given, list) else []
        if len(ends) != 2 or ends[0] is None or ends[1] is None:
            raise DataError(
                f"{name!r:.60} is {shown(given)}: give its lowest and highest value, as [0, 110]."
            )
        found.append(Column(name=name, low=ends[0], high=ends[1], owner=owners.get(name, "")))
    if not found:
        raise DataError("it names no column: give each with its lowest and highest value, as age = [0, 110].")
    if odd := [name for name in owners if name not in said]:
        raise DataError(f"[owners] names {odd[0]!r:.60}, which has no bounds: give them.")
    return tuple(found)


def _with_target(columns: tuple[Column, ...], target: str, computation: str) -> tuple[Column, ...]:
    """The same, with the target last."""
    if not COMPUTATIONS[computation].target:
        if target:
            raise DataError(f"{computation} has no target: leave it out.")
        return columns
    names = [column.name for column in columns]
    if target not in names or len(names) < 2:
        raise DataError(
            f"target is {target!r:.60}: {computation} predicts one of the columns from the others, so name "
            "it, and another column."
        )
    return (*(c for c in columns if c.name != target), columns[names.index(target)])


def _settings(said: Said, computation: str) -> tuple[tuple[str, float], ...]:
    known = COMPUTATIONS[computation].settings
    refuse_unknown(said, tuple(known), computation)
    for name, given in said.items():
        known[name].check(name, given)
    return tuple((name, float(given)) for name, given in said.items())


def _promise(said: Said) -> tuple[float | None, float | None]:
    refuse_unknown(said, ("epsilon", "delta", "noise"), "budget")
    if not said:
        return None, None
    found: list[float] = []
    for name in ("epsilon", "delta"):
        value = number_of(said.get(name))
        if value is None or value <= 0:
            told = f"is {shown(said[name])}" if name in said else "is missing"
            raise DataError(f"{name} {told}: a budget has epsilon and delta, both above 0.")
        found.append(value)
    if found[0] >= LARGEST_EPSILON:
        raise DataError(
            f"epsilon is {found[0]:g}, which promises nothing: give less than {LARGEST_EPSILON:,}."
        )
    return found[0], found[1]


def _law(said: Said) -> Law:
    given = said.get("noise", LAWS[0])
    if given not in LAWS:
        raise DataError(f'noise is {shown(given)}: give "gaussian" (by itself) or "binomial".')
    return cast(Law, given)
