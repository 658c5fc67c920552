"""Goal: the words of what the adversary is after, from which the sentences of a report are built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, cast

from confide.core.language import language, t
from confide.report.rates import out_of

GoalName: TypeAlias = Literal["membership", "attribute", "linkage", "reconstruction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The words that differ from goal to goal. `sentences` and `readings` put them into sentences.

    They stand here in English; `goal(name)` gives them in the language that is chosen (`SHOWN`, `phrases`).

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
        bar: where a number is read, with a gap for the false-positive rate, "rate"; by default "at" this many
            false claims.
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
        english: of a goal that was translated, the goal as it stands in the code.
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

    english: Goal | None = None

    def who(self, access: str) -> str:
        """The adversary, for a section that does not name it."""
        return (self.by_access or {}).get(access, self.subject)

    @property
    def people(self) -> tuple[str, str]:
        """The exposed and the control people: rates are resolved by people."""
        return self.counted or (self.exposed, self.control)

    @property
    def in_english(self) -> Goal:
        """The goal as it stands in the code."""
        return self.english or self

    @property
    def clause(self) -> bool:
        """Is `at` a clause, which a comma follows?"""
        return bool(self.in_english.bar)

    def at(self, rate: str) -> str:
        """Where a number is read: the false-positive rate, in words, with what it is a share of.

        >>> from confide.report.goals import MEMBERSHIP, REBUILT
        >>> MEMBERSHIP.at("1 in 100")
        'at 1 in 100 wrong accusations'
        >>> REBUILT.at("1 in 10")
        'where at most 1 in 10 other records come as near by chance'
        """
        return self.say("bar", rate=rate)

    def many(self, rate: float) -> str:
        """A share of those who can be found, after a verb.

        >>> from confide.report.goals import MEMBERSHIP, RECORDS
        >>> MEMBERSHIP.many(0.41), RECORDS.many(0), RECORDS.many(1)
        ('41 in 100 members', 'no records', 'all records')
        """
        if rate <= 0 or rate >= 1:
            return self.say("none" if rate <= 0 else "all")
        n, per = out_of(rate)
        return self.say("many", n=n, per=per)

    def claim(self, subject: str, rate: float, errors: str) -> str:
        """The first sentence of a report that found something, with both rates.

        >>> from confide.report.goals import MEMBERSHIP
        >>> MEMBERSHIP.claim("Somebody", 0.41, "1 in 100")[-68:]
        'for about 41 in 100 members, while wrongly accusing 1 in 100 others.'
        """
        if rate >= 1:
            return self.say("claim of all", subject=subject, errors=errors)
        n, per = out_of(rate)
        # What is "more than" is not "about".
        about = n if rate >= 0.995 else t("about {n}", n=n)
        return self.say("claim", subject=subject, n=about, per=per, errors=errors)

    def say(self, phrase: str, **values: str) -> str:
        """A phrase that is put together from several words, filled in."""
        return t(phrases(self.in_english)[phrase], of=phrase, **values)

    @property
    def translated(self) -> Goal:
        """The goal in the language that is chosen."""
        if language() == "en":
            return self
        shown = {name: _each(getattr(self, name), lambda text, name=name: t(text, of=name)) for name in SHOWN}
        return replace(self, english=self, **shown)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text that is translated: what tells it apart (`of`), and the English."""
        for name in SHOWN:
            each: list[str] = []
            _each(getattr(self, name), lambda text, each=each: each.append(text) or text)
            yield from ((name, text) for text in each if text)
        yield from phrases(self).items()


SHOWN = (
    *("subject", "by_access", "task", "better_than", "exposed", "control", "noun", "false_claim", "pair"),
    *("units", "groups", "counted", "saw", "knew", "condition", "caveats", "remedy", "enough", "protection"),
)
"""The fields that are translated, each for one place in a sentence.

What a translation has to be, so that every frame can take it:

- subject, by_access: the subject of a sentence in the singular, before "can" (German: masculine, with a
  comma at its end where it ends with a clause).
- task: an infinitive after "can"; better_than: an adverbial, which German and French put before the task.
- exposed, control, counted, noun, false_claim, units, groups: plural, in the first case and without an
  article, for they stand in brackets, after a colon or as a subject.
- pair: singular, in the first case.
- condition: a verb in the singular and what follows, as a main clause has it: "1 in 100 of them **was in**".
- all others: whole sentences.
"""


def phrases(goal: Goal) -> dict[str, str]:
    """What is put together from several words, as one text each, because every language does so in its way.

    Each is translated whole: "managed" after an adverbial (in German the verb comes first), "bar" as an
    adverbial, "row" without a subject.

    >>> from confide.report.goals import RECORDS
    >>> phrases(RECORDS)["row"]
    'recognises {many} {at} ({spread})'
    """
    find, finds, found = goal.verb
    # Most tasks read well with "for"; recognition does not.
    succeeds = goal.does or f"{goal.task} for"
    while_wrong = f"{goal.exposed}, while {goal.wrongly} {{errors}} {goal.others}."
    return {
        "claim": f"{{subject}} can {succeeds} {{n}} in {{per}} {while_wrong}",
        "claim of all": f"{{subject}} can {succeeds} all {while_wrong}",
        "bar": goal.bar or f"at {{rate}} {goal.false_claim}",
        "many": f"{{n}} in {{per}} {goal.noun}",
        "none": f"no {goal.noun}",
        "all": f"all {goal.noun}",
        "caught": f"{goal.noun} {found}",
        "upwards": f"what share of the {goal.noun} is {found}",
        # The head of a column names one of them.
        "one": goal.noun.removesuffix("s"),
        "guessing": f"guessing would {find} {{guess}}",
        "managed": f"the attack {found} {{many}}",
        "row": f"{finds} {{many}} {{at}} ({{spread}})",
        "noticed": f"an adversary that {finds} {{many}} {{at}} would have been noticed in 90 of 100 such "
        "audits, a weaker one less often",
        "reached": f"{{where}} the adversary {finds} {{now}} instead of {{was}} in {{per}} {goal.noun}",
    }


def _each(value: Any, change: Callable[[str], str]) -> Any:
    """Every text of a field, changed."""
    if value is None or isinstance(value, str):
        return change(value) if value else value
    if isinstance(value, tuple):
        return tuple(change(text) for text in cast(tuple[str, ...], value))
    return {name: change(text) for name, text in cast(Mapping[str, str], value).items()}
