"""What a configuration gives to one audit: values by field, with what is shared by all, and their sources."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from confide.audits.settings import Settings
from confide.cli.audit_options import OUT, audit_options, out_option
from confide.cli.configuration.file import Configuration
from confide.cli.configuration.keys import fields_of, missing, nearest, value_of
from confide.cli.flags import options_of
from confide.cli.output import output_options
from confide.core.errors import ConfideError, DataError

if TYPE_CHECKING:
    from collections.abc import Generator

    from confide.audits.spec import AuditSpec

OF_ONE = ("name",)
"""Settings that say what one release is: they cannot be shared."""
FOR_PROGRAMS = ("junit", "sarif", "markdown")
"""Outputs with a file of their own, one a release."""
HARMLESS = ("seed", "jobs", "cache")
"""Shared settings that change nothing where a kind has no use for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """What a configuration file gives to one audit.

    Args:
        file: the configuration.
        release: the name of the release; empty for an audit that stands on the command line.
        kind: of the release.
        values: field -> value, as a command line gives it.
        left_out: keys of what is shared that this kind has no setting for.
        inputs: fields that can name files which are read.
        unlimited: whether the release has no limits, though the file shares some.
    """

    file: Configuration
    release: str
    kind: str
    values: Mapping[str, Any]
    left_out: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    unlimited: bool = False

    @property
    def heading(self) -> str:
        """Where it stands, for messages."""
        return self.file.heading(self.release)


def of_release(file: Configuration, name: str, spec: AuditSpec) -> Configured:
    """What a configuration gives to the audit of one of its releases.

    Raises:
        DataError: with the place, for a key or a value that cannot be, and a file that is not there.
    """
    shared, left_out = _shared(file, spec, name)
    with placed_in(file.heading(name)):
        given = {key: value for key, value in file.releases[name].items() if key != "kind"}
        options = [*audit_options(spec), out_option(), *output_options()]
        hint = f"`confide audit {spec.name} --help` lists them"
        own = _values(file, fields_of(given, options, hint=hint), options)
        inputs = tuple(f.name for f in fields(spec.record))
    # A folder of its own beside those of the others.
    out = own.get("out") or shared.get("out", file.folder / OUT) / name
    values = {**shared, **own, "out": out}
    return Configured(
        file=file,
        release=name,
        kind=spec.name,
        values=values,
        left_out=left_out,
        inputs=inputs,
        unlimited=bool(shared.get("limits")) and not values.get("limits"),
    )


def check_files(configured: Configured) -> None:
    """Refuse a file of the release that is not there.

    Raises:
        DataError: with its key.
    """
    lost = missing(configured.values, configured.inputs)
    if lost is not None:
        raise DataError(f"{lost[0]}: there is no file {lost[1]!s:.200}; check the path.")


def of_kind(file: Configuration, spec: AuditSpec) -> Configured:
    """What a configuration gives to an audit that stands on the command line: what is shared by all.

    Raises:
        DataError: with the place, for a key or a value that cannot be.
    """
    shared, left_out = _shared(file, spec, spec.name)
    return Configured(file=file, release="", kind=spec.name, values=shared, left_out=left_out)


def check_shared(file: Configuration) -> None:
    """Refuse what stands beside the releases and is no setting of every audit, such as [releases.NAME].

    Raises:
        DataError: with the first key.
    """
    _shared_keys(file, _shared_options())


def _shared_options() -> list[click.Parameter]:
    settings = [option for option in options_of(Settings) if option.name not in OF_ONE]
    return [*settings, out_option(), *output_options()]


def _shared_keys(file: Configuration, options: Sequence[click.Parameter]) -> Mapping[str, tuple[str, object]]:
    with placed_in(file.heading()):
        hint = f"a release, and its data, stand under [{file.table}release.NAME]"
        return fields_of(file.shared, options, hint=hint)


def _shared(file: Configuration, spec: AuditSpec, name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What is shared and this kind takes, by field, and the keys that are left out."""
    options = _shared_options()
    given = _shared_keys(file, options)
    with placed_in(file.heading()):
        _refuse_one_file(file, given)
        values = _values(file, given, options)
    takes = {option.name for option in (*audit_options(spec), out_option(), *output_options())}
    idle = tuple(key for field, (key, _) in given.items() if field not in takes and field not in HARMLESS)
    for field in FOR_PROGRAMS:
        if field in values:
            values[field] = Path(str(values[field]).replace("{name}", name))
    return {field: value for field, value in values.items() if field in takes}, idle


def _refuse_one_file(file: Configuration, given: Mapping[str, tuple[str, object]]) -> None:
    """Refuse one file for the outcome of several releases: the last of them would replace the others."""
    for field in FOR_PROGRAMS:
        key, value = given.get(field, ("", ""))
        if isinstance(value, str) and key and "{name}" not in value and len(file.releases) > 1:
            raise DataError(
                f"{key} is one file for {len(file.releases)} releases: write {{name}} in it, such as "
                f'{key} = "{{name}}-{Path(value).name}".'
            )


def _values(
    file: Configuration, given: Mapping[str, tuple[str, object]], options: Sequence[click.Parameter]
) -> dict[str, Any]:
    named = {option.name: option for option in options}
    return {
        field: value_of(named[field], key, value, folder=file.folder) for field, (key, value) in given.items()
    }


def named(file: Configuration, word: str, kinds: Collection[str]) -> str:
    """The name of a release, checked.

    Raises:
        DataError: for a word that is neither a release of the file nor a kind, with the nearest of them.
    """
    if word in file.releases:
        return word
    there = ", ".join(file.releases)
    near = nearest(word, [*file.releases, *kinds])
    raise DataError(
        f"{file.path} has no release {word!r:.80}{near}. Its releases: {there}; kinds of release: "
        f"{', '.join(kinds)}."
    )


@contextmanager
def placed_in(heading: str, *, only: bool = True) -> Generator[None]:
    """Say of an error in what a configuration gave where it stands.

    Args:
        only: whether all that is given stands there; else the command line may be at fault.
    """
    try:
        yield
    except ConfideError as error:
        said = (
            f"{heading}: {error}" if only else f"{error} ({heading} is in force; --no-config leaves it out.)"
        )
        raise type(error)(said) from error


def import_from(folder: Path) -> None:
    """Let import paths of a configuration be found beside it, too."""
    there = str(folder.resolve())
    if there not in sys.path:
        sys.path.insert(0, there)
