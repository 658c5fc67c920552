"""Releases: the protected file itself, written, verified, and audited against the original."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from confide.audits.settings import Settings, SettingsGiven
from confide.core.errors import DataError
from confide.releases.run import protect as run
from confide.releases.settings import Ids, ReleaseSettings
from confide.releases.spec import ReleaseSpec
from confide.releases.written import Written

if TYPE_CHECKING:
    from typing import Unpack

    from confide.inputs.images import Images
    from confide.inputs.likes import Likes
    from confide.inputs.ratings import Ratings
    from confide.inputs.table import Table
    from confide.inputs.traces import Traces

    Held: TypeAlias = Ratings | Traces | Likes | Images | Table

KINDS = ("ratings", "traces", "likes", "images", "table")
"""What can be protected: each word names a command, a record in `confide.inputs` and a file here."""


def spec_of(kind: str) -> ReleaseSpec:
    """The spec of this kind of release."""
    spec: ReleaseSpec = import_module(f"confide.releases.{kind}").SPEC
    return spec


def protect(
    held: Held,
    *protections: str,
    out: Path | str,
    force: bool = False,
    rehearse: int | None = None,
    find: str | None = None,
    until: str | None = None,
    ids: Ids = "renumber",
    key_out: Path | str | None = None,
    epsilon: float | None = None,
    key_file: Path | str | None = None,
    recipe: Path | str | None = None,
    recipe_out: Path | str | None = None,
    suppress: float | None = None,
    **settings: Unpack[SettingsGiven],
) -> Written:
    """Write the protected data in the format of the original, verify them, and audit them against it.

    Args:
        held: a filled-in record, as `confide.audit` takes it.
        protections: such as "rare:20"; several are applied in the order given.
        out, force, rehearse, find, until, ids, key_out, epsilon, key_file, recipe, recipe_out,
            suppress: as of `confide.releases.settings.ReleaseSettings`.
        settings: of the audit of the written file, as `confide.audit` takes them.

    Raises:
        ConfideError: one sentence on what is wrong and what to do; nothing is written then.
    """
    auditing = Settings(**settings)
    if auditing.protections:
        raise DataError("protect takes its protections after the record, and no `protect=`: name them there.")
    kind = type(held).__module__.rsplit(".", 1)[-1]
    if kind not in KINDS:
        raise DataError(f"a {type(held).__name__} cannot be protected: give one of {', '.join(KINDS)}.")
    release = ReleaseSettings(
        protections=protections,
        out=cast(Path, out),  # of another type it is refused, and text becomes a path
        force=force,
        rehearse=rehearse,
        find=find,
        until=until,
        ids=ids,
        key_out=cast("Path | None", key_out),
        epsilon=epsilon,
        key_file=cast("Path | None", key_file),
        recipe=cast("Path | None", recipe),
        recipe_out=cast("Path | None", recipe_out),
        suppress=suppress,
    )
    return run(spec_of(kind), held, release=release, settings=auditing)


__all__ = ["KINDS", "ReleaseSettings", "Written", "protect", "spec_of"]
