"""Domain file: what each column of a table may hold, read and checked; a template of one."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from confide.core.errors import DataError
from confide.core.fields import shown
from confide.core.foreign import in_one_line
from confide.inputs.domain_columns import Said, column_of, refuse_unknown, settings_of
from confide.inputs.domain_rules import rule_said, zero_said
from confide.inputs.domain_text import Schema, domain_text, drafts
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.columns.encoding import check_schema

LARGEST = 10_000_000
"""Bytes of a domain file."""


def template(schema: Schema) -> str:
    """A domain file to be filled in, from the names and types of columns and nothing else.

    Args:
        schema: the type of each column.

    >>> import polars as pl
    >>> print(template({"sex": pl.String()}).split("[columns", 1)[1].strip().splitlines()[3])
    # values = ["...", "..."], all that there can be
    """
    return domain_text(drafts(schema))


def read_domain(path: Path | str, *, schema: Schema | None = None) -> PublicDomain:
    """Read a domain file.

    Args:
        path: of the .toml.
        schema: of the table that it is for, with which it must fit.

    Raises:
        DataError: if it cannot be read, a setting is missing, unknown or cannot be, rules contradict each
            other, or two columns have more cells together than memory holds.
    """
    said = _toml(Path(path))
    try:
        domain = domain_of(said)
        domain.need_cells()
        if schema is not None:
            check_schema(schema, domain)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    return domain


def domain_of(said: Said) -> PublicDomain:
    """The domain that a file says.

    Args:
        said: `columns`, and maybe `rules` and `zeros`.

    Raises:
        DataError: as `read_domain`.

    >>> domain_of({"columns": {"age": {"kind": "integer", "low": 0, "high": 99}}}).columns[0].name
    'age'
    """
    refuse_unknown(said, ("columns", "rules", "zeros"), "the domain")
    columns = said.get("columns")
    if not isinstance(columns, dict) or not columns:
        raise DataError("it describes no column: write [columns.NAME] with kind = ....")
    named = {str(name): settings_of(str(name), one) for name, one in cast(Said, columns).items()}
    kept = {name: one for name, one in named.items() if one["kind"] != "drop"}
    if not kept:
        raise DataError("it drops every column: keep one that is modelled.")
    made = {name: column_of(name, one) for name, one in kept.items()}
    return PublicDomain(
        tuple(made.values()),
        tuple(rule_said(rule) for rule in _listed(said, "rules")),
        tuple(zero_said(zero, made) for zero in _listed(said, "zeros")),
        tuple(name for name in named if name not in kept),
    )


def _toml(path: Path) -> Said:
    try:
        raw = path.read_bytes()
        if len(raw) > LARGEST:
            raise DataError(f"{path} is larger than {LARGEST:,} bytes: make groups of categories.")
        return tomllib.loads(raw.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is no TOML in UTF-8 ({in_one_line(error):.100}): mend it.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): name the domain's file.") from error


def _listed(said: Said, name: str) -> Sequence[Any]:
    given = said.get(name, [])
    if not isinstance(given, list):
        raise DataError(f"{name} is {shown(given)}: write a list, {name} = [...].")
    return cast(Sequence[Any], given)
