"""The sentences of a comparison of two reports."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor

from confide.core.language import later, t
from confide.report.compare.files import Data
from confide.report.compare.page_types import Answer, Pairing
from confide.report.record_types import EstimateRecord

RATES: Mapping[Answer, str] = {
    "worse": later(
        "{after} gives away more than {before}: where {fpr:.3g} in 100 others are claimed wrongly, the "
        "strongest attack finds {now:.1f} instead of {was:.1f} in 100 people, between {low:.1f} and "
        "{high:.1f} more (with {sure:.3g} % confidence)."
    ),
    "better": later(
        "{after} gives away less than {before}: where {fpr:.3g} in 100 others are claimed wrongly, the "
        "strongest attack finds {now:.1f} instead of {was:.1f} in 100 people, between {low:.1f} and "
        "{high:.1f} fewer (with {sure:.3g} % confidence)."
    ),
    "the same": later(
        "{after} and {before} give away the same within {margin:.3g} in 100 people: where {fpr:.3g} in 100 "
        "others are claimed wrongly, the strongest attack finds {now:.1f} and {was:.1f} in 100, a "
        "difference between {low:+.1f} and {high:+.1f} (with {sure:.3g} % confidence)."
    ),
    "not settled": later(
        "It is not settled whether {after} gives away more than {before}: where {fpr:.3g} in 100 others are "
        "claimed wrongly, the strongest attack finds {now:.1f} instead of {was:.1f} in 100 people, a "
        "difference between {low:+.1f} and {high:+.1f} (with {sure:.3g} % confidence)."
    ),
}
"""For each answer the sentence on rates."""

AREAS: Mapping[Answer, str] = {
    "worse": later(
        "{after} gives away more than {before}: the AUC of the strongest attack is {now:.3f} instead of "
        "{was:.3f}, between {low:.3f} and {high:.3f} more (with {sure:.3g} % confidence)."
    ),
    "better": later(
        "{after} gives away less than {before}: the AUC of the strongest attack is {now:.3f} instead of "
        "{was:.3f}, between {low:.3f} and {high:.3f} less (with {sure:.3g} % confidence)."
    ),
    "the same": later(
        "{after} and {before} give away the same within {margin:.3g} of AUC: that of the strongest attack is "
        "{now:.3f} and {was:.3f}, a difference between {low:+.3f} and {high:+.3f} (with {sure:.3g} % "
        "confidence)."
    ),
    "not settled": later(
        "It is not settled whether {after} gives away more than {before}: the AUC of the strongest attack is "
        "{now:.3f} instead of {was:.3f}, a difference between {low:+.3f} and {high:+.3f} (with {sure:.3g} % "
        "confidence)."
    ),
}
"""For each answer the sentence on AUCs."""

NUMBERLESS: Mapping[Answer, str] = {
    "worse": later("{after} gives away more than {before}; too few people are found to show how many."),
    "better": later("{after} gives away less than {before}; too few people are found to show how many."),
    "the same": later(
        "{after} and {before} give away the same within the margin; too few people are found to show how "
        "many."
    ),
    "not settled": later(
        "It is not settled whether {after} gives away more than {before}: no attack can be read on both, or "
        "too few people are found to show how many."
    ),
}
"""For each answer the sentence where there is no number, or it must not be seen."""


def answered(
    answer: Answer,
    names: tuple[str, str],
    *,
    fpr: float | None,
    values: tuple[EstimateRecord | None, EstimateRecord | None],
    apart: EstimateRecord | None,
    margin: float,
) -> str:
    """Whether more is given away, how much more, and how sure that is: one sentence.

    Args:
        names: of the release before and after.
        fpr: where both are read; None for the AUC.
        values: before and after; None where they must not be seen, or were not measured.
        apart: after minus before.
    """
    before, after = values
    if before is None or after is None or apart is None:
        return t(NUMBERLESS[answer], before=names[0], after=names[1])
    scale, steps = (1, 1000) if fpr is None else (100, 10)
    low, high = outward(apart, steps, scale)
    if answer == "better":  # said as how much less
        low, high = -high + 0.0, -low + 0.0
    return t(
        (AREAS if fpr is None else RATES)[answer],
        before=names[0],
        after=names[1],
        fpr=100 * (fpr or 0.0),
        was=scale * before["value"],
        now=scale * after["value"],
        low=low,
        high=high,
        margin=scale * margin,
        sure=_sure(apart),
    )


def doubted(names: tuple[str, str]) -> str:
    """That the numbers alone do not settle it."""
    return t(
        "It is not settled whether {after} gives away more than {before}, whatever the numbers say: as they "
        "are, the two audits cannot be held against each other.",
        before=names[0],
        after=names[1],
    )


def overall(
    answer: Answer, names: tuple[str, str], *, n: int, less: int, unmatched: int, margin: float
) -> str:
    """The first sentence on several releases, or on some that were not compared."""
    before, after = names
    if unmatched and answer == "not settled":
        return t(
            "It is not settled whether {after} gives away more than {before}: {unmatched:,} of what was "
            "audited is in one of the two reports alone, and {n:,} could be compared.",
            before=before,
            after=after,
            unmatched=unmatched,
            n=n,
        )
    if answer == "better":
        return t(
            "{after} gives away less than {before} in {less:,} of the {n:,} releases that were compared, "
            "and no more in the others, within {margin:.3g} in 100.",
            before=before,
            after=after,
            less=less,
            n=n,
            margin=100 * margin,
        )
    return t(
        "{after} and {before} give away the same in all {n:,} releases that were compared, within "
        "{margin:.3g} in 100.",
        before=before,
        after=after,
        n=n,
        margin=100 * margin,
    )


def people(pairing: Pairing, *, many: str, by: str, data: Data = "unknown", claims: bool = False) -> str:
    """Whom both audits asked about, and what that means for the intervals.

    Args:
        many: how many people, in words.
        by: how they were matched.
        data: of the files that were to match them.
        claims: are the targets what the adversary wrote, and no people?
    """
    if claims:
        return t(
            "What is asked about are descriptions that the adversary wrote, other ones in each audit, and no "
            "people: there is nobody to match. So the intervals hold whatever the two have in common, and "
            "are wide."
        )
    if data == "other data":
        return t(
            "Files of the same name hold other data (their SHA-256 differ), so that the same row may be "
            "somebody else: nobody is matched by rows, and nobody is named. The intervals hold whatever the "
            "two have in common, and are wide. Name a column of ids in both audits to match people."
        )
    if pairing == "unknown":
        return t(
            "Nothing says whether the same people were asked about: no people can be matched, or the scores "
            "are not here. So the intervals hold whatever the two have in common, and are wide."
        )
    if pairing == "other people":
        return t("The two audits asked about other people: the intervals are those of independent groups.")
    if by == "id":
        return t(
            "{many} people were asked about in both audits, matched by their ids: what both have in common "
            "is taken out of the intervals.",
            many=many,
        )
    if data == "the same":
        return t(
            "{many} people were asked about in both audits, matched by file and row: what both have in "
            "common is taken out of the intervals. These files are the same in both (by their SHA-256).",
            many=many,
        )
    return t(
        "{many} people were asked about in both audits, matched by file and row: what both have in common "
        "is taken out of the intervals. That holds if these files are the same.",
        many=many,
    )


def epsilon(before: float | None, after: float | None, *, delta: float) -> str:
    """The bounds before and after, and that they say nothing of the difference."""
    if before is None or after is None:
        return t("No bound on epsilon can be compared.")
    if round(before, 2) <= 0:
        return t(
            "An epsilon of at least {after:.2f} was shown after, and none above 0 before (delta {delta:g}). "
            "These are lower bounds: that one is larger proves nothing of the difference.",
            after=after,
            delta=delta,
        )
    if round(after, 2) <= 0:
        return t(
            "An epsilon of at least {before:.2f} was shown before, and none above 0 after (delta {delta:g}). "
            "These are lower bounds: that one is larger proves nothing of the difference.",
            before=before,
            delta=delta,
        )
    return t(
        "An epsilon of at least {before:.2f} was shown before, and of at least {after:.2f} after (delta "
        "{delta:g}). These are lower bounds: that one is larger proves nothing of the difference.",
        before=before,
        after=after,
        delta=delta,
    )


def more_exposed(n: int, *, among: int, rate: float, controls: int, least: int) -> str:
    """How many people became more exposed, and how sure that is.

    Args:
        controls: people outside who were asked about both times.
        least: of them, how many it takes to name anybody.
    """
    if controls < least:
        return t(
            "Of {among:,} people who were in the data both times nobody is named who became more exposed: it "
            "takes {least:,} control people who were asked about both times to tell a rise from chance, and "
            "{controls:,} were. With fewer, one control person moves many members at once, and chance would "
            "name somebody too often.",
            among=among,
            least=least,
            controls=controls,
        )
    if not n:
        return t(
            "Of {among:,} people who were in the data both times nobody can be named who became more "
            "exposed: as many fell as rose, so that the changes may be chance. That is no proof that nobody "
            "did.",
            among=among,
        )
    return t(
        "{n:,} of {among:,} people who were in the data both times became more exposed. At most {share:.3g} "
        "in 100 of them are expected to be here by chance, if what changes by chance rises as often as it "
        "falls, and for each person by themselves.",
        n=n,
        among=among,
        share=100 * rate,
    )


def _sure(e: EstimateRecord) -> float:
    """A confidence in percent, rounded down."""
    return floor(1000 * e["confidence"] + 1e-6) / 10


def outward(e: EstimateRecord, steps: int, scale: float) -> tuple[float, float]:
    """Both ends times `scale`, rounded outward to 1 / `steps`."""
    low, high = e["low"] * scale * steps, e["high"] * scale * steps
    # A rounding error of the multiplication must not move an end; and there is no minus zero.
    return floor(low + 1e-9) / steps + 0.0, ceil(high - 1e-9) / steps + 0.0
