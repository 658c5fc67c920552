"""How bad it is: what the strongest attack reaches, in one sentence with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from confide.core.language import t
from confide.report.finding import Section
from confide.report.glance_words import WORDS
from confide.report.goals import goal
from confide.report.page_types import SectionRecord
from confide.report.rates import parts
from confide.report.reading_rate import beats_guessing, read_at
from confide.report.record_types import EstimateRecord
from confide.report.telling import tells, tells_apart

FINEST = 10_000
"""Of how many people is spoken at most."""

A_LITTLE = 0.8
"""An AUC below this, four of five cases right, is called a little better than chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the first screen has to know of a section beside its record.

    Args:
        words: the name of its goal's words.
        subject: the adversary.
        harm: what it says of a person to be found.
        left_out: who was left out before the audit, a sentence each.
    """

    words: str
    subject: str = ""
    harm: str = ""
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, s: Section, *, public: bool) -> Told:
        """What a section tells."""
        subject = s.subject or goal(s.goal).who(s.access or s.headline.risk.access)
        return cls(words=s.goal, subject=subject, harm=s.harm, left_out=() if public else s.left_out)


def how_bad(s: SectionRecord, told: Told) -> str:
    """How bad it is, in one sentence with its interval and what guessing reaches."""
    words, rate = WORDS[told.words], read_at(s["finding"], s["fpr"])
    if not words.found or not told.subject:  # proved; or of an earlier version
        return s["headline"]
    if s["outcome"] == "broken":
        return t(
            "This audit cannot say how bad it is: the two groups of people differ by themselves, so that "
            "even somebody who never saw the release tells them apart."
        )
    if s["outcome"] == "few":
        return t("There were too few people to say how bad it is. That does not mean that it is safe.")
    if rate is None or rate["rate"] is None:
        return _without_rate(s)
    if s["outcome"] == "nothing":
        return _nothing(rate["rate"], guessing=rate["fpr"])
    if not tells(rate["rate"], guessing=rate["fpr"]):
        return _without_rate(s)
    if not beats_guessing(rate):
        return _like_guessing(s, rate["rate"], guessing=rate["fpr"])
    per = _per(rate["rate"]["value"])
    # So fine that it is seen that even the low end is above guessing.
    while per < FINEST and floor(rate["rate"]["low"] * per) <= ceil(rate["fpr"] * per - 1e-9):
        per *= 10
    low, high = _ends(rate["rate"], per)
    among = (
        _per(rate["fpr"]) if abs(1 / rate["fpr"] - round(1 / rate["fpr"])) > 1e-6 else round(1 / rate["fpr"])
    )
    said = t(
        words.found,
        n=round(rate["rate"]["value"] * per),
        per=per,
        low=low,
        high=high,
        wrong=round(rate["fpr"] * among),
        among=among,
    )
    return f"{said} {_guessing(rate['fpr'], per, certain=goal(told.words).certain)}"


def what_it_means(s: SectionRecord, told: Told) -> str:
    """What it means for a person: that they can be found, only where that was shown."""
    words, at, auc = WORDS[told.words], read_at(s["finding"], s["fpr"]), s["finding"]["auc"]
    if not words.found or not told.subject or (at is not None and beats_guessing(at)):
        return t(words.means)
    if auc is not None and auc["high"] < A_LITTLE:
        return t(
            "For a person this means: somebody who has what this adversary has can tell a little better than "
            "by chance. That anybody is found with few mistakes was not shown."
        )
    return t(
        "For a person this means: somebody who has what this adversary has can tell better than by chance. "
        "That anybody is found with few mistakes was not shown."
    )


def _guessing(fpr: float, per: int, *, certain: bool) -> str:
    n = ceil(fpr * per - 1e-9)
    if certain:
        return t("By guessing it would be {n:,} of {per:,}.", n=n, per=per)
    return t("By guessing it would be fewer than {n:,} of {per:,}.", n=n, per=per)


def _nothing(rate: EstimateRecord, *, guessing: float) -> str:
    per = _per(rate["high"])
    if not tells(rate, guessing=guessing):
        return t(
            "No attack did clearly better than guessing, but this audit could hardly have seen it: how many "
            "can be found could not be measured with so few people."
        )
    return t(
        "No attack did clearly better than guessing: at most {high:,} of {per:,} are found, and {n:,} of "
        "{per:,} would be by guessing.",
        high=_ends(rate, per)[1],
        per=per,
        n=ceil(guessing * per - 1e-9),
    )


def _without_rate(s: SectionRecord) -> str:
    """Where how many are found is not known, whether one of each can be told apart."""
    auc = s["finding"]["auc"]
    if auc is None or auc["low"] <= 0.5 or not tells_apart(auc):
        return t(
            "The adversary does better than by guessing. How many it finds could not be measured with so few "
            "people."
        )
    low, high = _ends(auc, 100)
    return t(
        "The adversary does better than by guessing: shown one of each, it is right in {n:,} of 100 cases "
        "(between {low:,} and {high:,}; by guessing 50). How many it finds could not be measured with so few "
        "people.",
        n=round(100 * auc["value"]),
        low=low,
        high=high,
    )


def _like_guessing(s: SectionRecord, rate: EstimateRecord, *, guessing: float) -> str:
    """Where how many are found was measured, and may be what guessing reaches."""
    auc, per = s["finding"]["auc"], _per(rate["high"])
    low, high = _ends(rate, per)
    n = ceil(guessing * per - 1e-9)
    if auc is None or auc["low"] <= 0.5:
        return t(
            "The adversary does better than by guessing, but where it may be wrong about {n:,} of {per:,} "
            "others, it finds not clearly more than by guessing: between {low:,} and {high:,} of {per:,}.",
            n=n,
            per=per,
            low=low,
            high=high,
        )
    least, most = _ends(auc, 100)
    return t(
        "The adversary does better than by guessing: shown one of each, it is right in {right:,} of 100 "
        "cases (between {least:,} and {most:,}; by guessing 50). But where it may be wrong about {n:,} "
        "of {per:,} others, it finds not clearly more than by guessing: between {low:,} and {high:,} "
        "of {per:,}.",
        right=round(100 * auc["value"]),
        least=least,
        most=most,
        n=n,
        per=per,
        low=low,
        high=high,
    )


def _per(*rates: float) -> int:
    """Of how many people to speak, so that each rate is a whole number of them."""
    return min(max((parts(rate) for rate in rates if rate > 0), default=100), FINEST)


def _ends(e: EstimateRecord, per: int) -> tuple[int, int]:
    return floor(e["low"] * per + 1e-9), ceil(e["high"] * per - 1e-9)
