"""Beside the findings on answers: how many bits are right and known, and how many answers it takes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from confide.attacks.reconstruction.answers import LinearProgram
from confide.audits.release import AuditedRelease
from confide.core.arrays import Bools, Rng
from confide.core.estimate import Estimate
from confide.core.evidence import Evidence
from confide.core.language import later, t
from confide.measure import auc, proportion
from confide.measure.forecast import SURE, Forecast, forecast, known_here
from confide.report import Line, Plot, Table
from confide.report.exhibits import Cell
from confide.report.rates import share as share_of_people
from confide.views.answers import Answers

FEWEST = 1e-5
"""A smaller share of the people is called none."""
NEVER = later("never, by queries like these")
PEOPLE = {
    0.01: later("1 in 100 of the people known"),
    0.05: later("5 in 100 of the people known"),
    0.5: later("half of the people known"),
}
RARER = {
    0.01: later("1 in 100 of the people whose value is the rarer one known"),
    0.05: later("5 in 100 of the people whose value is the rarer one known"),
    0.5: later("half of the people whose value is the rarer one known"),
}


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
    of = int(min(bits.sum(), (~bits).sum())) if rare else len(bits)
    rows: list[tuple[Cell, ...]] = [
        (t(words), _number(told.until[known])) for known, words in (RARER if rare else PEOPLE).items()
    ]
    table = Table(
        title=t("How many answers until people are known"),
        reading=" ".join([*_foretold(view, told, rare=rare), *_of_coins(view, bits, tossed)]),
        head=(t("when"), t("number of answers")),
        rows=tuple(rows),
        of=of,
    )
    plot = Plot(
        title=t("People known, by the number of answers"),
        reading=t(
            "Read upwards from a number of answers what share of the people whose value is the rarer one "
            "is known with 95 %. The point is this release."
        )
        if rare
        else t(
            "Read upwards from a number of answers what share of the people is known with 95 %. The point "
            "is this release."
        ),
        x_title=t("answers"),
        y_title=t("share of the people whose value is the rarer one known")
        if rare
        else t("share of the people known"),
        lines=(
            Line(name=t("foretold"), x=told.answers, y=told.known),
            Line(name=t("this release"), x=(float(len(view)),), y=(told.here,), joined=False),
        ),
        log_x=True,
        of=of,
    )
    return table, plot


NO_FORECAST = later(
    "Under a promise there is no forecast of how many answers it takes: more queries would "
    "get more noise each, so what these answers say foretells nothing."
)


def _foretold(view: Answers, told: Forecast, *, rare: bool) -> Iterator[str]:
    """What the forecast rests on, and what it says of this release, a sentence each."""
    yield (
        t(
            "Foretold from the queries, noise of deviation {deviation:.3g} on each, and how common the "
            "secret is; no attack was needed.",
            deviation=view.noise,
        )
        if view.noise
        else t("Foretold from the queries, no noise, and how common the secret is; no attack was needed.")
    )
    yield t("Somebody is known if one value has a probability of 95 % or more.")
    yield t(told.how)
    here = {"n": len(view), "here": _share_in_words(told.here)}
    yield (
        t(
            "With the {n:,} answers of this release, {here} of the people whose value is the rarer one are "
            "foretold to be known.",
            **here,
        )
        if rare
        else t(
            "With the {n:,} answers of this release, {here} of the people are foretold to be known.",
            **here,
        )
    )


def _of_coins(view: Answers, bits: Bools, tossed: int) -> Iterator[str]:
    """What is foretold where coins change how common the secret is; nothing where they do not."""
    if not tossed:
        return
    share = (0.5 * tossed + (len(bits) - tossed) * float(bits.mean())) / len(bits)
    here = known_here(view.subsets, noise=view.noise or 0.0, share=share)
    yield t(
        "That is for the secret as common as it is in the records. In the audit a coin decides it for "
        "those asked about, so that {share:.0f} in 100 have it, and what is less lopsided takes more to be "
        "known: at that share {here} of the people are foretold to be known, to be held against 'known' "
        "under 'What the answers give away'.",
        share=100 * share,
        here=_share_in_words(here),
    )


def _share_in_words(rate: float) -> str:
    """A share, where hardly anybody is nobody.

    >>> _share_in_words(1e-175), _share_in_words(0.39), _share_in_words(1.0)
    ('none', '39 in 100', 'all')
    """
    return t("none", of="share") if rate < FEWEST else share_of_people(rate)


def _number(answers: float) -> str:
    """A number of answers to two digits: the forecast is no surer.

    >>> _number(1234.0), _number(math.inf), _number(7.2)
    ('about 1,200', 'never, by queries like these', 'about 8')
    """
    if math.isinf(answers):
        return t(NEVER)
    step = 10 ** max(0, len(str(int(answers))) - 2)
    return (
        t("about {n:,}", n=math.ceil(answers / step) * step)
        if step == 1
        else t("about {n:,}", n=round(answers / step) * step)
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
            (t("blind: by other columns"), None, None, None, auc(score[base.exposed], score[~base.exposed]))
        )
    return Table(
        title=t("What the answers give away"),
        reading=t(
            "'Right about' is the share of those asked about whose value is named correctly; naming "
            "the commoner value for everybody is right about {common:.0f} in 100. 'Known' are those "
            "of whom the attack gives one value a probability of 95 % or more; about 95 % or more of "
            "these should be right. The AUC says how often it is surer of a person who has the "
            "secret than of one who has not.",
            common=100 * common,
        ),
        head=(t("attack"), t("right about"), t("known"), t("of the known, right"), t("AUC")),
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
