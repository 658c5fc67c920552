"""`confide audit` and `confide protect`: groups with a command for each kind of release."""

from __future__ import annotations

import click

from confide import audits, releases
from confide.cli.audit import command_of as audit_of
from confide.cli.audit_group import AuditGroup, audit_all
from confide.cli.audit_options import configuration_options
from confide.cli.computation import COMPUTATION
from confide.cli.computation import command as computation_command
from confide.cli.flags import KindGroup
from confide.cli.protect import command_of as protect_of
from confide.cli.protocol import PROTOCOL
from confide.cli.protocol import command as protocol_command


def _audit_of(kind: str) -> click.Command:
    """The command of a kind; protocols and computations are no releases, and have some of their own."""
    own = {PROTOCOL: protocol_command, COMPUTATION: computation_command}
    return own[kind]() if kind in own else audit_of(kind)


@click.group(
    cls=AuditGroup,
    kinds=(*audits.KINDS, PROTOCOL, COMPUTATION),
    command_of=_audit_of,
    params=configuration_options(),
    invoke_without_command=True,
)
@click.pass_context
def audit(context: click.Context, **_options: object) -> None:
    """Play the adversary against what you are about to publish.

    The report says how much the adversary learns because these people were in the data. For example:

    \b
      confide audit ratings ratings.parquet --user user --item item --protect rare:20

    Without KIND it audits all releases that confide.toml names; `confide audit NAME` audits one of them, and
    options behind it go before what stands there.
    """
    if context.invoked_subcommand is None:
        audit_all(context)


@click.group(
    cls=KindGroup,
    kinds=releases.KINDS,
    command_of=protect_of,
    short_help="Write the safer file, and audit it against the original.",
)
def protect() -> None:
    """Write the safer file: protected, verified, and audited against the original.

    It takes the options of the audit of that kind, and some of its own. For example:

    \b
      confide protect ratings ratings.parquet --user user --item item --with rare:20 --out safer.parquet
    """
