"""The audit of a masking protocol as a user asks for it: by name, with errors that say what to do."""

from __future__ import annotations

import numpy as np

from confide.audits.checked.outcome import CheckedAudit
from confide.audits.protocols.auditor import audit_protocol
from confide.audits.protocols.naming import is_ours, protocol_named
from confide.audits.protocols.outcome import outcome_of
from confide.audits.protocols.settings import ProtocolSettings
from confide.core.errors import ConfideError, DataError
from confide.models.guard import Guard, guarded_error


def audited(settings: ProtocolSettings, *, command: str = "") -> CheckedAudit:
    """Audit a protocol.

    Args:
        settings: which, and how.
        command: what makes the report again; empty in Python.

    Raises:
        DataError: if there is no such protocol, a package is missing, or its functions give no right sum or
            fail in a round in which everyone follows the protocol.
        ModelError: if an adapter cannot be imported, or ends the process.
    """
    protocol = protocol_named(settings.protocol)

    def audit() -> CheckedAudit:
        found = audit_protocol(
            protocol,
            threshold=settings.threshold,
            draws=settings.draws,
            tries=settings.tries,
            rng=np.random.default_rng(settings.seed),
        )
        return outcome_of(found, settings, command=command)

    try:
        # What an adapter prints does not go into a report that is piped, and it cannot end the audit.
        return Guard(f"the adapter of {protocol.name}")(audit)
    except ConfideError as error:
        if isinstance(error, protocol.refusals):
            raise DataError(
                f"{protocol.name} refuses a round in which everyone follows it ({error}): give another "
                "--threshold, or leave it out."
            ) from error
        raise
    except Exception as error:
        if is_ours(protocol):
            raise
        raise DataError(
            f"{protocol.name} fails in a round in which everyone follows it ({guarded_error(error)}): look "
            "at the adapter; an error by which a party refuses belongs into its `refusals`."
        ) from error
