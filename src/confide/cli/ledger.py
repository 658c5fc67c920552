"""`confide ledger show|parts|verify|export|admit|revoke`: what the owner of a ledger does with it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from confide.cli.exits import say, sentences
from confide.cli.flags import FilePath
from confide.core.errors import DataError

if TYPE_CHECKING:
    from confide.account.ledger import Ledger

LEDGER = click.argument("where", metavar="LEDGER")
HEAD = click.option("--head", metavar="HASH", help="A hash that was the last one earlier: it must be there.")


ANALYST = click.argument("analyst", metavar="NAME")


@click.group(short_help="Look at the ledger of a budget, verify it, export it, and admit or revoke analysts.")
def ledger() -> None:
    """Look at the ledger of a privacy budget: what was asked, what it cost, and what is left.

    LEDGER is a file of SQLite (people.ledger, or sqlite:///people.ledger), or postgresql://HOST/DATABASE. It
    is verified from its first entry to its last. Only admit and revoke add to it. For example:

    \b
      confide ledger show people.ledger
      confide ledger export people.ledger --out history.csv
      confide ledger admit people.ledger ada 1/4
    """


@ledger.command(short_help="Show the budget, what is spent, and what each analyst has left.")
@LEDGER
@HEAD
@sentences
def show(where: str, head: str | None) -> None:
    """Show what LEDGER is bound to, its budget, what is spent of it, and what each analyst has left."""
    with _opened(where, head) as found:
        say(summary(found))


@ledger.command(short_help="Show the part of each analyst.")
@LEDGER
@HEAD
@sentences
def parts(where: str, head: str | None) -> None:
    """Show who has which part of the budget of LEDGER, and what is spent and left of it."""
    with _opened(where, head) as found:
        say("\n".join(_parts(found)))


@ledger.command(short_help="Give a new analyst a part of the budget.")
@LEDGER
@ANALYST
@click.argument("share", metavar="SHARE")
@HEAD
@sentences
def admit(where: str, analyst: str, share: str, head: str | None) -> None:
    """Give the new analyst NAME a SHARE of the budget of LEDGER, such as 0.25 or 1/4; it is never taken back.

    A page of `confide serve` that is running makes no token for them until it starts again: admit them there.
    """
    with _opened(where, head) as found:
        found.admit(analyst, share)
        say("\n".join(_parts(found)))


@ledger.command(short_help="Let an analyst ask no more.")
@LEDGER
@ANALYST
@HEAD
@sentences
def revoke(where: str, analyst: str, head: str | None) -> None:
    """Let the analyst NAME of LEDGER ask no more; their part, spent or not, is given to nobody else."""
    with _opened(where, head) as found:
        found.revoke(analyst)
        say("\n".join(_parts(found)))


@ledger.command(short_help="Verify the history and the sums.")
@LEDGER
@HEAD
@sentences
def verify(where: str, head: str | None) -> None:
    """Verify that no entry of LEDGER was changed, added or taken out, and that its sums are those of them.

    It cannot show that the whole ledger was set back or replaced: keep the last hash elsewhere, and give it
    as --head. Exit code: 0 if everything holds, 2 if not.
    """
    with _opened(where, head) as found:
        entries = found.history()
        say(f"{len(entries):,} entries: their chain of hashes holds, and the sums are theirs.")
        if head is None:
            say("Whether it was set back to an earlier state cannot be seen without --head.")
        say(f"Last hash: {entries[-1].hash}")


@ledger.command(short_help="Write the history as csv, without answers.")
@LEDGER
@HEAD
@click.option(
    "--out", required=True, metavar="FILE", type=FilePath(path_type=Path), help="The .csv file to write."
)
@sentences
def export(where: str, head: str | None, out: Path) -> None:
    """Write the history of LEDGER as csv: what was asked, when, by whom and at which cost; no answers.

    A file that is there is not overwritten.
    """
    from confide.account.exporting import export as written

    with _opened(where, head) as found:
        if out.exists() or out.is_symlink():
            raise DataError(f"--out {out} is there already: name a new file, or remove it first.")
        if not out.absolute().parent.is_dir():
            raise DataError(f"--out {out}: there is no folder {out.absolute().parent}: make it first.")
        say(f"{written(found, out):,} entries written to {out}.")


@contextmanager
def _opened(where: str, head: str | None) -> Generator[Ledger]:
    from confide.account.opening import examine_ledger

    address = where if "://" in where else f"sqlite:///{Path(where).absolute()}"
    found = examine_ledger(address, head=head)
    try:
        yield found
    finally:
        found.close()


def summary(found: Ledger) -> str:
    """What a ledger is bound to, and how it stands, in words."""
    terms, entries = found.terms, found.history()
    asked = sum(e.kind == "charged" for e in entries)
    lines = [
        f"The ledger {found.database.name}: {len(entries):,} entries, verified.",
        f"Data: SHA-256 {terms.data}",
        f"Hidden: {terms.unit}",
        f"Budget: {terms}; costs add up by {terms.composition}",
        f"Spent: {found.spent}, on {asked:,} question{'' if asked == 1 else 's'}",
        "",
    ]
    return "\n".join(
        [*lines, *_parts(found), "", f"Last hash, to be kept elsewhere for --head: {entries[-1].hash}"]
    )


def _parts(found: Ledger) -> list[str]:
    """A line for each analyst."""
    lines: list[str] = []
    for name, part in found.parts.items():
        left = "revoked" if part.revoked else f"left {_left(found, name)}"
        lines.append(f"{name}: {part.share} of it, spent {part.spent}, {left}")
    return lines


def _left(found: Ledger, name: str) -> str:
    left = found.left(name)
    return str(left) if left.epsilon or left.rho else "nothing"
