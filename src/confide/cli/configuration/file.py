"""Configuration files, found and read: `confide.toml`, or `[tool.confide]` in a pyproject.toml."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from confide.core.errors import DataError
from confide.core.fields import shown
from confide.core.foreign import in_one_line

OWN = "confide.toml"
PROJECT = "pyproject.toml"
"""A file of the whole project: ours is the table tool.confide."""
MOST_BYTES = 1_000_000
"""Of a configuration: thousands of releases. A larger file is some other one, such as data."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
"""What a release can be called: it names a folder, and a word of the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A configuration file, read, with its values as they stand there.

    Args:
        path: of the file.
        table: what a heading begins with: "" in confide.toml, "tool.confide." in pyproject.toml.
        shared: settings of every audit, by key.
        releases: name -> what stands there, by key.
        sha256: of its bytes.
    """

    path: Path
    table: str
    shared: Mapping[str, object]
    releases: Mapping[str, Mapping[str, object]]
    sha256: str

    @property
    def folder(self) -> Path:
        """From which paths in the file go out."""
        return self.path.parent

    def heading(self, release: str = "") -> str:
        """The file and the heading under which a release, or what is shared, stands, for messages."""
        under = f"[{self.table}release.{release}]" if release else f"[{self.table[:-1]}]" * bool(self.table)
        return f"{self.path}, {under}" if under else str(self.path)


def found(start: Path | None = None) -> Configuration | None:
    """The configuration of the working folder or, within its repository or home, of the nearest parent.

    Beyond these nothing is read: in a folder such as /tmp anybody may have left a file.

    Args:
        start: by default the working folder.

    Raises:
        DataError: for a file that cannot be read, and two in one folder.
    """
    here = (start or Path.cwd()).absolute()
    for folder in _within(here):
        there = [file for file in (folder / OWN, folder / PROJECT) if _configures(file)]
        if len(there) > 1:
            raise DataError(
                f"{there[0]} and the table tool.confide of {PROJECT} beside it both configure confide: "
                "keep one of them."
            )
        if there:
            # As short as a person would write it, since it is shown.
            return read(Path(os.path.relpath(there[0], here)) if start is None else there[0])
    return None


def _within(here: Path) -> list[Path]:
    """The folder and its parents up to the root of its repository, else up to the home folder."""
    upward = [here, *here.parents]
    tops = [folder for folder in upward if (folder / ".git").exists()]
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - pathlib's own fails where there is no home
    top = tops[0] if tops else home if home in upward else here
    return upward[: upward.index(top) + 1]


def _configures(file: Path) -> bool:
    """Whether this file is ours; a pyproject.toml that does not speak of confide is not even parsed."""
    if not file.is_file():
        return False
    if file.name == OWN:
        return True
    content = _content(file)
    if b"confide" not in content:
        return False
    return "confide" in _table(_parsed(file, content), "tool")


def _table(whole: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inside = whole.get(key, {})
    return cast("Mapping[str, Any]", inside) if isinstance(inside, dict) else {}


def read(path: Path) -> Configuration:
    """Read a configuration file.

    Args:
        path: a file of any name in TOML; of a pyproject.toml the table tool.confide is read.

    Raises:
        DataError: for a file that is not there, empty or no TOML, a release without a kind or with a name
            that it cannot have. Keys are looked at with the kind, by `of_kind` and `of_release`.
    """
    if not path.is_file():
        raise DataError(f"there is no configuration file {path!s:.200}: check the path.")
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path}: more than {MOST_BYTES:,} bytes are no configuration: give another file.")
    content = _content(path)
    whole = _parsed(path, content)
    project = path.name == PROJECT
    own = _table(whole, "tool").get("confide") if project else whole
    table = "tool.confide." if project else ""
    if project and own is None:
        raise DataError(f"{path} has no table [tool.confide]: add it, or give another file.")
    if not isinstance(own, dict):
        raise DataError(f"{path}: tool.confide is {shown(own)}: write it as a table, [tool.confide].")
    given = cast("dict[str, object]", own)
    if not given:
        raise DataError(f"{path} configures nothing: add settings, or a release under [{table}release.NAME].")
    shared = {key: value for key, value in given.items() if key != "release"}
    return Configuration(
        path=path,
        table=table,
        shared=shared,
        releases=_releases(path, table, given.get("release", {})),
        sha256=sha256(content).hexdigest(),
    )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): let yourself read it.") from error


def _parsed(path: Path, content: bytes) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{path}, line {line}: this is not UTF-8; save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise DataError(_told(path, in_one_line(error))) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, lists in lists
        raise DataError(f"{path}: this is no configuration ({in_one_line(error)}); correct it.") from error


def _told(path: Path, why: str) -> str:
    """An error of the parser as a sentence."""
    reason, _, place = why.partition(" (at ")
    where = f"{path}, {place.rstrip(')')}" if place else str(path)
    if twice := re.match(r"Cannot declare \((.*?),?\) twice", reason):
        parts = re.findall(r"'([^']*)'", twice[1])
        if len(parts) > 1 and parts[-2] == "release":
            return f"{where}: the release {parts[-1]!r} stands there twice; give each another name."
        return f"{where}: the table [{'.'.join(parts)}] stands there twice; keep one."
    if reason == "Cannot overwrite a value":
        return f"{where}: this key stands there twice; keep one."
    return f"{where}: this is no TOML ({reason}); correct that line."


def _releases(path: Path, table: str, given: object) -> dict[str, Mapping[str, object]]:
    """The releases by name, each with a kind.

    Raises:
        DataError: for a name that no release can have, what is no table, and a kind that does not exist.
    """
    if not isinstance(given, dict):
        raise DataError(f"{path}: release is {shown(given)}: write each one under [{table}release.NAME].")
    made: dict[str, Mapping[str, object]] = {}
    for name, inside in cast("dict[str, object]", given).items():
        _check_name(path, name, made)
        if not isinstance(inside, dict):
            raise DataError(
                f"{path}: release.{name} is {shown(inside)}: write a release under [{table}release.NAME]."
            )
        made[name] = cast("dict[str, object]", inside)
        _check_kind(f"{path}, [{table}release.{name}]", made[name])
    return made


def _check_name(path: Path, name: str, earlier: Mapping[str, object]) -> None:
    from confide.audits import KINDS

    if name.lower() in KINDS:
        raise DataError(f"{path}: a release is called {name!r}, which is a kind of release: rename it.")
    if not NAME.fullmatch(name):
        raise DataError(
            f"{path}: a release is called {shown(name)}: take letters, digits, dots, - and _, "
            "at most 64, and begin with a letter or digit."
        )
    same = next((other for other in earlier if other.lower() == name.lower()), None)
    if same is not None:  # one folder, on some disks
        raise DataError(f"{path}: the releases {same!r} and {name!r} differ in capitals alone: rename one.")


def _check_kind(heading: str, given: Mapping[str, object]) -> None:
    from confide.audits import KINDS
    from confide.cli.configuration.keys import nearest

    kind = given.get("kind")
    if kind is None:
        raise DataError(f'{heading} has no kind: add kind = "model", or another of {", ".join(KINDS)}.')
    if kind not in KINDS:
        near = nearest(str(kind), KINDS)
        raise DataError(
            f"{heading}: the kind is {shown(kind)}{near or ': choose one of ' + ', '.join(KINDS)}."
        )
