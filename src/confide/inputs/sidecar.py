"""Sidecars: the file beside a protected release that says what was done to it, and by which software."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from confide.core.errors import DataError
from confide.core.foreign import in_one_line
from confide.core.paths import is_there
from confide.core.schema import parsed
from confide.core.version import VERSION
from confide.inputs.folders import digest_of

SUFFIX = ".confide.json"
SCHEMA = "confide.release/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """What was done to a release.

    Args:
        kind: of the release, such as "ratings".
        protections: as the user wrote them, in the order in which they were applied.
        settings: the same, mechanism by mechanism.
        noise: "secure" came from the operating system's cryptographic source, "none" was drawn. "rehearsed":
            noise and people's new numbers came from a seed, and a person who knows it can undo both.
        promise: the differential-privacy promise in words, or None.
        ids: whether people carry new random numbers, or the ids that they had.
        before, after: counts of rows, people and things.
        left_out: columns, arrays or files of the original that were not audited, and so are not released.
        verified: what was checked on the written file.
        found: what the audit of the written file against the original found, a line for each goal of attacks.
        verdict: of that audit.
        sha256: of the written file; of a folder, of its pictures' names and bytes.
        version: of confide.
        bound: the settings as they were bound to the data, and what a later release or an estimate needs to
            know of it; only of kinds that have such.
    """

    kind: str
    protections: tuple[str, ...]
    settings: tuple[str, ...]
    noise: Literal["secure", "rehearsed", "none"]
    promise: str | None
    ids: Literal["renumbered", "kept"]
    before: Mapping[str, int]
    after: Mapping[str, int]
    left_out: tuple[str, ...]
    verified: tuple[str, ...]
    found: str
    verdict: str
    sha256: str
    version: str = VERSION
    bound: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """As JSON."""
        said = {name: value for name, value in asdict(self).items() if name != "bound" or value}
        return json.dumps({"schema": SCHEMA, **said}, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True)
class Made:
    """How a release was made, as its sidecar says: by these protections, and whether ids are new numbers."""

    protections: tuple[str, ...]
    renumbered: bool


def sidecar_of(release: Path) -> Path:
    """Where the sidecar of a file or folder stands: beside it."""
    named = release if release.name not in ("", "..") else release.resolve()
    return named.with_name(named.name + SUFFIX)


def protections_of(release: object, *, kind: str | None = None) -> tuple[str, ...]:
    """The protections that the sidecar of a release names; empty where it has none.

    The adversary knows how a release was made: an attack that did not would be too weak, and its audit a
    false all-clear.

    Raises:
        DataError: as `made_of`.
    """
    made = made_of(release, kind=kind)
    return () if made is None else made.protections


def sidecar_record(path: Path) -> Mapping[str, Any]:
    """What a sidecar says, field by field.

    Raises:
        DataError: if it is no sidecar that can be read.
    """
    try:
        record: dict[str, Any] = cast(Any, parsed(path.read_text(encoding="utf-8")))
        if record["schema"] != SCHEMA:
            raise ValueError(f"its schema is {record['schema']!r:.40} and not {SCHEMA}")
        texts = record["protections"]
        if not (isinstance(texts, list) and all(isinstance(text, str) for text in texts)):
            raise ValueError("its protections are no list of texts")
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise DataError(f"{path} is no sidecar that can be read ({_fault(why)}): restore it.") from why
    return record


def made_of(release: object, *, kind: str | None = None) -> Made | None:
    """How a released file or folder was made, by its sidecar; None where it has none.

    Args:
        release: the file or folder; of an object in memory nothing is known.
        kind: as what it is read, such as "ratings": one word may be another protection of another kind. None
            where only the words are wanted.

    Raises:
        DataError: if there is a sidecar and it cannot be read, it speaks of another kind, or of another
            release.
    """
    if not isinstance(release, str | Path) or not is_there(sidecar_of(Path(release))):
        return None
    path = sidecar_of(Path(release))
    try:
        record: dict[str, Any] = cast(Any, parsed(path.read_text(encoding="utf-8")))
        if record["schema"] != SCHEMA:
            raise ValueError(f"its schema is {record['schema']!r:.40} and not {SCHEMA}")
        protections = tuple(str(text) for text in record["protections"])
        made = Made(protections, renumbered=record["ids"] == "renumbered")
        its_kind, written = in_one_line(record["kind"]), str(record["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise DataError(
            f"{path} is no sidecar that can be read ({_fault(why)}): restore it, or remove it and say "
            "with --made-by how the release was made."
        ) from why
    if kind not in (None, its_kind):
        raise DataError(
            f"{release} was protected as {its_kind}, says {path}, and is read as {kind} here: read it as "
            f"{its_kind}, or remove the sidecar and say with --made-by how the release was made."
        )
    if digest_of(Path(release)) != written:
        raise DataError(
            f"{release} is not what {path} speaks of: it has changed since. Protect the original again, or "
            "remove the sidecar and say with --made-by how the release was made."
        )
    return made


def _fault(why: Exception) -> str:
    """What is wrong with a sidecar, in words for people."""
    if isinstance(why, OSError):
        return why.strerror or "it cannot be opened"
    if isinstance(why, KeyError):
        return f"it lacks {in_one_line(why)}"
    if isinstance(why, TypeError):
        return "it is no record of a release"
    if isinstance(why, UnicodeDecodeError | json.JSONDecodeError):
        return "it is no JSON, which every sidecar is"
    return in_one_line(why)
