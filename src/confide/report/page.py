"""The page: every word and number of a report, as plain records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from confide.core.errors import DataError, EvidenceError
from confide.core.language import Language, language, t
from confide.core.sentence import said
from confide.report import consequences, readings, sentences
from confide.report.chart_records import chart_records
from confide.report.charts import points
from confide.report.comparing import comparison
from confide.report.comparison_types import ComparisonRecord
from confide.report.decision import Decision
from confide.report.detectable import detectable
from confide.report.exhibit_records import exhibit_record
from confide.report.exhibits import opens
from confide.report.finding import Audience, Finding, Section, Skipped
from confide.report.finding_records import finding_record, promise_record
from confide.report.glance import glance, nothing_yet
from confide.report.goals import goal, without_goal
from confide.report.how_bad import Told
from confide.report.limit_words import in_words
from confide.report.limits import Limit
from confide.report.made import Made, made_record
from confide.report.page_types import (
    FindingRecord,
    LimitRecord,
    Page,
    SectionRecord,
    SkippedRecord,
    TableRecord,
    WorstOffRecord,
)
from confide.report.proof_section import proof_section
from confide.report.rates import one_in
from confide.report.reading_rate import reading_rate
from confide.report.redaction import Redaction
from confide.report.ruling import Judged
from confide.report.skipped import nothing_ran
from confide.report.unjudged import with_unjudged
from confide.report.verdict import Verdict, judge_section, together


def page(
    sections: Sequence[Section],
    *,
    seed: int,
    audience: Audience = "internal",
    limits: Sequence[Limit] = (),
    allow_unsettled: bool = False,
    version: str = "",
    before: Sequence[Section] = (),
    made: Made | None = None,
    decision: Decision | None = None,
) -> Page:
    """Every word and number of the report on one or more audited releases.

    The report is itself a release: for the public there are no rows and no ids, counts are coarse,
    those under ten are left out, and intervals are rounded outward to two digits. The texts that the caller
    writes (`subject`, `about`, `notes`, `warnings`) are printed as they are: `coarse` writes a count for the
    public.

    Args:
        sections: one a release.
        seed: from which the audit can be repeated.
        audience: "internal" or "public".
        limits: what each release's findings are held to.
        allow_unsettled: whether a limit that is not settled passes.
        version: of confide.
        before: the release without protection, one section a goal, where all others are protected: those of
            the same goal are compared with it. Nothing else is said of it. Without it, several releases are
            compared with the first of their goal.
        made: where the report comes from; None where nobody kept it.
        decision: what it comes to, where the limits alone do not decide.

    Raises:
        EvidenceError: if a release has no finding, for then nothing was measured.
        DataError: if the audience or a section's goal is unknown, or two releases share a name.
    """
    _check(sections, audience, before)
    redaction = Redaction(audience)
    # Proofs have no rates to be read at, and are compared beside the findings, not with them.
    read = [s for s in (*before, *sections) if s.proof is None]
    limited = [limit.fpr for limit in limits if limit.fpr is not None]
    # Once for the whole report: headlines, tiles, tables and differences are then of one rate.
    fpr = reading_rate([_record(s.headline, s, redaction) for s in read], limited=limited) if read else None
    # Each release by itself: a good one must not cover a bad one.
    by_itself = {s.release: judge_section(s, limits, allow_unsettled=allow_unsettled) for s in sections}
    judged = with_unjudged(by_itself, sections, limits)
    verdict = together(list(judged.values()))
    ruled = sentences.verdict(
        verdict.ruling,
        allow_unsettled=allow_unsettled,
        doubtful=_in_doubt(sections, judged),
        promise=any(j.limit == "the promise" for j in verdict.judged),
    )
    names = [s.release for s in sections]
    found: Page = {
        "schema": "confide.report/4",
        "language": cast(Language, language()),
        # Sections of further goals are about the same releases.
        "release": t(" and ", of="releases").join(
            dict.fromkeys(without_goal(s.release, s.goal) for s in sections)
        ),
        "releases": names,
        "seed": seed,
        "audience": audience,
        "version": version,
        "verdict": verdict.ruling,
        # Part of the page, so that a report that is read back gives the same exit code.
        "exit": 1 if (verdict if decision is None else decision).exit_code else 0,
        "allow_unsettled": allow_unsettled,
        "verdict_sentence": " ".join([ruled, *([] if decision is None else [decision.sentence])]),
        "decision": None if decision is None else decision.sentence,
        "opening": _opening(sections, redaction),
        "glance": nothing_yet(),
        "made": None if made is None else made_record(made, redaction),
        "limits": [row for s in sections for row in _limit_rows(s, judged[s.release], redaction)],
        "findings": [_record(f, s, redaction) for s in sections for f in s.findings],
        "skipped": [_skipped(k, s, redaction) for s in sections for k in s.skipped],
        "sections": [_section(s, judged[s.release], fpr, redaction) for s in sections],
        "comparisons": _comparisons(read, fpr=fpr, protected=bool(before), redaction=redaction),
        "charts": [c for s in sections if s.proof is None for c in chart_records(s, redaction=redaction)],
    }
    told = [Told.of(s, public=redaction.public) for s in sections]
    return {**found, "glance": glance(found, told)}


def _opening(sections: Sequence[Section], redaction: Redaction) -> list[TableRecord]:
    """The tables that ask to stand before what was found."""
    asking = [e for s in sections for e in s.exhibits if opens(e)]
    shown = [exhibit_record(e, redaction=redaction) for e in asking]
    return [e for e in shown if e is not None and e["kind"] == "table"]


def _in_doubt(sections: Sequence[Section], judged: Mapping[str, Verdict]) -> list[str]:
    """The attacks whose failed check weakens the verdict.

    An attack that exceeded a limit found enough: that its own check failed takes nothing from it.
    """
    return list(
        dict.fromkeys(
            name
            for s in sections
            for name in s.doubtful
            if not any(j.ruling == "exceeded" and j.attack == name for j in judged[s.release].judged)
        )
    )


def _comparisons(
    read: Sequence[Section], *, fpr: float | None, protected: bool, redaction: Redaction
) -> list[ComparisonRecord]:
    """The releases side by side, those of each goal by themselves."""
    each = [[s for s in read if s.goal == aim] for aim in dict.fromkeys(s.goal for s in read)]
    found = [comparison(s[0], s[1:], fpr=fpr, protected=protected, redaction=redaction) for s in each]
    return [one for one in found if one is not None]


def _record(finding: Finding, s: Section, redaction: Redaction) -> FindingRecord:
    return finding_record(finding, release=s.release, goal=goal(s.goal), redaction=redaction)


def _section(s: Section, verdict: Verdict, fpr: float | None, redaction: Redaction) -> SectionRecord:
    if s.proof is not None:
        return proof_section(s, s.proof, verdict, redaction)
    record, aim = _record(s.headline, s, redaction), goal(s.goal)
    # the story is decided on the exact numbers, so that both audiences read the same one
    story = sentences.outcome(_record(s.headline, s, Redaction()), broken=s.headline.broken)
    access, blind_wins = s.access or record["access"], s.headline.blind_wins
    # Where other releases cannot be read at any rate, what this one could have seen is said at its own.
    own = fpr if fpr is not None else reading_rate([record])
    others = [_record(f, s, redaction) for f in s.findings]
    promise = None if s.promise is None else promise_record(s.promise)
    # From the exact numbers; the sentence rounds it.
    seen = detectable(s.headline, fpr=own)
    shown = [exhibit_record(e, redaction=redaction) for e in s.exhibits if not opens(e)]
    worst_off, tied = _worst_off(s, redaction)
    return {
        "release": s.release,
        "fpr": fpr,
        "goal": aim.name,
        "outcome": story,
        "verdict": verdict.ruling,
        "headline": sentences.headline(
            record, story, fpr=fpr, subject=s.subject or aim.who(access), goal=aim
        ),
        "support": sentences.support(
            record, story, fpr=fpr, tried=max(s.among, len(s.findings)), detectable=seen, goal=aim
        ),
        "finding": record,
        "labels": readings.labels(aim, rate="" if fpr is None else one_in(fpr), alone=own is None),
        "warnings": sentences.warnings(
            record,
            story,
            s.warnings,
            blind_wins=blind_wins,
            doubtful=_doubtful(s),
            goal=aim,
            coin=s.headline.coin,
        ),
        "about": [[label, str(text)] for label, text in s.about.items()],
        "promise": promise,
        "adversary": sentences.adversary(record, s.adversary, access=access, goal=aim),
        "found": [[f["title"], sentences.found(f, fpr=fpr, goal=aim)] for f in others],
        "means": consequences.means(
            record, story, harm=s.harm, promise=promise, comparable=s.comparable, goal=aim
        ),
        "means_not": consequences.means_not(record, story, findings=others, goal=aim),
        "next": [
            *s.steps,
            *([consequences.mend()] if s.broken else []),
            *consequences.next_steps(story, verdict.ruling, blind_wins=blind_wins, goal=aim),
        ],
        "notes": list(s.notes),
        "worst_off": worst_off,
        "worst_off_tied": tied,
        "exhibits": [e for e in shown if e is not None],
    }


def _doubtful(s: Section) -> dict[str, bool]:
    """The attacks whose own check failed, and whether each found something all the same."""
    # On exact numbers, as the story.
    exact = [_record(f, s, Redaction()) for f in s.findings if not f.conclusive]
    return {f["attack"]: sentences.outcome(f, broken=s.headline.broken) == "found" for f in exact}


def _worst_off(s: Section, redaction: Redaction) -> tuple[list[WorstOffRecord], int]:
    """The list of the most exposed, and how many more are as exposed as its last."""
    evidence = s.evidence.get(s.headline.risk.attack)
    if evidence is None or not goal(s.goal).lists:
        return [], 0
    listed = points.worst_off_table(evidence, redaction=redaction, who=s.who)
    return listed, points.worst_off_tied(evidence, redaction=redaction)


def _skipped(skip: Skipped, s: Section, redaction: Redaction) -> SkippedRecord:
    """For the public, the kind of reason alone: the sentence may hold counts and names."""
    why = t(sentences.LACKING[skip.lack]) if redaction.public else said(skip.why)
    return {"release": s.release, "attack": skip.attack, "lack": skip.lack, "why": why}


def _limit_rows(s: Section, verdict: Verdict, redaction: Redaction) -> list[LimitRecord]:
    return [_limit_row(j, s, redaction) for j in verdict.judged]


def _limit_row(j: Judged, s: Section, redaction: Redaction) -> LimitRecord:
    told = in_words(j, s, redaction)
    return {
        "release": s.release,
        "limit": str(j.limit),
        "attack": j.attack,
        "verdict": j.ruling,
        "reason": "" if redaction.public else j.reason,  # it holds exact numbers
        "allows": told.allows,
        "found": told.found,
        "words": told.words,
    }


def _check(sections: Sequence[Section], audience: str, before: Sequence[Section]) -> None:
    if audience not in ("internal", "public"):
        raise DataError(f"there is no audience {audience!r}: write for 'internal' or 'public'.")
    if not sections:
        raise EvidenceError("there is nothing to report on: give at least one audited release.")
    every = [*sections, *before]
    names = [s.release for s in every]
    if len(set(names)) < len(names):
        raise DataError(f"two releases share a name ({', '.join(names)}): name them apart.")
    for s in every:
        goal(s.goal)
        if not s.findings:
            raise EvidenceError(nothing_ran(s.release, s.skipped))
