"""`confide audit computation`: a recorded computation, through the eyes of its parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from confide.audits.computations.settings import ComputationSettings
from confide.cli.checked import command_of

if TYPE_CHECKING:
    from confide.audits.checked.outcome import CheckedAudit

COMPUTATION = "computation"
QUESTION = "You computed with others on hidden inputs: what did each party see, and what does the result say?"
EXAMPLE = """\
For example, where three parties rehearsed a joint sum and kept records:

\b
  confide audit computation record-a record-b record-c --as party:b
  confide audit computation record-a record-b record-c --as coalition:b,c
  confide audit computation record-server record-client --as server --accept-result

Exit code: 0 where all checks passed, 1 where one failed or came to no answer, 2 for bad use, 3 for a fault
of confide.
"""


def command() -> click.Command:
    """The command."""
    return command_of(
        COMPUTATION,
        ComputationSettings,
        question=QUESTION,
        example=EXAMPLE,
        audited=_audited,
        held="transcripts",
    )


def _audited(settings: ComputationSettings, *, command: str) -> CheckedAudit:
    # Imported here: `confide audit --help` must not load what audits.
    from confide.audits.computations.door import audited

    return audited(settings, command=command)
