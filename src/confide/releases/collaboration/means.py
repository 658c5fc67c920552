"""Robust means by their names in a plan, with what each needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, cast

from confide.core.errors import DataError
from confide.core.fields import shown
from confide.inputs.domain_columns import refuse_unknown
from confide.mechanisms.federate.means.coordinatewise import CoordinateMedian, TrimmedMean
from confide.mechanisms.federate.means.filtering import EigenvectorFilter
from confide.mechanisms.federate.means.krum import Krum
from confide.mechanisms.federate.means.mean import Mean, PlainMean

MEANS: Mapping[str, tuple[type, tuple[str, ...]]] = {
    "median": (CoordinateMedian, ()),
    "trimmed": (TrimmedMean, ("share",)),
    "krum": (Krum, ("poisoned",)),
    "filter": (EigenvectorFilter, ("share", "variance")),
}
"""The name in a plan -> the mean, and what it needs."""
PLAIN = "plain"
"""The mean that withstands nobody, where a protocol needs one."""


def mean_of(given: Any, *, plain: bool = False) -> Mean:
    """The mean that a plan says: a name, or a table with the name and what that mean needs.

    Args:
        given: "median", or { name = "trimmed", share = 0.2 }.
        plain: whether the plain mean may be named too.

    Raises:
        DataError: for a mean that there is not, with the nearest, and for what it is not told.

    >>> mean_of({"name": "krum", "poisoned": 2})
    Krum(poisoned=2, average=1)
    """
    said = cast("Mapping[str, Any]", given if isinstance(given, Mapping) else {"name": given})
    name = said.get("name")
    if plain and name == PLAIN and len(said) == 1:
        return PlainMean()
    if not isinstance(name, str) or name not in MEANS:
        near = get_close_matches(str(name).lower(), MEANS, n=1)
        names = (*MEANS, PLAIN) if plain else tuple(MEANS)
        raise DataError(
            f"the mean is {shown(name)}: {f'you may mean {near[0]!r}' if near else 'choose'} of "
            f"{', '.join(names)}."
        )
    made, needs = MEANS[name]
    refuse_unknown(said, ("name", *needs), f"the mean {name!r}")
    if missing := [key for key in needs if key not in said]:
        example = {"share": "0.2", "poisoned": "2", "variance": "0.05"}
        more = ", ".join(f"{key} = {example[key]}" for key in needs)
        raise DataError(
            f'the mean {name!r} needs {" and ".join(missing)}: write mean = {{ name = "{name}", {more} }}.'
        )
    return made(**{key: _number(key, said[key]) for key in needs})


def _number(key: str, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int if key == "poisoned" else int | float):
        raise DataError(f"{key} is {shown(value)}: give a {'whole ' * (key == 'poisoned')}number.")
    return value
