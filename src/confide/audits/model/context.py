"""What a report on a model says besides its numbers: what was audited, who knew what, what to doubt."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from pathlib import Path
from typing import Any

from confide.audits.model.access import shortfall
from confide.audits.model.access_table import right_on
from confide.audits.model.references import Pool
from confide.audits.model.subject import Subject
from confide.audits.playing import Played
from confide.core.access import BlackBox, WhiteBox
from confide.core.errors import DataError
from confide.core.narrowing import told
from confide.models.checkpoints import digest_of, name_of
from confide.models.loading import is_module
from confide.models.replies import clipped_share
from confide.report import coarse
from confide.report.numbers import percent


def adversary(
    pool: Pool, played: Played, coverage: str, *, checkpoints: Sequence[Any] = ()
) -> tuple[str, ...]:
    """What he had beyond his access, a sentence each."""
    if not coverage and played.access == "white-box":
        coverage = "Coverage unknown: say with --trained-on how many records trained the model in all."
    trusted = f"By default he trusts {played.trusted}." if played.trusted else ""
    return tuple(
        line for line in (pool.words, _earlier(checkpoints), trusted, *_told(played), coverage) if line
    )


def _earlier(checkpoints: Sequence[Any]) -> str:
    if not checkpoints:
        return ""
    names = ", ".join(name_of(given, number=i) for i, given in enumerate(checkpoints, 1))
    many = "1 earlier state" if len(checkpoints) == 1 else f"{len(checkpoints)} earlier states"
    return f"He holds {many} of the run: {names}."


def _told(played: Played) -> list[str]:
    """Who was told what about who was in the data, and that the others were not."""
    ran = {e.attack for e in played.evidence}
    words: dict[str, list[str]] = {}
    for attack in played.attacks:
        if attack.name in ran:
            words.setdefault(told(attack), []).append(attack.name)
    untold = words.pop("", [])
    lines = [
        f"{names[0] if len(names) == 1 else 'Each of ' + ', '.join(names)} was told {what}."
        for what, names in words.items()
    ]
    return [
        *lines,
        *["The other attacks were told of nobody whether he was in the data."] * bool(lines and untold),
    ]


def coverage_of(listed: int, trained_on: int | None, *, public: bool) -> str:
    """Which share of the records that trained the model is audited; empty where nobody said.

    Raises:
        DataError: if more are audited than trained it.

    >>> coverage_of(900, 1000, public=False)
    'The audited list holds 900 of the 1,000 records that trained it (coverage 90 %).'
    """
    if trained_on is None:
        return ""
    if trained_on < listed:
        raise DataError(
            f"there are {listed:,} members, but trained_on is {trained_on:,}: give the number of all records "
            "that trained the model."
        )
    share = listed / trained_on
    shown = [coarse(n) if public else f"{n:,}" for n in (listed, trained_on)]
    return (
        f"The audited list holds {shown[0]} of the {shown[1]} records that trained it (coverage "
        f"{percent(floor(share * 100) / 100 if public else share)})."
    )


def about(
    subject: Subject, access: str, *, weights: Any = None, checkpoints: Sequence[Any] = (), public: bool
) -> dict[str, str]:
    """What was audited, in words; for the public in coarse numbers."""

    def count(records: int) -> str:
        return f"{coarse(records)} records" if public else f"{records:,} records"

    inside, population = int(subject.member.sum()), subject.population
    classes = "a number" if subject.classes is None else f"one of {subject.class_count} classes"
    queries = getattr(subject.asked, "queries", None)
    return {
        "release": f"{subject.name}, which predicts {classes}",
        **_parameters(subject, weights, checkpoints),
        "access": access,
        "members": f"{count(inside)} that trained it",
        "non-members": f"{count(len(subject.member) - inside)} that did not",
        "population": "none" if population is None else count(len(population)),
        **({} if queries is None else {"queries": f"it was asked about {count(queries)}"}),
    }


def _parameters(subject: Subject, weights: Any, checkpoints: Sequence[Any]) -> dict[str, str]:
    """By what the audited parameters, and those of the checkpoints, are known again."""
    digest = digest_of(subject.asked)
    if not digest:
        return {}
    file = f"{Path(weights).name}, " if isinstance(weights, str | Path) else ""
    found = {"parameters": f"{file}sha256 {digest}..."}
    if checkpoints and isinstance(subject.asked, WhiteBox):
        states = zip(checkpoints, subject.asked.snapshots, strict=True)
        found["checkpoints"] = ", ".join(
            f"{name_of(given, number=i)} (sha256 {digest_of(state)}...)"
            for i, (given, state) in enumerate(states, 1)
        )
    return found


def warnings_on(subject: Subject, pool: Pool, access: str | None, *, weights: Any = None) -> tuple[str, ...]:
    """What must be known before a number is believed, a sentence each."""
    guesses = _no_better_than_guessing(subject) if weights is None else ""
    less = shortfall(subject.view, access)
    warnings = [w for w in (guesses, less, *pool.warnings) if w]
    if isinstance(subject.view, BlackBox) and subject.classes is not None:
        share = clipped_share(subject.view.predict(subject.targets.x), subject.targets.y)
        if share > 0.01:
            warnings.append(
                f"{share:.0%} of the model's answers are rounded to exactly 0 or 1, which hides "
                "differences from the attacks: audit the logits where you can."
            )
    return tuple(warnings)


def _no_better_than_guessing(subject: Subject) -> str:
    """A warning where an architecture is audited that was never trained, to all appearances; else empty."""
    right = right_on(subject) if is_module(getattr(subject.asked, "module", None)) else None
    if right is None or right[0].low > 1 / subject.class_count:
        return ""
    return (
        f"The model is right about {percent(round(right[0].value, 2))} of its members, no more than "
        "guessing: give the trained weights (`--weights`)."
    )
