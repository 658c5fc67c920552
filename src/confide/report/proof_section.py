"""The section on what follows from a release for certain, as a record of the page."""

from __future__ import annotations

from confide.core.language import t
from confide.report import readings
from confide.report.consequences import other_harms
from confide.report.exhibit_records import exhibit_record
from confide.report.exhibits import opens
from confide.report.finding import Proof, Section
from confide.report.finding_records import finding_record, promise_record
from confide.report.goals import goal
from confide.report.page_types import SectionRecord
from confide.report.proofs import Words
from confide.report.redaction import Redaction
from confide.report.verdict import Verdict


def proof_section(s: Section, proof: Proof, verdict: Verdict, redaction: Redaction) -> SectionRecord:
    """Words and exhibits of proofs; there is no rate, since nobody was held out.

    Args:
        s: the section.
        proof: what was proved.
        verdict: on its limits.
        redaction: for the audience.
    """
    aim, words = goal(s.goal), Words(proof, redaction)
    shown = [exhibit_record(e, redaction=redaction) for e in s.exhibits if not opens(e)]
    return {
        "release": s.release,
        "fpr": None,
        "goal": aim.name,
        "outcome": words.outcome,
        "verdict": verdict.ruling,
        "headline": words.headline(s.subject or aim.subject),
        "support": words.support(),
        "finding": finding_record(s.headline, release=s.release, goal=aim, redaction=redaction),
        "labels": readings.labels(aim, rate=""),
        "warnings": redaction.texts(s.warnings),
        "about": [[label, str(text)] for label, text in s.about.items()],
        "promise": None if s.promise is None else promise_record(s.promise),
        "adversary": [aim.saw, *aim.knew, *s.adversary],
        "found": [[t(s.headline.title), words.found()]],
        "means": words.means(s.harm),
        "means_not": words.means_not(other_harms(aim.name)),
        "next": words.next_steps(verdict.ruling),
        "notes": list(s.notes),
        "worst_off": [],
        "worst_off_tied": 0,
        "exhibits": [e for e in shown if e is not None],
    }
