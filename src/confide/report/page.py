"""The page: one dict that holds every word and every number of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from confide.core.budget import Budget
from confide.core.errors import DataError, EvidenceError
from confide.report import consequences, words
from confide.report.charts import records as rows
from confide.report.exhibit_records import exhibit_record
from confide.report.finding import Audience, Finding, Section
from confide.report.goals import Goal, goal
from confide.report.ladder import ladder_record
from confide.report.numbers import Redaction, coarse_text, finding_record, guessing
from confide.report.skipped import nothing_ran
from confide.report.verdict import Limit, Verdict, judge, together

SCHEMA = "confide.report/1"

Page = dict[str, Any]


def page(
    sections: Sequence[Section],
    *,
    seed: int,
    audience: Audience = "internal",
    limits: Sequence[Limit] = (),
    strict: bool = False,
    version: str = "",
) -> Page:
    """Every word and number of the report on one or more audited releases.

    The report is itself a release: for the public there are no rows and no ids, counts are coarse,
    those under ten are left out, and intervals are rounded outward to two digits. What the caller
    writes (`about`, `notes`, `warnings`, the text of tables) is shown as it is: `coarse` puts a count into
    words for the public.

    Args:
        sections: one a release.
        seed: from which the audit can be repeated.
        audience: "internal" or "public".
        limits: what each release's headline is held to.
        strict: whether "inconclusive" fails.
        version: of confide.

    Raises:
        EvidenceError: if a release has no finding, for then nothing was measured.
        DataError: if the audience or a section's goal is unknown, or two releases share a name.
    """
    _check(sections, audience)
    sections = [_to_the_point(s) for s in sections]
    lens = Redaction(audience)
    by_release = {
        s.release: judge([s.headline], limits, strict=strict, doubtful=s.doubtful) for s in sections
    }
    verdict = together(list(by_release.values()))
    # whoever passed a limit found enough: that his own check failed takes nothing from it
    doubtful = list(
        dict.fromkeys(
            name
            for s in sections
            for name in s.doubtful
            if by_release[s.release].ruling != "exceeded" or name != s.headline.risk.attack
        )
    )
    names = [s.release for s in sections]
    return {
        "schema": SCHEMA,
        "release": " and ".join(names),
        "releases": names,
        "seed": seed,
        "audience": audience,
        "version": version,
        "verdict": verdict.ruling,
        "exit": verdict.exit_code,
        "strict": strict,
        "verdict_sentence": words.verdict(verdict.ruling, strict, doubtful=doubtful),
        "limits": [row for s in sections for row in _limit_rows(s, by_release[s.release], lens)],
        "findings": [_record(f, s, lens) for s in sections for f in s.findings],
        "skipped": [
            {"release": s.release, "attack": k.attack, "why": coarse_text(k.why) if lens.public else k.why}
            for s in sections
            for k in s.skipped
        ],
        "sections": [_section(s, by_release[s.release].ruling, lens) for s in sections],
        "charts": [chart for s in sections for chart in _charts(s, lens)],
    }


def detectable(h: Finding) -> float | None:
    """The smallest share of members, found at the headline's false-positive rate, that is not guessing.

    With k of n members found, the lower Clopper-Pearson end lies above g, the most that guessing may reach,
    exactly when P[Bin(n, g) >= k] is below half of one minus the confidence; the smallest such k / n. None
    where people of several worlds hang together, for their interval is another one.
    """
    import numpy as np
    from scipy.special import betainc

    resolved = {at.fpr: at for at in h.risk.tpr_at if at.rate is not None}
    point, n = resolved.get(0.01) or resolved.get(0.1), h.risk.exposed_count
    independent = h.risk.worlds in (1, n + h.risk.control_count)
    if point is None or n < 1 or not independent:
        return None
    most = guessing(point.fpr, point.controls, confidence=h.risk.confidence)
    k = np.arange(1, n + 1)
    enough = betainc(k, n - k + 1, most) < (1 - h.risk.confidence) / 2
    return float(k[enough][0] / n) if enough.any() else None


def _to_the_point(s: Section) -> Section:
    """Without the numbers that say nothing where this goal is pursued."""
    aim = goal(s.goal)
    return replace(s, headline=_meant(s.headline, aim), findings=tuple(_meant(f, aim) for f in s.findings))


def _meant(finding: Finding, aim: Goal) -> Finding:
    """As it is for membership, of which `measure` speaks."""
    if aim.name == "membership":
        return finding
    risk = finding.risk
    return replace(
        finding,
        risk=replace(
            risk,
            epsilon=risk.epsilon if aim.bounds else (),
            precision_at=risk.precision_at if aim.precision else (),
            tpr_at=tuple(replace(at, why=at.why.replace("non-members", aim.outside)) for at in risk.tpr_at),
        ),
    )


def _record(finding: Finding, s: Section, lens: Redaction) -> Page:
    return finding_record(finding, release=s.release, lens=lens, outside=goal(s.goal).outside)


def _section(s: Section, ruling: str, lens: Redaction) -> Page:
    record, exact, aim = _record(s.headline, s, lens), _record(s.headline, s, Redaction()), goal(s.goal)
    story = words.outcome(exact, broken=s.headline.broken)
    access, blind_wins = s.access or record["access"], s.headline.blind_wins
    point = words.operating_point(record)
    fpr = None if point is None else float(point["fpr"])
    others = [_record(f, s, lens) for f in s.findings]
    promise = None if s.promise is None else _promise(s.promise)
    given = coarse_text(s.subject) if lens.public else s.subject
    subject = given or aim.subject(access)
    tried, could_see = len(s.findings), detectable(s.headline)
    doubtful = _doubtful(s)
    return {
        "release": s.release,
        "goal": aim.name,
        "outcome": story,
        "verdict": ruling,
        "headline": words.headline(record, story, subject=subject, goal=aim),
        "support": words.support(record, story, tried=tried, detectable=could_see, goal=aim),
        "finding": record,
        "warnings": words.warnings(
            record, story, s.warnings, blind_wins=blind_wins, goal=aim, doubtful=doubtful
        ),
        "about": [[label, str(text)] for label, text in s.about.items()],
        "promise": promise,
        "adversary": words.adversary(record, s.adversary, access=access, goal=aim),
        "found": [[f["title"], words.found(f, fpr=fpr, goal=aim)] for f in others],
        "means": consequences.means(
            record, story, harm=s.harm, promise=promise, comparable=s.comparable, goal=aim
        ),
        "means_not": consequences.means_not(record, story, findings=others, goal=aim),
        "next": consequences.next_steps(story, ruling, blind_wins=blind_wins, goal=aim),
        "notes": list(s.notes),
        "ladder": ladder_record(s.ladder, lens=lens),
        "worst_off": _worst_off(s, lens),
        "exhibits": [shown for e in s.exhibits if (shown := exhibit_record(e, lens=lens))],
    }


def _doubtful(s: Section) -> dict[str, bool]:
    """The attacks whose own check failed, and whether each found something all the same."""
    exact = [_record(f, s, Redaction()) for f in s.findings if not f.conclusive]
    return {f["attack"]: words.outcome(f, broken=s.headline.broken) == "found" for f in exact}


def _worst_off(s: Section, lens: Redaction) -> list[Page]:
    evidence = s.evidence.get(s.headline.risk.attack)
    if evidence is None or goal(s.goal).worst_off is None:
        return []
    return rows.worst_off_table(evidence, lens=lens)


def _charts(s: Section, lens: Redaction) -> list[Page]:
    evidence, attack = s.evidence.get(s.headline.risk.attack), s.headline.title or s.headline.risk.attack
    aim = goal(s.goal)
    drawn = {
        "roc": rows.roc_records(s.headline, s.findings, corner=aim.everybody, lens=lens),
        "scores": [] if evidence is None else rows.score_records(evidence, names=aim.groups, lens=lens),
        "worst_off": [] if evidence is None else rows.worst_off_records(evidence, lens=lens),
        "epsilon": rows.epsilon_records(s, lens=lens),
    }
    why = {"epsilon": "no bound on epsilon applies to this evidence"}
    if s.over_training is not None:
        drawn["gradient_norms"] = rows.gradient_norm_records(s.over_training, lens=lens)
        why["gradient_norms"] = "too few people for a distribution"
    return [
        _chart(
            name,
            s.release,
            aim.charts[name],
            about="members and others" if name == "gradient_norms" else attack,
            records=records,
            why=why.get(name, "the scores were not handed to the report"),
        )
        for name, records in drawn.items()
        if name in aim.charts
    ] + [chart for f in s.findings for chart in _curves(f, s.release, lens)]


def _curves(finding: Finding, release: str, lens: Redaction) -> list[Page]:
    """What the attack tried before it chose a setting; it stands in the attack's card."""
    curves = [curve for w in finding.diagnostics for curve in w.curves]
    return [
        _chart(
            "curve",
            release,
            (curve.title, words.curve(curve)),
            about=finding.risk.attack,
            records=rows.curve_records(curve, lens=lens),
            why="not shown to the public" if lens.public else "it has no point that can be drawn",
            attack=finding.risk.attack,
        )
        for curve in curves
    ]


def _chart(
    name: str,
    release: str,
    reading: tuple[str, str],
    *,
    about: str,
    records: list[Page],
    why: str,
    attack: str = "",
) -> Page:
    title, how_to_read = reading
    return {
        "name": name,
        "release": release,
        "attack": attack,
        "title": title,
        "description": f"{title}: {release}, {about}.",
        "how_to_read": how_to_read,
        "records": records,
        "why": "" if records else why,
    }


def _limit_rows(s: Section, verdict: Verdict, lens: Redaction) -> list[Page]:
    return [
        {
            "release": s.release,
            "limit": str(j.limit),
            "attack": j.attack,
            "verdict": j.ruling,
            "reason": "" if lens.public else j.reason,
        }
        for j in verdict.judged
    ]


def _promise(budget: Budget) -> Page:
    return {"epsilon": budget.epsilon, "delta": budget.delta, "unit": str(budget.unit), "text": str(budget)}


def _check(sections: Sequence[Section], audience: str) -> None:
    if audience not in ("internal", "public"):
        raise DataError(f"there is no audience {audience!r}: write for 'internal' or 'public'.")
    if not sections:
        raise EvidenceError("there is nothing to report on: give at least one audited release.")
    names = [s.release for s in sections]
    if len(set(names)) < len(names):
        raise DataError(f"two releases share a name ({', '.join(names)}): name them apart.")
    for s in sections:
        if not s.findings:
            raise EvidenceError(nothing_ran(s.release, s.skipped))
