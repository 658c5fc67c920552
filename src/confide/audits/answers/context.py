"""The words of an audit of answers: what was asked, of whom, and what the adversary knew."""

from __future__ import annotations

from collections.abc import Sequence

from confide.audits.answers.exhibits import NO_FORECAST, right_of_known
from confide.audits.release import AuditedRelease
from confide.audits.spec import Context, Count
from confide.core.evidence import Evidence
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
    noise = f"noise of deviation {view.noise:.3g} on each" if view.noise else "without noise"
    asked = (
        f"all {count(people)} people, with the secret that they have"
        if exist
        else f"{count(each)} of {count(people)} people in each of {worlds:,} rounds; a fair coin decides "
        "their secret"
    )
    return Context(
        adversary=(
            "It knew how the answers were made, and how much noise is in them.",
            "It did not use what goes with the secret in everybody.",
        ),
        about={
            "release": f"{len(view):,} answers about {count(people)} people, {noise}",
            "secret": data.having,
            "asked about": asked,
        },
        notes=(
            *data.notes,
            *(NO_CONTROL,) * exist,
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
            doubts[f"the certain claims of {e.attack}"] = (
                f"Of the people of whom {e.attack} says one value with a probability of 95 % or more, fewer "
                f"than {100 * WRONG:.0f} in 100 are as it says: {cause}"
            )
    return doubts


MISREAD = "the answers are not what it takes them for. Check the order of rows and queries, and the noise."
MISTAKEN = (
    "its probabilities are wrong for these answers, which confide made itself: no file of yours is the "
    "cause. Its order of people, from which the AUC and the rates come, may be right all the same; do not "
    "rely on 'known'."
)
NO_CONTROL = (
    "Nobody can be held out of answers that exist: they were made with everybody's own secret, and no coin "
    "decided it. So no bound on epsilon is certified, and success stands beside that of a blind adversary, "
    "which ranks people by what goes with the secret in other people."
)


def _few(told: Forecast, answers: int, *, promised: bool) -> tuple[str, ...]:
    """That so few answers are of no use to the adversary, and where that is foretold no further."""
    few = f"With {answers:,} answers fewer than 1 in 100 people are foretold to be known."
    found = (few,) * (told.here < USELESS)
    if promised:
        return (*found, NO_FORECAST)
    return tuple(f"{one} The forecast says how many it takes." for one in found)
