"""Proofs in a report: what follows for certain, in sentences, and how a limit on it is ruled."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from confide.core.language import t
from confide.report.finding import Proof, Ruling
from confide.report.page_types import Outcome
from confide.report.rates import percent
from confide.report.redaction import Redaction


def ruling(proof: Proof, at_most: float) -> tuple[Ruling, str]:
    """How a limit on the share of proved records is ruled, and why; what was not decided is never safe.

    >>> ruling(Proof(records=3, people=10), 0.2)
    ('exceeded', '30 % of the records are proved: above 20 %')
    >>> ruling(Proof(records=1, people=10, more=4, open=4), 0.2)[0]
    'not settled'
    >>> ruling(Proof(records=1, people=10), 0.2)[0]
    'within'
    >>> [ruling(Proof(records=1, people=None), most)[0] for most in (0.0, 0.5)]
    ['exceeded', 'not settled']
    """
    share = proof.share
    if proof.impossible:
        return "within", t("nothing is proved: {why}", why=t(proof.impossible))
    if not isfinite(share.high) and proof.records and not at_most:
        return "exceeded", t("some records are proved: above 0 %")
    if not isfinite(share.high):
        return "not settled", t("the release does not say how many people are in it")
    known, most, limit = percent(share.low), percent(share.high), percent(at_most)
    if share.low > at_most:
        return "exceeded", t("{known} of the records are proved: above {limit}", known=known, limit=limit)
    if share.high > at_most:
        return "not settled", t(
            "{known} of the records are proved, and up to {most} may be: give it more --seconds",
            known=known,
            most=most,
        )
    if share.high > share.low:
        return "within", t(
            "{known} of the records are proved, {most} at most can be: not above {limit}",
            known=known,
            most=most,
            limit=limit,
        )
    return "within", t("{known} of the records are proved: not above {limit}", known=known, limit=limit)


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one section of proofs.

    Args:
        proof: what was proved.
        redaction: for the audience.
    """

    proof: Proof
    redaction: Redaction

    @property
    def outcome(self) -> Outcome:
        """ "found", "nothing", or "few" where it could not be decided."""
        if self.proof.records:
            return "found"
        return "few" if self.proof.more else "nothing"

    def headline(self, subject: str) -> str:
        """The first sentence.

        Args:
            subject: the adversary.
        """
        if self.proof.impossible:
            return t("{subject} can prove no record: {why}.", subject=subject, why=t(self.proof.impossible))
        if self.outcome == "few":
            return t("Whether any record follows from this release for certain could not be decided in time.")
        people = self._counted(self.proof.people)
        if self.outcome == "nothing" and people is None:
            return t(
                "{subject} can prove no whole record: none is in every data set that fits.", subject=subject
            )
        if self.outcome == "nothing":
            return t(
                "{subject} can prove no whole record: none of {people} people is in every data set that "
                "fits.",
                subject=subject,
                people=people,
            )
        share, records = (
            self.redaction.estimate(self.proof.share, of=self.proof.people),
            self._counted(self.proof.records),
        )
        if people is None:
            return t(
                "{subject} can prove the whole record of {records} people, without guessing: every data set "
                "that fits the tables holds these records.",
                subject=subject,
                records=records,
            )
        # Too few for the public.
        if share is None:
            return t(
                "{subject} can prove the whole record of some people, without guessing: every data set that "
                "fits the tables holds these records.",
                subject=subject,
            )
        return t(
            "{subject} can prove the whole record of {records} of {people} people ({percent}), without "
            "guessing: every data set that fits the tables holds these records.",
            subject=subject,
            records=records,
            people=people,
            percent=percent(share["value"]),
        )

    def _counted(self, n: int | None) -> str | None:
        return None if n is None else self.redaction.counted(n)

    def support(self) -> list[str]:
        """What stands right under the headline."""
        lines: list[str] = []
        if self.proof.more:
            lines.append(
                t(
                    "{open} combinations of values were not decided in time, so that up to {more} more "
                    "records may be provable. They are not safe: --seconds gives it more time.",
                    open=self._counted(self.proof.open),
                    more=self._counted(self.proof.more),
                )
            )
        if self.proof.impossible:
            return lines
        if self.proof.checked:
            return [
                *lines,
                t("Every claim was held against the people behind the tables, and none is wrong."),
            ]
        return [
            *lines,
            t(
                "A proof needs no knowledge of the people, so nobody was held out. How often a claim that is "
                "not proved would be right was not measured: --data measures it."
            ),
        ]

    def found(self) -> str:
        """One line on what the method found."""
        records, people = self._counted(self.proof.records), self._counted(self.proof.people)
        if people is None:
            return t("proves {records} records", records=records)
        return t("proves {records} records of {people} people", records=records, people=people)

    def means(self, harm: str) -> list[str]:
        """What the numbers amount to."""
        lines = [harm] if harm else []
        if self.proof.records:
            lines.append(
                t(
                    "Who knows some values of such a person reads off the others, if they fit nobody else. "
                    "No doubt is left, and nothing was needed but the tables."
                )
            )
        return lines

    def means_not(self, other_harms: str) -> list[str]:
        """What must not be read into the numbers.

        Args:
            other_harms: what the audit is no test of, as a sentence.
        """
        first = (
            t("Not proof of safety: what is likely without being certain is not counted here.")
            if self.outcome != "found"
            else t(
                "Not all that the tables give away: records that are likely without being certain are not "
                "counted."
            )
        )
        return [
            first,
            t(
                "Not what follows together with other releases: tables of the same people published "
                "elsewhere add to these."
            ),
            other_harms,
        ]

    def next_steps(self, ruled: Ruling) -> list[str]:
        """What to do now."""
        if self.outcome == "found":
            stop = t("Do not publish this release as it is: it exceeds a limit that was set for it.")
            return [
                *([stop] if ruled == "exceeded" else []),
                t(
                    "Publish fewer tables, of fewer columns at once, with coarser values, or of larger "
                    "blocks."
                ),
                t(
                    "To hide small counts is not enough where totals stand beside them. Audit again with "
                    "--protect, which hides or rounds counts or adds noise under a promise, and takes no "
                    "means beside them."
                ),
                t("Run the same audit again with the same seed, and compare the two reports."),
            ]
        more = t("Give it more --seconds, until everything is decided.")
        return [
            *([more] if self.proof.more else []),
            t("Keep this report with the release. Audit again before further tables are published."),
        ]
