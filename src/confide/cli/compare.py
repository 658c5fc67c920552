"""`confide compare`: two audits side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from confide.cli.exits import Done, say, sentences, usable
from confide.cli.flags import FilePath
from confide.core.errors import DataError
from confide.core.language import LANGUAGES


@click.command(short_help="Compare two audits: is the second worse, by how much, and how sure?")
@click.argument("before", metavar="BEFORE", type=FilePath(path_type=Path))
@click.argument("after", metavar="AFTER", type=FilePath(path_type=Path))
@click.option("--fail-if-worse", is_flag=True, help="Exit with code 1 if AFTER is worse, or nobody can tell.")
@click.option("--allow-unsettled", is_flag=True, help="With --fail-if-worse: let pass what is not settled.")
@click.option(
    "--margin",
    type=float,
    metavar="X",
    help="Call differences up to this the same, and no worse: 0.02 is 2 people in 100, or .02 of AUC. By "
    "default 0.01 is called the same, and more is worse however little it is.",
)
@click.option(
    "--match",
    multiple=True,
    metavar="BEFORE=AFTER",
    help="Compare these releases, by their names. Repeatable. By default those of one name.",
)
@click.option(
    "--out",
    type=FilePath(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder for comparison.html, comparison.json and more_exposed.csv.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON, and nothing else.")
@click.option("--quiet", is_flag=True, help="Print nothing but warnings and errors.")
@click.option(
    "--markdown",
    type=FilePath(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a summary for a pull request; it names nobody.",
)
@click.option(
    "--audience",
    type=click.Choice(["internal", "public"]),
    help="Who will read it: the public sees no people and coarse numbers. By default the public only if both "
    "reports are for it.",
)
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of the comparison."
)
@sentences
def compare(
    before: Path,
    after: Path,
    *,
    fail_if_worse: bool,
    allow_unsettled: bool,
    margin: float | None,
    match: tuple[str, ...],
    out: Path | None,
    as_json: bool,
    quiet: bool,
    markdown: Path | None,
    audience: Literal["internal", "public"] | None,
    language: str,
) -> None:
    """Compare two audits: does AFTER give away more than BEFORE, by how much, and how sure is that?

    Each is the folder of an audit (--out), or a report.json alone. Both are read at one false-positive rate,
    and where the same people were asked about, intervals are paired. For example:

    \b
      confide compare audits/main audits/this-change --fail-if-worse

    Exit code: 0; with --fail-if-worse 1 if AFTER is worse or that is not settled; 2 for bad use or bad data.
    """
    # Imported here: `confide --help` must not load what compares.
    from confide.audits.compare import compare as compared
    from confide.core.atomic import atomic_write

    if allow_unsettled and not fail_if_worse:
        raise DataError("--allow-unsettled is for --fail-if-worse: give both.")
    public = audience == "public"
    if out is not None:
        usable(out, public=public)
    found = compared(
        before, after, margin=margin, match=_matched(match), audience=audience, language=language
    )
    if out is not None:
        found.save(out)
    if markdown is not None:
        with atomic_write(markdown) as draft:
            draft.write_text(found.markdown(), encoding="utf-8")
    if as_json or not quiet:
        say(found.json().rstrip("\n") if as_json else str(found))
    if quiet:
        for warning in found.page["warnings"]:
            say(warning, err=True)
    elif out is not None and not as_json:
        say(f"\nWritten to {out}: {', '.join(found.files)}")
    raise Done(int(fail_if_worse and found.fails(allow_unsettled=allow_unsettled)))


def _matched(given: tuple[str, ...]) -> dict[str, str]:
    """Releases before -> after, as they are written after --match."""
    parted = [text.partition("=") for text in given]
    pairs = [(first.strip(), second.strip()) for first, _, second in parted]
    wrong = [text for text, pair in zip(given, pairs, strict=True) if not all(pair)]
    if wrong:
        raise DataError(f"--match {wrong[0]!r} names no two releases: write BEFORE=AFTER.")
    if any(len(set(side)) < len(pairs) for side in zip(*pairs, strict=True)):
        raise DataError("--match names a release twice: match each once.")
    return dict(pairs)
