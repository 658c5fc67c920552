"""Recipes for randomising columns, as a user writes them: "warner(sex) laplace(income, 0..9000)"."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Literal

from confide.core.errors import DataError
from confide.inputs.numbers import parse_epsilon, parse_number, parse_whole
from confide.mechanisms.noise.source import Noise
from confide.mechanisms.randomize.bounds import Bounds
from confide.mechanisms.randomize.k_ary import KAry, Warner
from confide.mechanisms.randomize.noisy_numbers import NoisyNumbers
from confide.mechanisms.randomize.randomised_columns import Part, RandomisedColumns
from confide.mechanisms.randomize.rappor import Rappor
from confide.mechanisms.randomize.unary_encoding import UnaryEncoding

ONE = re.compile(r"\s*([A-Za-z-]+)\s*\(\s*(\"[^\"]*\"|'[^']*'|[^,()\"']+?)\s*((?:,[^()]*)?)\)")
"""A mechanism, its column and what is set: a name with commas, brackets or spaces at its ends is quoted."""


def parse_columns(
    text: str,
    *,
    epsilon: float,
    rest: Literal["drop", "keep"] = "drop",
    at_most: int = 1,
    noise: Noise = "secure",
) -> RandomisedColumns:
    """The mechanisms for several columns, with epsilon split among them evenly or by weight.

    Each is written as `name(column, setting, ...)`: warner, k-ary, oue, rappor, laplace and gaussian. Bounds
    are written `0..200000`; other settings by name, such as `weight 2`, `missing 0`, `delta 1e-6`, `bits 64`.

    Args:
        text: as the user wrote it.
        epsilon: for a person, all columns and `at_most` rows together.
        rest: what becomes of all other columns.
        at_most: rows of one person.
        noise: where noise comes from.

    Raises:
        DataError: if the text cannot be read, or a setting is missing or unknown.
        PromiseError: if a setting cannot be kept.

    >>> made = parse_columns("warner(sex) laplace(income, 0..200000, weight 3)", epsilon=1.0)
    >>> [(type(part).__name__, round(part.epsilon, 9)) for part in made.parts], str(made.budget.unit)
    ([('Warner', 0.25), ('NoisyNumbers', 0.75)], 'any one record')
    """
    parts: list[Part] = []
    weights: list[float] = []
    at = 0
    while text[at:].strip():
        found = ONE.match(text, at)
        if found is None:
            raise DataError(
                f"{text[at:].strip()!r:.60} cannot be read: write mechanisms and columns as in "
                "'warner(sex) laplace(income, 0..200000)'."
            )
        name, column, settings = found.groups()
        given = _settings(settings, name)
        weights.append(parse_number(given.pop("weight", "1")))
        parts.append(_made(name.lower(), column.strip("\"'"), given))
        at = found.end()
    if not parts:
        raise DataError("no column is named: write for example 'k-ary(region)'.")
    parse_epsilon(repr(epsilon))  # refuses one that leaves nothing, or promises nothing
    return RandomisedColumns.split(
        parts, epsilon=epsilon, weights=weights, rest=rest, at_most=at_most, noise=noise
    )


def parse_bounds(text: str) -> tuple[float, float]:
    """The least and the greatest number, written `0..200000`.

    Raises:
        DataError: for anything else.

    >>> parse_bounds("-1.5..40")
    (-1.5, 40.0)
    """
    low, dots, high = text.partition("..")
    if not dots:
        raise DataError(
            f"{text!r:.40} are no bounds: write the least and the greatest number, such as 0..200000."
        )
    return parse_number(low), parse_number(high)


def _settings(text: str, name: str) -> dict[str, str]:
    """Settings by name; bounds stand without one."""
    given: dict[str, str] = {}
    for setting in filter(None, (part.strip() for part in text.split(","))):
        key, value = ("bounds", setting) if ".." in setting else (*setting.split(None, 1), "")[:2]
        if not value:
            raise DataError(f"{setting!r:.40} of {name} has no value: write it as in 'weight 2'.")
        if key in given:
            raise DataError(f"{key} of {name} is given twice: give it once.")
        given[key] = value.strip()
    return given


def _plain(kind: type[KAry] | type[UnaryEncoding]) -> Callable[[str, dict[str, str]], Part]:
    # Epsilon is set when all parts are known.
    return lambda column, given: kind(column=column, epsilon=1.0)


def _rappor(column: str, given: dict[str, str]) -> Part:
    made = Rappor(column=column, epsilon=1.0)
    return Rappor(
        column=column,
        epsilon=1.0,
        bits=parse_whole(given.pop("bits", str(made.bits))),
        hashes=parse_whole(given.pop("hashes", str(made.hashes))),
        cohorts=parse_whole(given.pop("cohorts", str(made.cohorts))),
        one=parse_number(given.pop("one", str(made.one))),
        zero=parse_number(given.pop("zero", str(made.zero))),
    )


def _noisy(law: str) -> Callable[[str, dict[str, str]], Part]:
    def make(column: str, given: dict[str, str]) -> Part:
        if "bounds" not in given:
            raise DataError(
                f"{law}({column}) has no bounds, and noise hides a number only within bounds that everybody "
                f"may know: write {law}({column}, 0..200000)."
            )
        delta = 0.0
        if law == "gaussian":
            if "delta" not in given:
                raise DataError(f"gaussian({column}) has no delta: write for example delta 1e-6.")
            delta = parse_number(given.pop("delta"))
            if not delta:
                raise DataError("gaussian noise keeps no delta of 0: give one above 0, or use laplace.")
        missing = parse_number(given.pop("missing")) if "missing" in given else None
        bounds = Bounds(*parse_bounds(given.pop("bounds")), missing)
        return NoisyNumbers(column=column, bounds=bounds, epsilon=1.0, delta=delta)

    return make


MECHANISMS: Mapping[str, Callable[[str, dict[str, str]], Part]] = {
    "warner": _plain(Warner),
    "k-ary": _plain(KAry),
    "oue": _plain(UnaryEncoding),
    "rappor": _rappor,
    "laplace": _noisy("laplace"),
    "gaussian": _noisy("gaussian"),
}
"""By the name that a user writes; what is made of a column and its settings takes out those that it knows."""


def _made(name: str, column: str, given: dict[str, str]) -> Part:
    if name not in MECHANISMS:
        near = difflib.get_close_matches(name, MECHANISMS, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}? There are" if near else "there are"
        raise DataError(f"there is no mechanism {name!r:.40} for a column: {hint} {', '.join(MECHANISMS)}.")
    part = MECHANISMS[name](column, given)
    if given:
        raise DataError(f"{name} has no setting {next(iter(given))!r:.40}: leave it out.")
    return part
