"""Sources of settings: which were given on the command line, and which in a configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the settings of an audit were given.

    Args:
        by: field -> `confide.report.made.COMMAND_LINE`, or the name of the file; defaults are left out.
        file: the name of the configuration file; empty where there was none.
        sha256: of its bytes, when it was read.
        unlimited: whether the file shares limits that this release is exempt from, and it has none.
    """

    by: Mapping[str, str]
    file: str = ""
    sha256: str = ""
    unlimited: bool = False
