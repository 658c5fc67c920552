"""Beside the findings on answers: how many bits are right and known, and how many answers it takes."""

from __future__ import annotations

import math

import numpy as np

from confide.attacks.reconstruction.answers import LinearProgram
from confide.audits.release import AuditedRelease
from confide.core.arrays import Bools, Rng
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.measure import auc, proportion
from confide.measure.forecast import SURE, Forecast, forecast, known_here
from confide.report import Line, Plot, Table
from confide.report.exhibits import Cell
from confide.report.rates import share as share_of_people
from confide.views.answers import Answers

FEWEST = 1e-5
"""A smaller share of the people is called none."""
NEVER = "never, by queries like these"
IN_WORDS = {0.01: "1 in 100", 0.05: "5 in 100", 0.5: "half"}


def foretold(release: AuditedRelease, bits: Bools, *, rng: Rng) -> Forecast:
    """The forecast for this release: from its queries, its noise and the share of the secret alone."""
    view: Answers = release.worlds[0].case.view
    return release.once(
        "forecast",
        lambda: forecast(view.subsets, noise=view.noise or 0.0, share=float(bits.mean()), rng=rng),
    )


def of_forecast(
    release: AuditedRelease, told: Forecast, bits: Bools, *, tossed: int
) -> tuple[()] | tuple[Table, Plot]:
    """The forecast as numbers, and as a curve; none under a promise (`NO_FORECAST`).

    Args:
        release: the release.
        told: what is foretold of it.
        bits: bool[n], who has the secret.
        tossed: for how many of the people a coin decides it in each world.
    """
    if release.promise is not None:
        return ()
    view: Answers = release.worlds[0].case.view
    share = float(bits.mean())
    rare = max(share, 1 - share) >= SURE
    whom = "people whose value is the rarer one" if rare else "people"
    noise = f"noise of deviation {view.noise:.3g} on each" if view.noise else "no noise"
    of = int(min(bits.sum(), (~bits).sum())) if rare else len(bits)
    rows: list[tuple[Cell, ...]] = [
        (f"{words} of the {whom} known", _number(told.until[known])) for known, words in IN_WORDS.items()
    ]
    table = Table(
        title="How many answers until people are known",
        reading=f"Foretold from the queries, {noise}, and how common the secret is; no attack was needed. "
        f"Somebody is known if one value has a probability of 95 % or more. {told.how} With the "
        f"{len(view):,} answers of this release, {_share_in_words(told.here)} of the {whom} are foretold to "
        f"be known.{_of_coins(view, bits, tossed)}",
        head=("when", "number of answers"),
        rows=tuple(rows),
        of=of,
    )
    plot = Plot(
        title="People known, by the number of answers",
        reading="Read upwards from a number of answers what share of the "
        f"{whom} is known with 95 %. The point is this release.",
        x_title="answers",
        y_title=f"share of the {whom} known",
        lines=(
            Line(name="foretold", x=told.answers, y=told.known),
            Line(name="this release", x=(float(len(view)),), y=(told.here,), joined=False),
        ),
        log_x=True,
        of=of,
    )
    return table, plot


NO_FORECAST = (
    "Under a promise there is no forecast of how many answers it takes: more queries would get more noise "
    "each, so what these answers say foretells nothing."
)


def _of_coins(view: Answers, bits: Bools, tossed: int) -> str:
    """What is foretold where coins change how common the secret is; empty where they do not."""
    if not tossed:
        return ""
    share = (0.5 * tossed + (len(bits) - tossed) * float(bits.mean())) / len(bits)
    here = known_here(view.subsets, noise=view.noise or 0.0, share=share)
    return (
        " That is for the secret as common as it is in the records. In the audit a coin decides it for those "
        f"asked about, so that {100 * share:.0f} in 100 have it, and what is less lopsided takes more to be "
        f"known: at that share {_share_in_words(here)} of the people are foretold to be known, to be held "
        "against 'known' under 'What the answers give away'."
    )


def _share_in_words(rate: float) -> str:
    """A share, where hardly anybody is nobody.

    >>> _share_in_words(1e-175), _share_in_words(0.39), _share_in_words(1.0)
    ('none', '39 in 100', 'all')
    """
    return "none" if rate < FEWEST else share_of_people(rate)


def _number(answers: float) -> str:
    """A number of answers to two digits: the forecast is no surer.

    >>> _number(1234.0), _number(math.inf), _number(7.2)
    ('about 1,200', 'never, by queries like these', 'about 8')
    """
    if math.isinf(answers):
        return NEVER
    step = 10 ** max(0, len(str(int(answers))) - 2)
    return (
        f"about {math.ceil(answers / step) * step:,}"
        if step == 1
        else f"about {round(answers / step) * step:,}"
    )


def given_away(release: AuditedRelease, blind: Evidence | None) -> Table:
    """How many bits each attack has right, and how many it knows with 95 %."""
    rows: list[tuple[Cell, ...]] = []
    probable = {a.name for a in release.attacks if not isinstance(a, LinearProgram)}
    for e in release.evidence:
        score, has = e.table["score"].to_numpy(), e.exposed
        right, sure = (score > 0) == has, np.abs(score) >= math.log(SURE / (1 - SURE))
        known = (_share(e, sure), _share(e, right, among=sure)) if e.attack in probable else (None, None)
        sides = (e.person[has], e.person[~has])
        rows.append((e.attack, _share(e, right), *known, auc(score[has], score[~has], people=sides)))
    base = release.evidence[0]
    common = np.maximum(base.exposed.mean(), 1 - base.exposed.mean())
    if blind is not None:
        score = blind.table["score"].to_numpy()
        rows.append(
            ("blind: by other columns", None, None, None, auc(score[base.exposed], score[~base.exposed]))
        )
    return Table(
        title="What the answers give away",
        reading="'Right about' is the share of those asked about whose value is named correctly; naming the "
        f"commoner value for everybody is right about {100 * common:.0f} in 100. 'Known' are those of whom "
        "the attack gives one value a probability of 95 % or more; about 95 % or more of these should be "
        "right. The AUC says how often it is surer of a person who has the secret than of one who has not.",
        head=("attack", "right about", "known", "of the known, right", "AUC"),
        rows=tuple(rows),
        of=len(np.unique(base.person)),
    )


def right_of_known(evidence: Evidence) -> Estimate | None:
    """The share of the claims of 95 % or more that are right; None where an attack claims no probability."""
    if evidence.attack == LinearProgram.name:
        return None
    score = evidence.table["score"].to_numpy()
    sure = np.abs(score) >= math.log(SURE / (1 - SURE))
    return _share(evidence, (score > 0) == evidence.exposed, among=sure)


def _share(evidence: Evidence, which: Bools, *, among: Bools | None = None) -> Estimate | None:
    """The share of rows, with an interval as of independent people."""
    inside = np.ones(len(which), np.bool_) if among is None else among
    rows = int(inside.sum())
    if not rows:
        return None
    people = len(np.unique(evidence.person[inside]))
    # A person's rows count for one: their number, and not that of the rows, says how sure the share is.
    return proportion((which & inside).sum() * people / rows, people, confidence=0.95)
