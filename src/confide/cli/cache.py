"""`confide cache list|size|clear`: what was kept so that an interrupted audit goes on."""

from __future__ import annotations

from pathlib import Path

import click

from confide.cli.exits import say, sentences
from confide.cli.flags import FilePath
from confide.core.cache import cache_folder
from confide.core.cached_files import A_DAY, CachedFile, cached_files, clear, is_cache, told
from confide.core.durations import in_bytes
from confide.core.errors import DataError

FOLDER = click.option(
    "--cache",
    "given",
    type=FilePath(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="The folder; by default $CONFIDE_CACHE, or one in your cache.",
)
OLDER = click.option(
    "--older-than",
    metavar="SPAN",
    help="Only what was written longer ago, such as 30d or 12h.",
)


@click.group(short_help="See and clear what is kept so that an interrupted audit goes on.")
def cache() -> None:
    """See and clear the cache: evidence and reference models that were finished.

    An audit with the same inputs takes them from here. Clearing loses nothing but time: they are made again.
    For example:

    \b
      confide cache size
      confide cache clear --older-than 30d
    """


@cache.command("list", short_help="List what is kept.")
@FOLDER
@OLDER
@sentences
def listed(given: Path | None, older_than: str | None) -> None:
    """List what is kept, the newest first: what it is, its size and its age, and of what.

    Of evidence that is the attack and how many were asked about, of reference models how many they are.
    """
    folder, files = _found(given, older_than)
    rows = [
        f"{f.content:<9} {in_bytes(f.size):>10}  {in_days(f.age):>10}  {f.path.name[:12]}  {told(f)}".rstrip()
        for f in files
    ]
    say("\n".join([*rows, _sum(folder, files)]))


@cache.command(short_help="Say how much is kept.")
@FOLDER
@OLDER
@sentences
def size(given: Path | None, older_than: str | None) -> None:
    """Say how many files are kept, how large they are, and where."""
    say(_sum(*_found(given, older_than)))


@cache.command("clear", short_help="Remove what is kept.")
@FOLDER
@OLDER
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@sentences
def cleared(given: Path | None, older_than: str | None, dry_run: bool) -> None:
    """Remove what is kept. Nothing else in the folder is touched."""
    folder, files = _found(given, older_than)
    if dry_run:
        say(f"Would be removed: {_sum(folder, files)}")
        return
    freed = clear(folder, files)
    say(f"Removed {len(files):,} files of {in_bytes(freed)} from {folder}.")


def _found(given: Path | None, older_than: str | None) -> tuple[Path, list[CachedFile]]:
    from confide.inputs.times import parse_span  # it loads polars

    least = 0.0 if older_than is None else parse_span(older_than)
    folder = cache_folder() if given is None else given
    if given is not None and not is_cache(folder):
        raise DataError(
            f"{folder} is no cache of confide: it holds other files, and nothing that an "
            "audit kept. Check --cache."
        )
    return folder, [file for file in cached_files(folder) if file.age >= least]


def _sum(folder: Path, files: list[CachedFile]) -> str:
    kinds = [f"{sum(f.content == kind for f in files):,} of {kind}" for kind in ("evidence", "models")]
    return f"{len(files):,} files ({', '.join(kinds)}), {in_bytes(sum(f.size for f in files))}, in {folder}"


def in_days(age: float) -> str:
    """An age in days, or in hours of the first day.

    >>> in_days(7_200), in_days(172_800)
    ('2 hours', '2 days')
    """
    return f"{age / A_DAY:.0f} days" if age >= A_DAY else f"{age / 3600:.0f} hours"
