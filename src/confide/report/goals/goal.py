"""Goal: the words of what the adversary is after, from which the sentences of a report are built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from confide.report.rates import share

GoalName: TypeAlias = Literal["membership", "attribute", "linkage", "reconstruction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The words that differ from goal to goal. `sentences` and `readings` put them into sentences.

    Args:
        name: one of the four goals.
        subject: the adversary and what it knows, where a section does not say it; by_access: the same by the
            access to a model.
        task: what it tries, after "can".
        does: what it succeeds in, after "can" and before "66 in 100 members"; the task and "for" by default.
        better_than: compared with what, after the task.
        wrongly: what a false claim does, after "while"; others: to whom, after a share.
        exposed: the people, or pictures, about whom a claim can be right; control: those it is wrong about.
        noun: what is counted when the adversary succeeds.
        verb: what it does to them: "find", "finds", "found".
        false_claim: false claims, after "1 in 100".
        bar: where a number is read, with a gap for the false-positive rate; by default "at" this many false
            claims.
        pair: one of the exposed, one of the control.
        units: what is compared: "people" or "pictures".
        groups: the exposed and the control in the charts.
        counted: the exposed and the control people, where `exposed` and `control` are no people.
        saw: its access, where that is none to a model; knew: what else it knew.
        condition: of those asked about, what a share may be: "were in the data". Empty where claims about
            exposed people can be wrong too: then the rates do not say how often a claim is right.
        bounds: is being exposed what differential privacy bounds? Then epsilon is shown.
        certain: is every claim about the exposed right? Only then does the curve end in the corner, and
            guessing finds as many as it is wrong about.
        lists: does a list of the most exposed make sense?
        blind_matters: must a blind adversary be played, because no coin drew the groups?
        caveats: what must not be read into the numbers, besides what holds for all goals.
        remedy: what to do about groups that differ; enough: about too few people; protection: about a leak.
    """

    name: GoalName
    subject: str
    by_access: Mapping[str, str] | None = None
    task: str
    does: str = ""
    better_than: str
    wrongly: str
    others: str
    exposed: str
    control: str
    noun: str
    verb: tuple[str, str, str]
    false_claim: str
    bar: str = ""
    pair: tuple[str, str]
    units: str = "people"
    groups: tuple[str, str]
    saw: str
    counted: tuple[str, str] | None = None
    knew: tuple[str, ...] = ()
    condition: str = ""
    bounds: bool = True
    certain: bool = True
    lists: bool = True
    blind_matters: bool = False
    caveats: tuple[str, ...] = ()
    remedy: str
    enough: str
    protection: tuple[str, ...]

    def who(self, access: str) -> str:
        """The adversary, for a section that does not name it."""
        return (self.by_access or {}).get(access, self.subject)

    @property
    def people(self) -> tuple[str, str]:
        """The exposed and the control people: rates are resolved by people."""
        return self.counted or (self.exposed, self.control)

    @property
    def succeeds(self) -> str:
        """What the adversary succeeds in, after "can" and before a share of people."""
        # Most tasks read well so; recognition does not.
        return self.does or f"{self.task} for"

    def at(self, rate: str) -> str:
        """Where a number is read: the false-positive rate, in words, with what it is a share of.

        >>> from confide.report.goals import MEMBERSHIP, REBUILT
        >>> MEMBERSHIP.at("1 in 100")
        'at 1 in 100 wrong accusations'
        >>> REBUILT.at("1 in 10")
        'where at most 1 in 10 other records come as near by chance'
        """
        return (self.bar or f"at {{}} {self.false_claim}").format(rate)

    def many(self, rate: float) -> str:
        """A share of those who can be found, after a verb.

        >>> from confide.report.goals import MEMBERSHIP, RECORDS
        >>> MEMBERSHIP.many(0.41), RECORDS.many(0), RECORDS.many(1)
        ('41 in 100 members', 'no records', 'all records')
        """
        return _share_of(rate, self.noun)

    def about(self, rate: float) -> str:
        """The same in the first sentence.

        >>> from confide.report.goals import MEMBERSHIP, RECORDS
        >>> RECORDS.about(0.66), MEMBERSHIP.about(1)
        ('about 66 in 100 people in the release', 'all members')
        """
        text = _share_of(rate, self.exposed)
        # "About all" would say less than "all".
        return text if rate >= 0.995 or rate <= 0 else f"about {text}"


def _share_of(rate: float, whom: str) -> str:
    return f"no {whom}" if rate <= 0 else f"{share(rate)} {whom}"
