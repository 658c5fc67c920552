"""You hold records of what people did, or pictures: `confide audit ratings | traces | likes | images`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from confide.cli.commands import audit
from confide.cli.running import finish, report_options, sentences, usable

File = click.Path(path_type=Path)


def _common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What the four doors share besides where the report goes; and the end that they share."""

    @wraps(command)
    def done(*args: Any, out: Path, **options: Any) -> None:
        usable(out)
        from confide.cli.progress import progress_bar

        with progress_bar("attacking") as progress:
            found = command(*args, progress=progress, **options)
        finish(found, out)

    options = [
        click.option("--attacks", default=None, help="Comma-separated names (see `confide attacks`)."),
        click.option("--name", default=None, help="What to call the release in the report."),
        click.option(
            "--seed", default=7, show_default=True, type=click.IntRange(0), help="Same seed, same report."
        ),
        click.option(
            "--cache",
            type=click.Path(path_type=Path, file_okay=False),
            default=None,
            help="Where finished attacks are kept, so that an interrupted audit goes on.",
        ),
        report_options,
    ]
    wrapped: Callable[..., Any] = sentences(done)
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


def _size(given: str | None) -> tuple[int, int] | None:
    """Height and width of '112x92'."""
    if given is None:
        return None
    height, cross, width = given.partition("x")
    if not (cross and height.isdigit() and width.isdigit() and int(height) and int(width)):
        raise click.BadParameter(f"{given!r} is no size: write height x width, for example 112x92.")
    return int(height), int(width)


def _protect(examples: str) -> Callable[..., Any]:
    return click.option(
        "--protect",
        multiple=True,
        metavar="NAME:SETTINGS",
        help=f"Audit the release under this protection, and compare: {examples}. Repeatable.",
    )


@audit.command("ratings")
@click.argument("records", type=File)
@click.option(
    "--released", type=File, default=None, help="The file that will be published, if it is another."
)
@click.option(
    "--key", type=File, default=None, help="Two columns: a user in RECORDS, the same one in --released."
)
@click.option("--user", required=True, help="The column that says who.")
@click.option("--item", required=True, help="The column that says what.")
@click.option("--rating", default=None, help="The column with the rating.")
@click.option("--time", default=None, help="The column with the time.")
@click.option(
    "--facts", default=8, show_default=True, type=click.IntRange(1), help="So many facts are known."
)
@click.option(
    "--wrong", default=2, show_default=True, type=click.IntRange(0), help="So many of them are wrong."
)
@click.option("--within", default="14d", show_default=True, help="How far known dates may be off.")
@click.option("--off-by", default=0.0, show_default=True, help="How far known ratings may be off.")
@click.option(
    "--targets", default=1000, show_default=True, type=click.IntRange(10), help="How many are asked."
)
@_protect("rare:20, stars:1, months:1, response:4")
@_common_options
def audit_ratings(records: Path, **options: Any) -> Any:
    """Can somebody who knows a few ratings of a person find that person's record?"""
    from confide import audits

    return audits.ratings(records, **options)


@audit.command("traces")
@click.argument("records", type=File)
@click.option("--user", required=True, help="The column that says who.")
@click.option("--time", required=True, help="The column that says when.")
@click.option("--place", default=None, help="The column that says where; or give --lat and --lon.")
@click.option("--lat", default=None, help="The column with the latitude in degrees.")
@click.option("--lon", default=None, help="The column with the longitude in degrees.")
@click.option("--cell", default="500m", show_default=True, help="The grid, where there are coordinates.")
@click.option("--bin", default="1h", show_default=True, help="How fine the times are that he knows.")
@click.option(
    "--points", default=4, show_default=True, type=click.IntRange(1), help="So many points are known."
)
@click.option(
    "--released", type=File, default=None, help="The file that will be published, if it is another."
)
@click.option(
    "--key", type=File, default=None, help="Two columns: a user in RECORDS, the same one in --released."
)
@click.option(
    "--targets", default=1000, show_default=True, type=click.IntRange(10), help="How many are asked."
)
@_protect("cell:1000m, bin:4h, split:24h, rare:5, planar:200m,1.4")
@_common_options
def audit_traces(records: Path, **options: Any) -> Any:
    """Can somebody who knows a few points of a person's trace, or an earlier one, find that trace?"""
    from confide import audits

    return audits.traces(records, **options)


@audit.command("likes")
@click.argument("records", type=File)
@click.option("--user", required=True, help="The column that says who, in both files.")
@click.option("--item", required=True, help="The column that says what.")
@click.option("--traits", required=True, type=File, help="A file with a row for each user.")
@click.option("--trait", required=True, help="The column of --traits that he wants to know.")
@click.option(
    "--kind",
    type=click.Choice(["auto", "binary", "classes", "number"]),
    default="auto",
    show_default=True,
    help="What the trait is.",
)
@click.option(
    "--having", default=None, help="The value that counts as having the trait; the rarer by default."
)
@click.option(
    "--folds", default=10, show_default=True, type=click.IntRange(2), help="Parts to cross-validate."
)
@_protect("rare:20, response:4")
@_common_options
def audit_likes(records: Path, **options: Any) -> Any:
    """What do people's likes give away about a trait of theirs?"""
    from confide import audits

    return audits.likes(records, **options)


@audit.command("images")
@click.argument("pictures", type=File)
@click.option("--labels", type=File, default=None, help="A csv with the columns file and person.")
@click.option(
    "--obscure",
    multiple=True,
    metavar="NAME:SETTINGS",
    help="How the pictures will be obscured: mosaic:16, blur:3, p3:10, dp-pix:0.5,16. Repeatable; "
    "mosaic:16 if none is named.",
)
@click.option(
    "--resize",
    default=None,
    metavar="HxW",
    callback=lambda _, __, given: _size(given),
    help="Bring all pictures to one size, for example 112x92.",
)
@_common_options
def audit_images(pictures: Path, **options: Any) -> Any:
    """Can a machine recognise people in obscured pictures?"""
    from confide import audits

    obscure = options.pop("obscure") or ("mosaic:16",)
    return audits.images(pictures, obscure=obscure, **options)
