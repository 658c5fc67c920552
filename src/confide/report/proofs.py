"""Proofs in a report: what follows for certain, in sentences, and how a limit on it is ruled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from confide.report.finding import Proof, Ruling
from confide.report.page_types import Outcome
from confide.report.rates import percent
from confide.report.redaction import Redaction

EVERY = "every data set that fits the tables holds these records"
AGAIN = "Run the same audit again with the same seed, and compare the two reports."


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
        return "within", f"nothing is proved: {proof.impossible}"
    if not isfinite(share.high) and proof.records and not at_most:
        return "exceeded", "some records are proved: above 0 %"
    if not isfinite(share.high):
        return "not settled", "the release does not say how many people are in it"
    known, most = f"{percent(share.low)} of the records are proved", percent(share.high)
    if share.low > at_most:
        return "exceeded", f"{known}: above {percent(at_most)}"
    if share.high > at_most:
        return "not settled", f"{known}, and up to {most} may be: give it more --seconds"
    more = f", {most} at most can be" if share.high > share.low else ""
    return "within", f"{known}{more}: not above {percent(at_most)}"


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

    @property
    def _of(self) -> str:
        people = self.proof.people
        return "" if people is None else f" of {self.redaction.counted(people)} people"

    def headline(self, subject: str) -> str:
        """The first sentence.

        Args:
            subject: the adversary.
        """
        if self.proof.impossible:
            return f"{subject} can prove no record: {self.proof.impossible}."
        if self.outcome == "few":
            return "Whether any record follows from this release for certain could not be decided in time."
        if self.outcome == "nothing":
            return f"{subject} can prove no whole record: none{self._of} is in every data set that fits."
        share = self.redaction.estimate(self.proof.share, of=self.proof.people)
        part = "" if share is None else f" ({percent(share['value'])})"
        known = share is not None or self.proof.people is None
        who = (
            f"{self.redaction.counted(self.proof.records)}{self._of or ' people'}" if known else "some people"
        )
        return f"{subject} can prove the whole record of {who}{part}, without guessing: {EVERY}."

    def support(self) -> list[str]:
        """What stands right under the headline."""
        lines: list[str] = []
        if self.proof.more:
            lines.append(
                f"{self.redaction.counted(self.proof.open)} combinations of values were not decided in "
                f"time, so "
                f"that up to {self.redaction.counted(self.proof.more)} more records may be provable. They "
                f"are not "
                "safe: --seconds gives it more time."
            )
        if self.proof.impossible:
            return lines
        if self.proof.checked:
            lines.append("Every claim was held against the people behind the tables, and none is wrong.")
        else:
            lines.append(
                "A proof needs no knowledge of the people, so nobody was held out. How often a claim that is "
                "not proved would be right was not measured: --data measures it."
            )
        return lines

    def found(self) -> str:
        """One line on what the method found."""
        return f"proves {self.redaction.counted(self.proof.records)} records{self._of}"

    def means(self, harm: str) -> list[str]:
        """What the numbers amount to."""
        lines = [harm] if harm else []
        if self.proof.records:
            lines.append(
                "Who knows some values of such a person reads off the others, if they fit nobody else. No "
                "doubt is "
                "left, and nothing was needed but the tables."
            )
        return lines

    def means_not(self, others: Sequence[str]) -> list[str]:
        """What must not be read into the numbers.

        Args:
            others: harms that the audit is no test of.
        """
        first = (
            ["Not proof of safety: what is likely without being certain is not counted here."]
            if self.outcome != "found"
            else [
                "Not all that the tables give away: records that are likely without being certain are not "
                "counted."
            ]
        )
        return [
            *first,
            "Not what follows together with other releases: tables of the same people published elsewhere "
            "add "
            "to these.",
            f"Not a test of other harms: {', '.join(others[:-1])} and {others[-1]} take other audits.",
        ]

    def next_steps(self, ruled: Ruling) -> list[str]:
        """What to do now."""
        stop = "Do not publish this release as it is: it exceeds a limit that was set for it."
        if self.outcome == "found":
            return [
                *([stop] if ruled == "exceeded" else []),
                "Publish fewer tables, of fewer columns at once, with coarser values, or of larger blocks.",
                "To hide small counts is not enough where totals stand beside them. Audit again with "
                "--protect, "
                "which hides or rounds counts or adds noise under a promise, and takes no means beside them.",
                AGAIN,
            ]
        more = ["Give it more --seconds, until everything is decided."] if self.proof.more else []
        return [*more, "Keep this report with the release. Audit again before further tables are published."]
