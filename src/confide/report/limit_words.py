"""Limits in words: what a limit allows, how it was ruled and what was found, in words of the goal."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor
from typing import NamedTuple

from confide.core.language import later, t
from confide.report.finding import Ruling, Section
from confide.report.finding_records import finding_record
from confide.report.goals import goal
from confide.report.limits import PROVED, UTILITY, Limit
from confide.report.page_types import EstimateRecord, FindingRecord, LimitRecord
from confide.report.rates import one_in, parts
from confide.report.redaction import Redaction
from confide.report.ruling import Judged

ACCUSED = later("at most {most} members may be found where {rate} others are wrongly accused")
COUNTED = later(
    "at most {most} of those who were counted may be found where {rate} who were not are wrongly accused"
)
POOLED = later("at most {most} people of the pool may be found where {rate} others are wrongly accused")
LEARNT = later(
    "at most {most} people whose record is used may be found where {rate} others are wrongly accused"
)
CANARIES = later("at most {most} canaries may be found where {rate} that were left out are wrongly claimed")
BEHIND = later("at most {most} people behind the file may be found where {rate} others are wrongly accused")
OF_OTHERS = later(
    "at most {most} people behind the file may be found where rows of others give {rate} people the same"
)
TRAIT = later(
    "at most {most} people with the trait may be found where it is wrongly ascribed to {rate} others"
)
TOLD = later(
    "at most {most} secrets may be right where those of {rate} people outside the release are right too"
)
DESCRIBED = later(
    "at most {most} descriptions may fit one person of the release where {rate} fit one person outside"
)
LINKED = later("at most {most} records may be recognised where {rate} absent people are given a record")
NAMED = later("at most {most} pictures may be recognised where {rate} unknown people are given a name")
SOLVED = later("at most {most} people with the secret may be found where {rate} others are wrongly named")
COINED = later(
    "at most {most} people with the value may be found where {rate} with the other one are taken for them"
)
GONE_ON = later("at most {most} texts may be got where {rate} other texts are got as well")
REBUILT = later("at most {most} records may be rebuilt where {rate} other records come as near by chance")
LABELS = later("at most {most} labels may be named where {rate} labels of others fit by chance")
PROPERTY = later(
    "at most {most} updates with the property may be found where {rate} without it are taken for one"
)
CLAIMED = later("at most {most} records may be rebuilt where {rate} records are wrongly claimed")

RATES: Mapping[str, str] = {
    "membership": ACCUSED,
    "membership of counts": COUNTED,
    "membership of frequencies": POOLED,
    "membership of canaries": CANARIES,
    "membership in a collaboration": ACCUSED,
    "canaries in text": CANARIES,
    "membership of a learner": LEARNT,
    "membership of a synthetic file": BEHIND,
    "membership behind synthetic records": LEARNT,
    "secrets behind synthetic records": COINED,
    "membership without held-out people": OF_OTHERS,
    "attribute": TRAIT,
    "secrets": TOLD,
    "descriptions": DESCRIBED,
    "secrets behind a synthetic file": TOLD,
    "descriptions from a synthetic file": DESCRIBED,
    "linkage": LINKED,
    "linkage of images": NAMED,
    "reconstruction": SOLVED,
    "continuations": GONE_ON,
    "reconstruction from answers that exist": SOLVED,
    "rebuilt records": REBUILT,
    "records from weights": REBUILT,
    "records from updates": REBUILT,
    "labels from updates": LABELS,
    "property from updates": PROPERTY,
    "proved records": CLAIMED,
    "counted records": CLAIMED,
    "changed records": CLAIMED,
}
"""What a limit on a true-positive rate allows, for each goal of `confide.report.goals.GOALS`."""

FINEST = 1_000_000
"""Of how many people is spoken at most, so that a limit and what was found differ in words too."""


class InWords(NamedTuple):
    """A limit in words, as `LimitRecord` keeps it.

    Args:
        allows: what it allows; for the promise, that it must hold.
        found: what was found, in the unit of the limit; empty where there is no number.
        words: both in one sentence, with the ruling.
    """

    allows: str
    found: str
    words: str


def in_words(judged: Judged, section: Section, redaction: Redaction) -> InWords:
    """A limit with its ruling and what was found, as the audience may see it.

    Args:
        judged: the limit, or the promise, as it was ruled.
        section: of the release.
        redaction: for the audience: rates of the public are coarse.
    """
    limit = judged.limit
    if not isinstance(limit, Limit):
        return InWords(
            t("the promise of the release must hold"), "", t("The promise of the release is broken.")
        )
    allows = allowed(limit, aim=section.goal)
    found = _found(judged, limit, section, redaction)
    return InWords(allows, found, _sentence(allows, found, judged.ruling))


def limit_in_words(row: LimitRecord) -> str:
    """A limit that was set, with its ruling and what was found, as the page keeps it."""
    return row["words"]


def ruled(ruling: Ruling, found: str) -> str:
    """A ruling in words, with what was found.

    >>> ruled("exceeded", "41 in 100 (38 to 44)"), ruled("not settled", "")
    ('exceeded, 41 in 100 (38 to 44)', 'not settled')
    """
    said = {
        "exceeded": t("exceeded, {found}", found=found) if found else t("exceeded", of="ruling"),
        "within": t("within, {found}", found=found) if found else t("within", of="ruling"),
        "not settled": t("not settled, {found}", found=found) if found else t("not settled", of="ruling"),
        "measured": t("measured", of="ruling"),
    }
    return said[ruling]


def _sentence(allows: str, found: str, ruling: Ruling) -> str:
    # The ruling is a part by itself in every language: no word of it depends on the limit.
    return t("{label}: {text}", label=allows, text=ruled(ruling, found))


def allowed(limit: Limit, *, aim: str) -> str:
    """What a limit allows, in words.

    Args:
        aim: the name of the section's words in `confide.report.goals.GOALS`.

    >>> allowed(Limit.parse("tpr@0.01=0.05"), aim="membership")
    'at most 5 in 100 members may be found where 1 in 100 others are wrongly accused'
    >>> allowed(Limit.parse("auc=0.6"), aim="linkage")
    'shown one of each, the attack may be surely right in at most 60 in 100 cases (AUC 0.6)'
    """
    most = limit.at_most
    if limit.quantity == "tpr" and limit.fpr is not None:
        return t(RATES[aim], most=_of_many(most, parts(most)), rate=one_in(limit.fpr))
    if limit.quantity == PROVED:
        return t("at most {most} records may be proved", most=_of_many(most, parts(most)))
    if limit.quantity == UTILITY:
        return t("the release must be of more use than its columns shuffled")
    if limit.quantity == "epsilon":
        return t("no epsilon above {most:g} may be shown", most=most)
    per = _of_many(most, parts(most))
    if limit.quantity == "auc":
        return t(
            "shown one of each, the attack may be surely right in at most {most} cases (AUC {value:g})",
            most=per,
            value=most,
        )
    if limit.quantity == "advantage":
        return t(
            "right claims may be at most {most} more than wrong ones (advantage {value:g})",
            most=per,
            value=most,
        )
    return t(
        "asked about as many of each, the attack may be right in at most {most} cases "
        "(balanced accuracy {value:g})",
        most=per,
        value=most,
    )


def _found(judged: Judged, limit: Limit, section: Section, redaction: Redaction) -> str:
    """What the attack that decided found, in the unit of the limit; empty where there is no number."""
    if limit.quantity == PROVED and section.proof is not None:
        share = redaction.estimate(section.proof.share, of=section.proof.people)
        return "" if share is None else _rate(share, limit.at_most, judged.ruling)
    decided = next((f for f in section.findings if f.risk.attack == judged.attack), None)
    if decided is None:
        return ""
    record = finding_record(decided, release=section.release, goal=goal(section.goal), redaction=redaction)
    if limit.quantity == "epsilon":
        return _shown(record)
    rate = _quantity(record, limit)
    if rate is None:
        return ""
    found, attack = _rate(rate, limit.at_most, judged.ruling), judged.attack
    # Numbers beside each other are read as one attack's.
    same = attack == section.headline.risk.attack
    return found if same else t("{found} by {attack}", found=found, attack=attack)


def _quantity(record: FindingRecord, limit: Limit) -> EstimateRecord | None:
    if limit.quantity == "tpr":
        return next((at["rate"] for at in record["tpr_at"] if at["fpr"] == limit.fpr), None)
    if limit.quantity == "auc":
        return record["auc"]
    if limit.quantity == "advantage":
        return record["advantage"]
    return record["balanced_accuracy"] if limit.quantity == "balanced_accuracy" else None


def _shown(record: FindingRecord) -> str:
    bound = record["epsilon"]
    if bound is None or bound["low"] is None or bound["ceiling"] is None:
        return ""
    return t(
        "at least {low:.2f} is shown, and {most:.2f} could have been",
        low=bound["low"],
        most=bound["ceiling"],
    )


def _rate(found: EstimateRecord, limit: float, ruling: Ruling) -> str:
    """A rate with its interval, in a unit so fine that it is seen on which side of the limit it is.

    >>> _rate({"value": 0.41, "low": 0.384, "high": 0.436, "confidence": 0.95}, 0.05, "exceeded")
    '41 in 100 (38 to 44)'
    >>> _rate({"value": 0.0542, "low": 0.0503, "high": 0.058, "confidence": 0.95}, 0.05, "exceeded")
    '542 in 10,000 (503 to 580)'
    """
    per = parts(found["value"] or found["high"])
    while per < FINEST and _hidden(found, limit, ruling, per):
        per *= 10
    return _spoken(found, per)


def share_in_words(rate: float) -> str:
    """A rate without its interval, to about two digits.

    >>> share_in_words(0.413), share_in_words(1.0), share_in_words(0.0)
    ('41 in 100', '100 in 100', '0 in 100')
    """
    per = parts(rate) if rate > 0 else 100
    return t("{n:,} in {per:,}", n=round(rate * per), per=per)


def _spoken(found: EstimateRecord, per: int) -> str:
    low, high = _ends(found, per)
    return t(
        "{value:,} in {per:,} ({low:,} to {high:,})",
        value=round(found["value"] * per),
        per=per,
        low=low,
        high=high,
    )


def _hidden(found: EstimateRecord, limit: float, ruling: Ruling, per: int) -> bool:
    """Would rounding put the interval on both sides of a limit that is decided?"""
    low, high = _ends(found, per)
    return (ruling == "exceeded" and low <= limit * per) or (ruling == "within" and high > limit * per)


def _ends(e: EstimateRecord, per: int) -> tuple[int, int]:
    # Rounded outward; a hair of rounding in a product is no reason to move an end.
    return floor(e["low"] * per + 1e-9), ceil(e["high"] * per - 1e-9)


def _of_many(rate: float, per: int) -> str:
    """A limit as a share of people: never rounded to another one.

    >>> _of_many(0.05, 100), _of_many(0.125, 100), _of_many(0.0, 100_000), _of_many(1.0, 100)
    ('5 in 100', '125 in 1,000', '0 in 100', '100 in 100')
    """
    per = per if rate > 0 else 100
    while per < FINEST and abs(rate * per - round(rate * per)) > 1e-6:
        per *= 10
    return t("{n:,} in {per:,}", n=round(rate * per), per=per)
