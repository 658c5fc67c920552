"""Shell completion: proposes attacks, protections, limits and columns while a command is typed.

A shell asks for proposals at each press of the tab key, so nothing is loaded before it is needed, and what
cannot be read proposes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completer_of(name: str, metavar: str) -> Completer | None:
    """What proposes values of an option; None where the shell's own proposals serve.

    Args:
        name: of the field.
        metavar: what the help calls the value.
    """
    if metavar in ("COLUMN", "COLUMNS"):
        return _quietly(_columns)
    proposing = {
        "attacks": _attacks,
        "protect": _protections,
        "protections": _protections,
        "limits": _limits,
    }.get(name)
    return None if proposing is None else _quietly(proposing)


def _quietly(proposing: Callable[[click.Context], Iterable[str]]) -> Completer:
    """Propose what goes on from the last of the values that are parted by commas; nothing on an error."""

    def complete(ctx: click.Context, _option: click.Parameter, incomplete: str) -> list[CompletionItem]:
        *before, begun = incomplete.split(",")
        with suppress(Exception):  # a traceback in the middle of a line that is typed helps nobody
            return [
                CompletionItem(",".join([*before, value]))
                for value in proposing(ctx)
                if value.startswith(begun) and value not in before
            ]
        return []

    return complete


def _attacks(ctx: click.Context) -> Iterator[str]:
    from confide.audits import spec_of

    spec = spec_of(ctx.info_name or "")
    yield from (attack.name for attack in spec.known or spec.attacks)
    yield "all"


def _protections(ctx: click.Context) -> Iterator[str]:
    from confide.audits import spec_of

    # With settings that it could have: they are edited more easily than looked up.
    yield from (protection.example for protection in spec_of(ctx.info_name or "").protections.values())


def _limits(_ctx: click.Context) -> Iterator[str]:
    from confide.report.limits import FPRS, RANGES

    for quantity in RANGES:
        yield from (f"tpr@{fpr:g}=" for fpr in FPRS) if quantity == "tpr" else (f"{quantity}=",)


def _columns(ctx: click.Context) -> Iterator[str]:
    """The columns of the first table among what was typed already."""
    # Behind an option that has no value yet, click keeps some of what was typed as it was typed.
    for path in (*(value for value in ctx.params.values() if isinstance(value, Path)), *map(Path, ctx.args)):
        if path.suffix.lower() in (".csv", ".parquet") and path.is_file():
            yield from _header(path)
            return


def _header(path: Path) -> list[str]:
    import polars as pl

    if path.suffix.lower() == ".parquet":
        return list(pl.read_parquet_schema(path))
    from confide.inputs.csv_files import form_of
    from confide.inputs.reading import Reading

    return form_of(path, Reading()).names()
