"""The words of an audit of answers: what was asked, of whom, and what the adversary knew."""

from __future__ import annotations

from collections.abc import Sequence

from confide.audits.answers.exhibits import NO_FORECAST, right_of_known
from confide.audits.release import AuditedRelease
from confide.audits.spec import Context, Count
from confide.core.evidence import Evidence
from confide.core.language import later, t
from confide.inputs.answers import Answers, AnswersData
from confide.measure.forecast import Forecast
from confide.views.answers import Answers as AnswersView

WRONG = 0.75
"""If surely a smaller share of the claims of 95 % or more are right, it misreads the answers."""
USELESS = 0.01
"""If a smaller share of the people is foretold to be known, there are too few answers to solve."""


def context_of(
    held: Answers,
    data: AnswersData,
    release: AuditedRelease,
    told: Forecast,
    blind: Evidence | None,
    count: Count,
    *,
    each: int,
    worlds: int,
) -> Context:
    """What the report says beside the numbers.

    Args:
        held: what was filled in.
        data: what was read.
        release: the release.
        told: what is foretold of it.
        blind: the evidence of the blind adversary, where the answers existed.
        count: counts in words.
        each: how many people a coin was tossed for in each world.
        worlds: how many worlds were dealt.
    """
    view: AnswersView = release.worlds[0].case.view
    people, exist = len(data.bits), data.released is not None
    noise = (
        t("noise of deviation {deviation:.3g} on each", deviation=view.noise)
        if view.noise
        else t("without noise")
    )
    asked = (
        t("all {people} people, with the secret that they have", people=count(people))
        if exist
        else t(
            "{each} of {people} people in each of {rounds:,} rounds; a fair coin decides their secret",
            each=count(each),
            people=count(people),
            rounds=worlds,
        )
    )
    return Context(
        adversary=(
            t("It knew how the answers were made, and how much noise is in them."),
            t("It did not use what goes with the secret in everybody."),
        ),
        about={
            t("release"): t(
                "{answers:,} answers about {people} people, {noise}",
                answers=len(view),
                people=count(people),
                noise=noise,
            ),
            t("secret"): data.having,
            t("asked about"): asked,
        },
        notes=(
            *data.notes,
            *(t(NO_CONTROL),) * exist,
            *_few(told, len(view), promised=release.promise is not None),
        ),
        unsettled={**data.unsettled, **overconfident(release.evidence, exist=exist)},
        blind=blind,
    )


def overconfident(found: Sequence[Evidence], *, exist: bool) -> dict[str, str]:
    """What cannot be settled if claims that have a probability of 95 % or more are far less often right.

    Then the attack works on another problem than the one that was posed, such as rows in another order, and
    that it finds little says nothing.

    Args:
        found: the evidence of each attack.
        exist: whether the user gave the answers. If confide made them, it knows rows, queries and noise, and
            there is nothing that the user could check.
    """
    cause = MISREAD if exist else MISTAKEN
    doubts = dict[str, str]()
    for e in found:
        right = right_of_known(e)
        if right is not None and right.high < WRONG:
            doubts[t("the certain claims of {attack}", attack=e.attack)] = t(
                cause, attack=e.attack, few=f"{100 * WRONG:.0f}"
            )
    return doubts


MISREAD = later(
    "Of the people of whom {attack} says one value with a probability of 95 % or more, fewer than {few} in "
    "100 are as it says: the answers are not what it takes them for. Check the order of rows and queries, "
    "and the noise."
)
MISTAKEN = later(
    "Of the people of whom {attack} says one value with a probability of 95 % or more, fewer than {few} in "
    "100 are as it says: its probabilities are wrong for these answers, which confide made itself: no file "
    "of yours is the cause. Its order of people, from which the AUC and the rates come, may be right all "
    "the same; do not rely on 'known'."
)
NO_CONTROL = later(
    "Nobody can be held out of answers that exist: they were made with everybody's own "
    "secret, and no coin decided it. So no bound on epsilon is certified, and success stands "
    "beside that of a blind adversary, which ranks people by what goes with the secret in "
    "other people."
)


def _few(told: Forecast, answers: int, *, promised: bool) -> tuple[str, ...]:
    """That so few answers are of no use to the adversary, and where that is foretold no further."""
    few = told.here < USELESS
    if promised:
        found = t("With {n:,} answers fewer than 1 in 100 people are foretold to be known.", n=answers)
        return (*(found,) * few, t(NO_FORECAST))
    found = t(
        "With {n:,} answers fewer than 1 in 100 people are foretold to be known. The forecast says how "
        "many it takes.",
        n=answers,
    )
    return (found,) * few
