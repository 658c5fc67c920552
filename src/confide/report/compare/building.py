"""The page of a comparison: every word and number, as plain records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor

from confide.core.errors import DataError
from confide.core.language import language, t
from confide.core.version import VERSION
from confide.report.cleaned import cleaned
from confide.report.compare import words
from confide.report.compare.asking import ERROR, Asking, overall
from confide.report.compare.doubts import differing, differing_releases
from confide.report.compare.files import Files
from confide.report.compare.page_types import Answer, ComparisonPage, PairRecord, UnmatchedRecord
from confide.report.compare.pair_record import Compared, compared, pair_sentence
from confide.report.compare.people import MoreExposed
from confide.report.compare.reading import Pair, by_attack, common_rate
from confide.report.compare.side import Side, labels, together
from confide.report.limits import Limit
from confide.report.redaction import Redaction


def comparison_page(
    before: Side, after: Side, *, margin: float | None, match: Mapping[str, str], redaction: Redaction
) -> tuple[ComparisonPage, list[MoreExposed]]:
    """Compare two reports, at one false-positive rate for all their releases.

    Returns:
        the page, and of each pair of releases who became more exposed; nobody for the public.

    Raises:
        DataError: if they have no goal or no attack in common, or the margin is no share.
    """
    if margin is not None and not 0 <= margin < 1:
        raise DataError(
            f"the margin is {margin}: give a share from 0 to 1, such as 0.02 for 2 people in 100."
        )
    pairs, alone = _paired(before, after, match)
    asking = Asking(
        fpr=common_rate(pairs, limited=_limited(before, after)),
        error=ERROR / len(pairs),
        margin=margin,
        redaction=redaction,
    )
    named = [labels(before, after, pair.sides) for pair in pairs]
    made = [compared(pair, names, asking) for pair, names in zip(pairs, named, strict=True)]
    records = [one.record for one in made]
    answer = overall([r["answer"] for r in records], unmatched=bool(alone))
    sure = max(0.0, 1 - sum(one.error for one in made))
    page: ComparisonPage = {
        "schema": "confide.comparison/1",
        "version": VERSION,
        "language": language(),
        "audience": redaction.audience,
        "before": before.record,
        "after": after.record,
        "answer": answer,
        "sentence": _first(answer, records, (before.name, after.name), len(alone), asking),
        "support": _support(sure, asking),
        "confidence": round(sure, 9),
        "margin": asking.within,
        "tolerated": margin is not None,
        "pairs": records,
        "unmatched": alone,
        "warnings": _copies(made),
        "notes": [
            *_scores(before, after),
            *differing(before.page, after.page, (before.name, after.name)),
            *(text for pair, names in zip(pairs, named, strict=True) for text in _notes(pair, names)),
        ],
    }
    return cleaned(page), [one.rose for one in made if one.rose is not None]


def _paired(before: Side, after: Side, match: Mapping[str, str]) -> tuple[list[Pair], list[UnmatchedRecord]]:
    """The releases that can be compared, and what cannot."""
    found, alone = together(before, after, match)
    files = Files.of(before.page, after.page)
    each = [Pair.of(*two, files=files) for two in found]
    why = [_why_not(pair) for pair in each]
    pairs = [pair for pair, reason in zip(each, why, strict=True) if not reason]
    if not pairs:
        said = next((reason for reason in why if reason), "their releases have other names")
        raise DataError(
            f"{before.name} and {after.name} have nothing that could be compared: {said}. Compare audits of "
            f"one kind, or match releases with --match BEFORE=AFTER."
        )
    for pair, reason in zip(each, why, strict=True):
        if reason:
            first: UnmatchedRecord = {
                "side": "before",
                "release": pair.before.release,
                "goal": pair.before.goal,
                "why": reason,
            }
            alone += [first, {**first, "side": "after", "release": pair.after.release}]
    return pairs, alone


def _why_not(pair: Pair) -> str:
    """Why a release before and after cannot be compared; empty where it can."""
    if pair.before.proved or pair.after.proved:
        return t("what is proved has no rate that could be compared")
    if not pair.common:
        return t("no attack was played against both in the same way")
    return ""


def _limited(before: Side, after: Side) -> list[float]:
    """The false-positive rates of the limits that the reports were held to."""
    written = {row["limit"] for side in (before, after) for row in side.page["limits"]}
    limits = [Limit.parse(text) for text in sorted(written) if text.startswith("tpr@")]
    return [limit.fpr for limit in limits if limit.fpr is not None]


def _first(
    answer: Answer, pairs: Sequence[PairRecord], names: tuple[str, str], unmatched: int, asking: Asking
) -> str:
    """The sentence that answers first."""
    deciding = next((p for p in pairs if p["answer"] == answer), None)
    if deciding is None or (len(pairs) > 1 and answer in ("better", "the same")):
        less = sum(p["answer"] == "better" for p in pairs)
        return words.overall(
            answer, names, n=len(pairs), less=less, unmatched=unmatched, margin=asking.within
        )
    return pair_sentence(deciding)


def _support(sure: float, asking: Asking) -> list[str]:
    said = [
        t("Both are read by their AUC, because no false-positive rate can be read in all of them.")
        if asking.fpr is None
        else t(
            "Both are read at the same false-positive rate, {fpr:.3g} in 100, which was chosen by the "
            "numbers of people alone.",
            fpr=100 * asking.fpr,
        )
    ]
    said.append(
        t(
            "All answers hold together with {sure:.3g} % confidence: the intervals are corrected for every "
            "attack that was tried, since which one is the strongest is seen only afterwards.",
            sure=floor(1000 * sure + 1e-6) / 10,
        )
    )
    return said


def _copies(made: Sequence[Compared]) -> list[str]:
    return [
        t(
            "{before} and {after} hold the same scores, to the last digit: it is one audit, or a copy of "
            "it. Was the second release audited at all?",
            before=one.record["before"],
            after=one.record["after"],
        )
        for one in made
        if one.same
    ]


def _scores(before: Side, after: Side) -> list[str]:
    """That scores are missing, and what follows."""
    if "public" in (before.page["audience"], after.page["audience"]):
        return [
            t(
                "A public report has no scores: compared are the rounded intervals on its page, whatever "
                "they have in common. Nobody can be named, and the intervals are wide."
            )
        ]
    if not all(r.measured or r.proved for side in (before, after) for r in side.releases):
        return [
            t(
                "The scores of one of the audits are not here: compared are the intervals on the pages, "
                "whatever they have in common. Give the folders of both audits to compare people."
            )
        ]
    return []


def _notes(pair: Pair, names: tuple[str, str]) -> list[str]:
    settings = [{a: f["settings"] for a, f in by_attack(s.findings).items()} for s in pair.sides]
    return differing_releases(pair, names, [a for a in pair.common if settings[0][a] != settings[1][a]])
