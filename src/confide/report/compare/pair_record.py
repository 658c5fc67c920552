"""One release before and after, as a record of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from confide.core.estimate import Estimate
from confide.core.language import t
from confide.report.compare import words
from confide.report.compare.asking import Asking, joined
from confide.report.compare.differences import Difference, measured_difference, shown_difference
from confide.report.compare.doubts import doubts
from confide.report.compare.epsilons import common_delta, epsilon_record
from confide.report.compare.page_types import (
    Answer,
    AttackRecord,
    PairRecord,
    PeopleRecord,
    QuantityRecord,
)
from confide.report.compare.pairing import SharedPeople, share_people
from confide.report.compare.people import MoreExposed, who_rose
from confide.report.compare.reading import Pair, Remeasured, by_attack
from confide.report.compare.side import aim_of
from confide.report.record_types import EstimateRecord
from confide.report.redaction import Redaction

DESCRIBED = "descriptions", "descriptions from a synthetic file"
"""Goals whose targets are the adversary's own sentences and no people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One release before and after.

    Args:
        record: for the page.
        rose: who became more exposed; None where nobody can be named.
        error: with which its answers may be wrong.
        same: are all scores the same, to the last digit?
    """

    record: PairRecord
    rose: MoreExposed | None
    error: float
    same: bool


def compared(pair: Pair, names: tuple[str, str], asking: Asking) -> Compared:
    """Compare a release before and after.

    Args:
        names: what to call them.
    """
    shared = share_people(*pair.sides, pair.common, files=pair.files) if pair.measured else None
    delta = common_delta(pair)
    again = Remeasured(pair.before), Remeasured(pair.after)
    error = asking.error / len(asking.quantities)
    each = [
        shown_difference(pair, fpr=fpr)
        if shared is None
        else measured_difference(pair, shared, again, fpr=fpr, error=error)
        for fpr in asking.quantities
    ]
    alone: list[Answer] = [asking.answer(d) for d in each]
    answer = joined(alone)
    at = alone.index(answer) if answer in alone else 0
    against = doubts(pair, names, answer=answer, fpr=asking.quantities[at], found=each[at])
    head = next((d for d in each if d is not None), None)
    # Nobody is named to the public; nor where another adversary may be what changed.
    named = not asking.redaction.public and not against
    rose = _rose(pair, shared, head) if named and shared is not None and head is not None else None
    record: PairRecord = {
        "before": names[0],
        "after": names[1],
        "goal": pair.before.goal,
        "people": _people(pair, shared, None if head is None else head.attacks, asking.redaction),
        "quantities": [
            _quantity(pair, d, a, names, fpr, asking)
            for d, a, fpr in zip(each, alone, asking.quantities, strict=True)
        ],
        "epsilon": epsilon_record(pair, again if shared else None, delta=delta, redaction=asking.redaction),
        "attacks": [] if head is None else _attacks(pair, head, rate=each[0] is not None, asking=asking),
        "answer": "not settled" if against else answer,
        "doubts": against,
        "more_exposed": None if rose is None else rose.record,
    }
    found = [d for d in each if d is not None]
    return Compared(
        record=record,
        rose=rose,
        error=sum(1 - d.apart.confidence for d in found),
        same=bool(found) and all(d.same for d in found),
    )


def pair_sentence(pair: PairRecord) -> str:
    """The sentence on one release before and after: that of the number which decides."""
    if pair["doubts"]:
        return words.doubted((pair["before"], pair["after"]))
    same = [q for q in pair["quantities"] if q["answer"] == pair["answer"]]
    return (same or pair["quantities"])[0]["sentence"]


def _rose(pair: Pair, shared: SharedPeople, head: Difference) -> MoreExposed | None:
    # The low ends of both count the same: with the reports swapped the same attack would be chosen.
    attack = max(head.each, key=lambda a: (head.each[a][0].low + head.each[a][1].low, a))
    return who_rose(pair, shared, attack)


def _quantity(
    pair: Pair,
    d: Difference | None,
    answer: Answer,
    names: tuple[str, str],
    fpr: float | None,
    asking: Asking,
) -> QuantityRecord:
    seen = (
        _Seen() if d is None else _seen(pair, (d.before, d.after, d.apart), d.attacks, fpr, asking.redaction)
    )
    return {
        "quantity": "auc" if fpr is None else "tpr",
        "fpr": fpr,
        "attacks": ["", ""] if d is None else list(d.attacks),
        "before": seen.before,
        "after": seen.after,
        "difference": seen.apart,
        "answer": answer,
        "sentence": words.answered(
            answer,
            names,
            fpr=fpr,
            values=(seen.before, seen.after),
            apart=seen.apart,
            margin=asking.within,
        ),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """Two values and their difference, as sharp as the audience may see them."""

    before: EstimateRecord | None = None
    after: EstimateRecord | None = None
    apart: EstimateRecord | None = None


def _seen(
    pair: Pair,
    found: tuple[Estimate, Estimate, Estimate],
    attacks: Sequence[str],
    fpr: float | None,
    redaction: Redaction,
) -> _Seen:
    before, after = (
        redaction.estimate(e, of=None if fpr is None else by_attack(side.findings)[name]["exposed_count"])
        for e, side, name in zip(found, pair.sides, attacks, strict=False)
    )
    # With one value and the difference, the other value could be worked out.
    hidden = before is None or after is None
    return _Seen(before=before, after=after, apart=None if hidden else redaction.estimate(found[2]))


def _attacks(pair: Pair, d: Difference, *, rate: bool, asking: Asking) -> list[AttackRecord]:
    fpr = asking.quantities[0] if rate else None
    before, after = (by_attack(side.findings) for side in pair.sides)
    made: list[AttackRecord] = []
    for name, found in d.each.items():
        seen = _seen(pair, found, (name, name), fpr, asking.redaction)
        made.append(
            {
                "attack": name,
                "title": after[name]["title"],
                "before": seen.before,
                "after": seen.after,
                "difference": seen.apart,
                "same_settings": before[name]["settings"] == after[name]["settings"],
            }
        )
    # The strongest after first, as in a report.
    return sorted(made, key=lambda r: -1.0 if r["after"] is None else r["after"]["low"], reverse=True)


def _people(
    pair: Pair, shared: SharedPeople | None, attacks: tuple[str, str] | None, redaction: Redaction
) -> PeopleRecord:
    if shared is None or attacks is None:
        first, second = (side.record["finding"]["targets"] for side in pair.sides)
        return {
            "pairing": "unknown",
            "before": None if first is None else redaction.count(first),
            "after": None if second is None else redaction.count(second),
            "both": None,
            "sentence": words.people("unknown", many="", by="", claims=_claims(pair)),
        }
    pairing = shared.pairing(*attacks)
    before, after, both = shared.counts(*attacks)
    return {
        "pairing": pairing,
        "before": redaction.count(before),
        "after": redaction.count(after),
        "both": None if pairing == "unknown" else redaction.count(both),
        "sentence": words.people(
            pairing, many=_many(both, redaction), by=shared.by, data=shared.data, claims=_claims(pair)
        ),
    }


def _claims(pair: Pair) -> bool:
    """Is the audit about what the adversary wrote itself, so that there is nobody to match?"""
    return aim_of(pair.before)[1] in DESCRIBED


def _many(n: int, redaction: Redaction) -> str:
    shown = redaction.count(n)
    if shown is None:
        return t("fewer than 10", of="comparison")
    return (
        t("about {n:,}", of="comparison", n=shown)
        if redaction.public and n >= 100
        else t("{n:,}", of="comparison", n=shown)
    )
