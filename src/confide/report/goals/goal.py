"""Goal: the words of a report by what the adversary is after, which decides what a claim is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from confide.report.numbers import share

Reading: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstOff:
    """The words of the table of those who are found most surely: title, reading, the three columns."""

    title: str
    reading: str
    head: tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The words of one goal; text in braces is filled in by `words` and `consequences`.

    Args:
        name: as in `Section.goal`.
        subjects: who he is, by his access; under "" where nothing else is said.
        headline: after the subject, at an operating point: {about} of whom, {false_claim} as '1 in 100'.
        little: after the subject, where only the AUC lies above 0.5; {little} is 'a little ' or nothing.
        nothing, broken, few: what the first sentence says in other stories; the first follows the subject.
        so_few: what to do where there were too few to see anything.
        exposed: whom the headline's rate is a share of; exposed_noun: the same after a verb.
        finds: the verb for what he does to them: he finds, he has found.
        false_claim: what is counted against him, after '1 in 100'.
        guess: what guessing would do; luck: the same where nothing was shown.
        outside: the control people, or pictures.
        auc: the AUC in words; {often}.
        blind: what to do where the blind adversary wins, after his numbers.
        unblinded: the warning where no blind adversary was played; empty where the game needs none.
        saw: his access, where it is none of a model's; knew: what he knew besides.
        precision: how often a claim is right; {prior}, {fpr}, {often}. Empty where claims about exposed
            people can be wrong too, for then the rates do not say it.
        were: the same sentence's condition in two words.
        bounds: is being exposed what differential privacy bounds? Then epsilon is shown.
        everybody: is the claim right about all exposed people once it is made of all? Only then does the
            curve end in the corner.
        mixed: what the numbers say where the blind adversary wins.
        better: what might find more than was found here.
        means_not: what must not be read into the numbers; no_certificate: where a bound is not certified.
        steps: what to do now, by story; and under "undecided" and "blind" what is put before it.
        tiles: found (with the price, and without), AUC, whom was compared, and 'in' and 'out' in two words.
        claims: the small print's names of the right claims on exposed people and of those on control people.
        worst_off: the table of those who are found most surely, if it makes sense.
        charts: title and 'how to read it' of each chart by name; one without is not drawn.
        groups: the exposed and the control people in the charts.
        axes: text in the chart files -> what it is called here.
    """

    name: str
    subjects: Mapping[str, str]
    headline: str
    little: str
    nothing: str
    broken: str
    few: str = "This audit had too few people to say what the release gives away; that is no all-clear."
    so_few: str
    exposed: str
    exposed_noun: str
    finds: tuple[str, str]
    false_claim: str
    guess: str
    luck: str
    outside: str
    auc: str
    blind: str = "Compare people drawn from the same source at random."
    unblinded: str = ""
    saw: str = "He saw what the release shows."
    knew: tuple[str, ...] = ()
    precision: str = ""
    were: str = "were in"
    bounds: bool = True
    everybody: bool = True
    mixed: str = (
        "The numbers in this report mix what the release shows with what the groups show by themselves."
    )
    better: str
    means_not: tuple[str, ...]
    no_certificate: str = (
        "Not a certificate: the bound on epsilon rests on an assumption, which the small print names."
    )
    steps: Mapping[str, tuple[str, ...]]
    tiles: tuple[str, str, str, str, str, str]
    claims: tuple[str, str]
    worst_off: WorstOff | None = None
    charts: Mapping[str, Reading]
    groups: tuple[str, str] = ("in the training data", "not in it")
    axes: Mapping[str, str] = field(default_factory=dict)

    def subject(self, access: str) -> str:
        """Who he is, for a section that does not say it."""
        return self.subjects.get(access, self.subjects[""])

    def many(self, rate: float) -> str:
        """A share of those who can be found, after a verb.

        >>> from confide.report.goals import LINKAGE, MEMBERSHIP
        >>> MEMBERSHIP.many(0.41), LINKAGE.many(0), LINKAGE.many(1)
        ('41 in 100 members', 'no records', 'all records')
        """
        return _share_of(rate, self.exposed_noun)

    def about(self, rate: float) -> str:
        """The same in the first sentence.

        >>> from confide.report.goals import LINKAGE, MEMBERSHIP
        >>> LINKAGE.about(0.66), MEMBERSHIP.about(1)
        ('about 66 in 100 people in the release', 'all members')
        """
        text = _share_of(rate, self.exposed)
        return text if rate >= 0.995 or rate <= 0 else f"about {text}"


def _share_of(rate: float, whom: str) -> str:
    return f"no {whom}" if rate <= 0 else f"{share(rate)} {whom}"


ALIKE = "Not an average risk that all share: some people stand out far more than others."
AGAIN = "Run the same audit again with the same seed, and compare the two reports."
EPSILON: Reading = (
    "Promised, shown, could have shown",
    "Shown is a lower bound on what is given away. It may not pass what was promised. A low bar below a "
    "high third bar is good news; below a low third bar it is no news.",
)
