"""The audit of a recorded computation as a user asks for it."""

from __future__ import annotations

from confide.audits.checked.outcome import CheckedAudit
from confide.audits.computations.auditor import audit_computation
from confide.audits.computations.page import outcome_of
from confide.audits.computations.recorded import read_records
from confide.audits.computations.settings import ComputationSettings


def audited(settings: ComputationSettings, *, command: str = "") -> CheckedAudit:
    """Audit a computation.

    Args:
        settings: which records, and through whose eyes.
        command: what makes the report again; empty in Python.

    Raises:
        DataError: if the records are none of one run, or nobody of the given name kept one.
    """
    run = read_records(settings.transcripts, settings.parties)
    return outcome_of(audit_computation(run, settings.transcripts), settings, command=command)
