"""`confide audit protocol`: a masking protocol, run and attacked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from confide.audits.protocols.settings import ProtocolSettings
from confide.cli.checked import command_of

if TYPE_CHECKING:
    from confide.audits.checked.outcome import CheckedAudit

PROTOCOL = "protocol"
QUESTION = "You add up updates under masks: does the protocol hide what each client sends?"
EXAMPLE = """\
For example:

\b
  confide audit protocol ours
  confide audit protocol flwr --threshold 5
  confide audit protocol mypkg.sums:Protocol --out findings

Exit code: 0 where all checks passed, 1 where one failed or came to no answer, 2 for bad use, 3 for a fault
of confide.
"""


def command() -> click.Command:
    """The command."""
    return command_of(
        PROTOCOL, ProtocolSettings, question=QUESTION, example=EXAMPLE, audited=_audited, held=PROTOCOL
    )


def _audited(settings: ProtocolSettings, *, command: str) -> CheckedAudit:
    # Imported here: `confide audit --help` must not load what audits.
    from confide.audits.protocols.door import audited

    return audited(settings, command=command)
