"""Configuration files: settings and releases for `confide audit`, under the names of its flags."""

from confide.cli.configuration.choice import in_force
from confide.cli.configuration.file import Configuration, found, read
from confide.cli.configuration.release import (
    Configured,
    check_files,
    check_shared,
    import_from,
    named,
    of_kind,
    of_release,
    placed_in,
)

__all__ = [
    "Configuration",
    "Configured",
    "check_files",
    "check_shared",
    "found",
    "import_from",
    "in_force",
    "named",
    "of_kind",
    "of_release",
    "placed_in",
    "read",
]
