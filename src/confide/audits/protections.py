"""Protections by name, as a user writes them; and the frontier of risk against what is left, as exhibits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from confide.audits.frontier import Frontier
from confide.core.errors import ConfideError, DataError
from confide.core.estimate import Estimate, Measured
from confide.core.nouns import Mechanism
from confide.report import Line, Plot, Table

Maker: TypeAlias = Callable[..., Mechanism[Any]]

UNPROTECTED = "as they are"
"""The name of the release without protection."""


def parse_protections(
    specs: Sequence[str], makers: Mapping[str, tuple[Maker, str]]
) -> dict[str, Mechanism[Any]]:
    """Mechanisms by the text that names them, such as 'rare:20' or 'planar:200m,1.4'.

    Args:
        specs: each the name of a maker and, after a colon, its settings parted by commas.
        makers: name -> (maker, called with the settings as text; an example).

    Raises:
        DataError: for an unknown name or a setting that the maker refuses; what can be written is listed.

    >>> parse_protections(["half:3"], {"half": (lambda times: f"halved {times} times", "half:2")})
    {'half:3': 'halved 3 times'}
    """
    found: dict[str, Mechanism[Any]] = {}
    for spec in specs:
        name, _, rest = spec.partition(":")
        examples = ", ".join(example for _, example in makers.values())
        if name not in makers:
            raise DataError(f"there is no protection {spec!r}: write one of {examples}.")
        make, example = makers[name]
        try:
            found[spec] = make(*[part.strip() for part in rest.split(",")] if rest else [])
        except ConfideError as why:
            raise DataError(
                f"{spec!r} cannot be used ({str(why).rstrip('.')}): write for example {example}."
            ) from why
        except (TypeError, ValueError, OverflowError) as why:
            raise DataError(f"{spec!r} cannot be used: write for example {example}.") from why
    return found


def frontier_exhibits(found: Frontier, *, across: str) -> tuple[Table, Plot]:
    """The frontier as a table of everything, and as a chart of the risk over one measure of what is left.

    Args:
        across: that measure's name, a key of `Point.left`.
    """
    measures = list(dict.fromkeys(name for p in found.points for name in p.left))
    rows = tuple(
        (
            p.name,
            "none" if p.promise is None else str(p.promise),
            p.risk,
            *(p.left.get(name) for name in measures),
        )
        for p in found.points
    )
    table = Table(
        title="What each protection buys, and what it costs",
        reading="A row a release: what the same adversary reaches against it, and what is left of the data.",
        head=("release", "promise", found.risk, *measures),
        rows=rows,
    )
    lines = tuple(
        Line(
            name=p.name,
            x=(value_of(p.left, across),),
            y=(p.risk.value,),
            low=(p.risk.low,),
            high=(p.risk.high,),
            labels=(p.name,),
            joined=False,
        )
        for p in found.points
        if across in p.left
    )
    plot = Plot(
        title="Risk against what is left",
        reading="Each point is a release. Good releases lie low and to the useful side: little is found out, "
        "much is left.",
        x_title=across,
        y_title=found.risk,
        lines=lines,
    )
    return table, plot


def value_of(left: Measured, name: str) -> float:
    """A measure's value, with or without interval."""
    found = left[name]
    return found.value if isinstance(found, Estimate) else float(found)


def something_left(data: Any, protections: Mapping[str, Mechanism[Any]], *, what: str, seed: int) -> None:
    """Refuse, before any work, a protection that leaves nothing of these records or cannot be applied.

    Raises:
        DataError: with the protection's name.
    """
    for spec, mechanism in protections.items():
        if not len(mechanism(data, rng=np.random.default_rng([seed, 8])).view):
            raise DataError(f"{spec} leaves none of the {what}: protect them less.")
