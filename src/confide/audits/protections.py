"""Protections by name, as a user writes them; and the frontier of risk against utility, as exhibits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter, signature
from itertools import combinations
from math import nan
from typing import Literal, TypeAlias

from confide.audits.frontier import Frontier, Point
from confide.audits.side_by_side import further_columns, side_by_side
from confide.core.budget import Budget
from confide.core.errors import ConfideError, DataError
from confide.core.estimate import Estimate
from confide.core.language import later, t
from confide.core.nouns import AnyMechanism
from confide.inputs.numbers import parse_epsilon, parse_number
from confide.inputs.sidecar import protections_of
from confide.mechanisms.in_order import in_order
from confide.mechanisms.noise.source import Noise
from confide.report import Line, Plot, Table

UNPROTECTED = later("as they are")
"""The name of the release without protection."""

Good: TypeAlias = Literal["high", "low"]
"""Which values of a measure of utility are the good ones: those of a hit rate are high, of an error low."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The settings of a protection from weak to strong, for a search over them.

    Args:
        weakest, strongest: the ends, as numbers.
        write: a number on the scale -> the protection as a user writes it.
        whole: whether only whole numbers are settings.
    """

    weakest: float
    strongest: float
    write: Callable[[float], str]
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """A mechanism by the name that a user writes.

    Args:
        make: settings as text -> mechanism; it also takes `noise` where it is `random`.
        example: with settings, such as 'rare:20'.
        settings: what each setting of `make` is, by its name there.
        random: whether it draws noise.
        alone: whether it changes each unit of a promise by itself, be it a record or a pixel. A promise would
            not hold after a step that looks at others: one unit more could change many.
        last: whether nothing can come after it, since the adversary reads off the release what it left.
        scale: its settings from weak to strong; None where they are not one number.
    """

    make: Callable[..., AnyMechanism]
    example: str
    settings: Mapping[str, str] = field(default_factory=dict)
    random: bool = False
    alone: bool = True
    last: bool = False
    scale: Scale | None = None

    @property
    def parameters(self) -> Sequence[Parameter]:
        """The settings in their order; those with a default need not be written."""
        return [p for p in signature(self.make).parameters.values() if p.name != "noise"]

    def why_not(self, given: Sequence[str]) -> str:
        """What is wrong with the number of settings; empty if nothing is."""
        known = [p.name for p in self.parameters]
        if any(p.kind is p.VAR_POSITIONAL for p in self.parameters):  # as many as the user likes
            return "" if given else f"{' and '.join(known)} are missing"
        lacking = [p.name for p in self.parameters[len(given) :] if p.default is p.empty]
        if lacking:
            return f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing"
        if given and not known:
            return "it takes no settings"
        if len(given) > len(known):
            return f"it takes {' and '.join(known)}, and {len(given)} settings are given"
        return ""


def by_laplace(
    make: Callable[..., AnyMechanism], settings: Mapping[str, str], *, example: str = "laplace:1"
) -> Protection:
    """Publishes statistics with Laplace noise for an epsilon, its first setting; they are published once.

    Args:
        make, settings, example: as of `Protection`.
    """
    return Protection(
        make=make,
        example=example,
        settings=settings,
        random=True,
        alone=False,
        last=True,
        # A larger epsilon is the weaker promise, so the scale falls.
        scale=Scale(weakest=100.0, strongest=0.1, write=lambda epsilon: f"laplace:{epsilon:.3g}"),
    )


def by_gaussian(make: Callable[..., AnyMechanism], settings: Mapping[str, str]) -> Protection:
    """The same with Gaussian noise, for an epsilon and a delta; two numbers are no scale to search.

    Args:
        make, settings: as of `Protection`.
    """
    return Protection(
        make=make, example="gaussian:1,1e-6", settings=settings, random=True, alone=False, last=True
    )


def by_budget(name: str, make: Callable[..., AnyMechanism], *, delta: str) -> Protection:
    """Trains or synthesises under a budget: an epsilon, its first setting, and a delta.

    Args:
        name: that the user writes.
        make: takes `budget` and `noise`.
        delta: if the user gives none.
    """

    def made(epsilon: str, delta: str = delta, *, noise: Noise) -> AnyMechanism:
        if not 0 < (probability := parse_number(delta)) < 1:
            raise DataError(f"delta is {probability:g}: give a number above 0 and below 1.")
        return make(budget=Budget(float(parse_epsilon(epsilon)), probability), noise=noise)

    return Protection(
        make=made,
        example=f"{name}:1",
        settings={
            "epsilon": "of the promise about any one record",
            "delta": "of the promise: well below one over the number of records",
        },
        random=True,
        alone=False,
        last=True,
        scale=Scale(weakest=100.0, strongest=0.05, write=lambda epsilon: f"{name}:{epsilon:.3g}"),
    )


def parse_protections(
    texts: Sequence[str], protections: Mapping[str, Protection], *, noise: Noise = "rehearsal"
) -> dict[str, AnyMechanism]:
    """Mechanisms by the text that names them, such as 'rare:20' or 'planar:200m,1.4'.

    Args:
        texts: each the name of a protection and, after a colon, its settings parted by commas; several that
            are applied one after the other are joined by a plus.
        protections: what can be written.
        noise: an audit rehearses; a release draws from the cryptographic source.

    Raises:
        DataError: for an unknown name, a setting that the mechanism refuses, or an order that cannot be; what
            can be written is listed.

    >>> halve = Protection(make=lambda times: f"halved {times} times", example="half:2")
    >>> parse_protections(["half:3"], {"half": halve})
    {'half:3': 'halved 3 times'}
    """
    return {text: _parsed(text, protections, noise) for text in texts}


def made_by(
    released: object, said: str | None, protections: Mapping[str, Protection], *, kind: str
) -> AnyMechanism | None:
    """How a released file was made, as the adversary knows it: by what is said, or by the file's sidecar.

    An adversary that did not know would be weaker than a real one, and the audit a false all-clear.

    Args:
        released: the file, or a frame in memory.
        said: the protections as a user writes them; a comma between two of them is read as a plus.
        protections: what can be written.
        kind: of the release, as the door reads it.

    Raises:
        DataError: for protections that cannot be read, a sidecar of another kind, or where what is said and
            the sidecar differ.
    """
    known = "+".join(protections_of(released, kind=kind))
    # A setting is no name with a colon, so such a comma is between two protections.
    said = said and re.sub(rf",\s*(?=({'|'.join(map(re.escape, protections))}):)", "+", said)
    found = parse_protections([text for text in (said, known) if text], protections)
    if said and known and found[said] != found[known]:
        raise DataError(
            f"--made-by says {said}, and the sidecar of {released} says {known}: leave out --made-by, or "
            "remove the sidecar if it is wrong."
        )
    return found.get(said or known)


def _parsed(text: str, protections: Mapping[str, Protection], noise: Noise) -> AnyMechanism:
    # All steps are made first, so that a wrong setting is said before a wrong order.
    steps = [(part, *_step(part.strip(), protections, noise)) for part in text.split("+")]
    # Every pair, and not neighbours alone: an order may be broken by a step further on.
    for (first, before, _), (second, after, mechanism) in combinations(steps, 2):
        promises = mechanism.budget is not None
        if before.last and after.last:
            raise DataError(f"{text!r} cannot be used: nothing can follow {first} or {second}. Give one.")
        if before.last or (promises and not before.alone):
            why = f"{first} has to come last"
            if not before.last:
                why = f"by {first} one change becomes many, and {second} promises to hide one"
            raise DataError(f"{text!r} cannot be used: {why}. Write {second} before {first}.")
    return in_order([mechanism for *_, mechanism in steps])


def _step(text: str, protections: Mapping[str, Protection], noise: Noise) -> tuple[Protection, AnyMechanism]:
    name, _, rest = text.partition(":")
    if name not in protections:
        can = ", ".join(p.example for p in protections.values())
        instead = f"write one of {can}" if can else "none is offered for this kind of release yet"
        raise DataError(f"there is no protection {text!r:.80}: {instead}.")
    protection = protections[name]
    # Without settings the mechanism's own defaults hold, if it has any.
    settings = [part.strip() for part in rest.split(",")] if rest else []
    try:
        if why := protection.why_not(settings):
            raise DataError(why)
        return protection, protection.make(*settings, **({"noise": noise} if protection.random else {}))
    # The sentence is kept: the mechanism knows what its settings may be.
    except ConfideError as why:
        raise DataError(
            f"{text!r:.80} cannot be used: {str(why).rstrip('.')}. Write for example {protection.example}."
        ) from why


SURE = later(
    "Its interval is that of a finding: corrected for all attacks that the audit has, since the best of "
    "them is chosen by looking."
)
PROVED = later(
    "No chance is in what is proved: its upper end is what may be provable, where that was not decided."
)


def frontier_exhibits(
    found: Frontier, *, across: str, good: Good, proved: bool = False
) -> tuple[Table, Plot] | tuple[Table, Plot, Plot]:
    """The frontier as a table of everything, and as a chart of the risk over one measure of what is left.

    Where more than the risk was measured, a chart of everything by release comes after them.

    Args:
        across: that measure's name, a key of `Point.left`.
        good: are its high or its low values the good ones?
        proved: is the risk a share of what is proved?
    """
    # Together, in order: a measure may be missing for a release that left too little to measure it.
    measures = list(dict.fromkeys(name for p in found.points for name in p.left))
    judged = any(p.ruling for p in found.points)
    further = further_columns(found.points)
    rows = tuple(
        (
            t(p.name),
            p.said or (t("none") if p.promise is None else str(p.promise)),
            p.risk,
            *(p.left.get(name) for name in measures),
            *(cell(p) for cell in further.values()),
            *([t(p.ruling)] * judged),
        )
        for p in found.points
    )
    table = Table(
        title=t("What each protection buys, and what it costs"),
        reading=t(
            "A row a release: what the same adversary reaches against it, and what is left of the data. "
            "{sure}",
            sure=t(PROVED if proved else SURE),
        ),
        head=(
            t("release"),
            t("promise"),
            t(found.risk),
            *map(t, measures),
            *further,
            *([t("limits")] * judged),
        ),
        rows=rows,
        of=found.of,
    )
    reading = t(
        "Each point is a release. Its upright line is the interval of the risk, its level one that of what "
        "is left, where known. The best releases are low, where little is found out, and at the right, "
        "where much is left."
    )
    x_title = t("{what} (more is better \N{RIGHTWARDS ARROW})", what=t(across))
    if good == "low":
        reading = t(
            "Each point is a release. Its upright line is the interval of the risk, its level one that of "
            "what is left, where known. The best releases are low, where little is found out, and at the "
            "left, where much is left."
        )
        x_title = t("{what} (\N{LEFTWARDS ARROW} less is better)", what=t(across))
    plot = Plot(
        title=t("Risk against what is left"),
        reading=reading,
        x_title=x_title,
        y_title=t("{what} (lower is better)", what=t(found.risk)),
        lines=tuple(_placed(p, across) for p in found.points if across in p.left),
        measured=True,
        named=True,
        of=found.of,
    )
    return (table, plot, side_by_side(found, across=across)) if further else (table, plot)


def _placed(p: Point, across: str) -> Line:
    """A release as a point of the frontier, with both its intervals."""
    left = p.left[across]
    # A measure without interval has no level line.
    left = left if isinstance(left, Estimate) else Estimate(float(left), nan, nan, p.risk.confidence)
    return Line(
        name=p.label or t(p.name),
        x=(left.value,),
        x_low=(left.low,),
        x_high=(left.high,),
        y=(p.risk.value,),
        low=(p.risk.low,),
        high=(p.risk.high,),
        # Protections are no steps of one scale, so no line joins them.
        joined=False,
    )
