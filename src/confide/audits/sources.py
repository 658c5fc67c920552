"""Sources of settings: which were given on the command line, and which in a configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

COMMAND_LINE = "command line"
"""The source of a setting that was given as a flag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the settings of an audit were given.

    Args:
        by: the field of a setting -> `COMMAND_LINE`, or the name of the file. Defaults are left out.
        file: the name of the configuration file; empty where there was none.
        sha256: of its bytes, when it was read.
    """

    by: Mapping[str, str]
    file: str = ""
    sha256: str = ""
