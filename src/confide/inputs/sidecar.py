"""Sidecars: the file beside a protected release that says what was done to it, and by which software."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from confide.core.errors import DataError
from confide.core.version import VERSION
from confide.inputs.tables import digest_of_file

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
        left_out: columns of the original that were not audited, and so are not in the release.
        verified: what was checked on the written file.
        found: what the audit of the written file against the original found, in one sentence.
        verdict: of that audit.
        sha256: of the written file.
        version: of confide.
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

    def text(self) -> str:
        """As JSON."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=2, ensure_ascii=False) + "\n"


def sidecar_of(release: Path) -> Path:
    """Where the sidecar of a file or folder stands: beside it."""
    return release.with_name(release.name + SUFFIX)


def protections_of(release: object) -> tuple[str, ...]:
    """The protections that the sidecar of a released file names; empty where it has none.

    The adversary knows how a release was made: an attack that did not would be too weak, and its audit a
    false all-clear.

    Raises:
        DataError: if there is a sidecar and it cannot be read, or it speaks of another file.
    """
    if not isinstance(release, str | Path) or not sidecar_of(Path(release)).exists():
        return ()
    path = sidecar_of(Path(release))
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if record["schema"] != SCHEMA:
            raise ValueError(record["schema"])
        protections = tuple(str(text) for text in record["protections"])
        written = str(record["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise DataError(
            f"{path} is no sidecar that can be read ({why}): restore it, or remove it and say with --made-by "
            "how the release was made."
        ) from why
    if digest_of_file(Path(release)) != written:
        raise DataError(
            f"{release} is not the file that {path} speaks of: it has changed since. Protect the original "
            "again, or remove the sidecar and say with --made-by how the release was made."
        )
    return protections
