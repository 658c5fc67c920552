"""Provenance of an audit: date, versions, sums of what was read, and the command that repeats it."""

from __future__ import annotations

import hashlib
import platform
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from confide.audits.settings import Settings
from confide.core.errors import DataError
from confide.core.keys import key_of_value
from confide.core.language import t
from confide.core.version import VERSION
from confide.inputs.named_files import file_fields, named_files
from confide.inputs.tables import digest_of_file
from confide.models.checkpoints import sum_of_parameters
from confide.report.made import Input, Made

PACKAGES = ("numpy", "polars", "scipy", "scikit-learn", "torch", "onnxruntime", "duckdb")
"""What computes: another version of one may give other numbers."""
OF_EVERY_AUDIT = (
    "seed",
    "attacks",
    "protect",
    "limits",
    "audience",
    "language",
    "allow_unsettled",
    "jobs",
)
"""Fields of `Settings` that a report lists; the rest changes no number and no sentence."""
PUBLISHED = ("released", "synthetic")
"""Fields that hold what everybody gets."""

SECRET = re.compile(r"(?i)((?:pass(?:word|wd)?|pwd|token|secret|api[-_]?key|sig(?:nature)?)=)[^&\s'\"]+")
WITH_PASSWORD = re.compile(r"(://[^/@\s:]*):[^@\s/]*@")


def sum_of(path: Path) -> str:
    """SHA-256 in hexadecimal: of a file's bytes, or of the names and sums of all files under a folder.

    Raises:
        DataError: for what can be read once only, such as a pipe, and what cannot be opened.
    """
    if path.is_file():
        return digest_of_file(path)
    if not path.is_dir():
        raise DataError(t("a stream, which is read once"))
    sha = hashlib.sha256()
    for file in sorted(one for one in path.rglob("*") if one.is_file()):
        name = file.relative_to(path).as_posix()
        sha.update(f"{len(name.encode())} {name} {digest_of_file(file)};".encode())
    return sha.hexdigest()


def provenance(
    kind: str, held: object, settings: Settings, *, digest: Callable[[Path], str] = sum_of
) -> Made:
    """Where the report on this audit comes from; each file is read once more, for its sum.

    Args:
        kind: of release, the word of its command.
        held: the filled-in record.
        settings: of the audit.
        digest: path -> SHA-256.
    """
    return Made(
        # Whole seconds: nobody starts two audits in one.
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        packages=_packages(),
        inputs=(*_inputs(held, digest), *_configuration(settings)),
        command=masked(settings.command or call_in_words(held, settings)),
        told=_told(kind, settings),
        settings=_of_settings(settings),
        own=_of_record(held),
        origins={} if settings.sources is None else dict(settings.sources.by),
    )


def masked(text: str) -> str:
    """A command without passwords and tokens.

    >>> masked("postgresql://ada:hunter2@db/census https://x.example/predict?token=abc&k=1")
    'postgresql://ada:***@db/census https://x.example/predict?token=***&k=1'
    """
    return SECRET.sub(r"\1***", WITH_PASSWORD.sub(r"\1:***@", text))


def call_in_words(held: object, settings: Settings, *, before: str = "") -> str:
    """The call in Python that makes the same audit, with objects in memory in words.

    Args:
        before: what stands between the record and the settings, from its comma on.

    >>> from confide.inputs.ratings import Ratings
    >>> call_in_words(Ratings("r.parquet", user="u", item="i"), Settings(seed=3))
    "confide.audit(confide.Ratings(records='r.parquet', user='u', item='i'), seed=3)"
    """
    record = ", ".join(f"{name}={_said(value)}" for name, value in _given(held).items())
    asked = {
        name: value for name, value in _given(settings).items() if name in OF_EVERY_AUDIT or name == "name"
    }
    more = "".join(f", {name}={_said(value)}" for name, value in asked.items())
    return f"confide.audit(confide.{type(held).__name__}({record}){before}{more})"


def _told(kind: str, settings: Settings) -> str:
    """The command for the public: what every audit has, without names of files and columns."""
    options: list[str] = []
    for name, value in _given(settings).items():
        if name not in OF_EVERY_AUDIT:
            continue
        flag = "--limit" if name == "limits" else f"--{name.replace('_', '-')}"
        each = (
            [value]
            if isinstance(value, str) or not isinstance(value, list | tuple)
            else cast("list[Any]", value)
        )
        options += [flag if one is True else f"{flag} {shlex.quote(_named(one))}" for one in each]
    return " ".join([f"confide audit {kind} ...", *options])


def _given(record: object) -> dict[str, Any]:
    """What differs from the record's defaults."""
    every: Any = record
    return {f.name: value for f in fields(every) if not _is_default(f, value := getattr(every, f.name))}


def _is_default(f: Any, value: object) -> bool:
    if f.default is MISSING:
        return False
    # Arrays are equal element by element, which is no answer.
    return value is f.default or (isinstance(value, str | int | float | bool | tuple) and value == f.default)


def _said(value: object) -> str:
    """A value as Python writes it; an object in memory in angle brackets."""
    if isinstance(value, np.ndarray):
        return f"<array {'x'.join(map(str, cast(Any, value).shape))}>"
    if isinstance(value, tuple | list):
        inside = ", ".join(_said(one) for one in cast("list[object]", value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if isinstance(value, Path):
        return repr(str(value))
    if isinstance(value, str | int | float | bool | type(None)):
        return repr(value)
    return f"<{type(value).__name__}>"


def _named(value: object) -> str:
    """A setting as an option has it: a text, a number, or the name of an attack or limit."""
    return value if isinstance(value, str) else str(getattr(value, "name", value))


def _of_settings(settings: Settings) -> dict[str, str]:
    there = {f.name for f in fields(settings)}
    return {name: _text(getattr(settings, name)) for name in OF_EVERY_AUDIT if name in there}


def _of_record(held: object) -> dict[str, str]:
    """The settings of this kind of release, without its data."""
    data = file_fields(type(held))
    every: Any = held
    return {f.name: masked(_text(getattr(held, f.name))) for f in fields(every) if f.name not in data}


def _text(value: object) -> str:
    if value is None or value == () or value == "":
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(_named(one) for one in cast("list[object]", value))
    return str(value).lower() if isinstance(value, bool) else _named(value)


def _configuration(settings: Settings) -> list[Input]:
    """The file that settings came from."""
    sources = settings.sources
    if sources is None or not sources.file:
        return []
    return [Input(role="configuration", name=sources.file, sha256=sources.sha256)]


def _packages() -> dict[str, str]:
    found = {"confide": VERSION}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _inputs(held: object, digest: Callable[[Path], str]) -> list[Input]:
    found: list[Input] = []
    files: Mapping[str, tuple[Path, ...]] = named_files(held)
    for name in file_fields(type(held)):
        published = name in PUBLISHED
        for path in files.get(name, ()):
            found.append(_of_file(name, path, published, digest))
        given = getattr(held, name)
        if name not in files and given is not None and not (isinstance(given, tuple | list) and not given):
            found.append(_in_memory(name, given, published))
    return found


def _of_file(role: str, path: Path, published: bool, digest: Callable[[Path], str]) -> Input:
    try:
        return Input(role=role, name=path.name, sha256=digest(path), published=published)
    # The audit read what it needed: that no sum can be made is no reason to lose it.
    except DataError as why:
        return Input(role=role, name=path.name, sha256="", why=str(why), published=published)


def _in_memory(role: str, given: object, published: bool) -> Input:
    """Arrays have a sum of their own; of what is no file and no array there is none."""
    arrays = given if isinstance(given, tuple | list) else (given,)
    said = masked(given) if isinstance(given, str) else _said(given)
    if all(isinstance(one, np.ndarray) for one in cast("tuple[object, ...]", arrays)):
        return Input(role=role, name=said, sha256=key_of_value(given), published=published)
    if state := sum_of_parameters(SimpleNamespace(module=given)):
        return Input(role=role, name=said, sha256=state, published=published)
    why = t("no file") if isinstance(given, str) else t("in memory")
    return Input(role=role, name=said, sha256="", why=why, published=published)
