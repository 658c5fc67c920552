"""Which configuration file a call takes: the one that it names, the nearest one, or none."""

from __future__ import annotations

import click

from confide.cli.configuration.file import Configuration, found, read
from confide.core.errors import DataError

KEPT = "confide.configuration"
"""Where click's context keeps the file of a call, which is read once."""


def in_force(context: click.Context | None) -> Configuration | None:
    """The configuration of this call; None where there is none, or it is not wanted.

    Args:
        context: of the group, whose options name the file.

    Raises:
        DataError: for a file that cannot be read.
    """
    if context is None:  # a command that stands alone
        return None
    if KEPT not in context.meta:
        config, none = context.params.get("config"), bool(context.params.get("no_config"))
        if none and config is not None:
            raise DataError("--config names a file and --no-config takes none: give one of them.")
        context.meta[KEPT] = None if none else found() if config is None else read(config)
    return context.meta[KEPT]
