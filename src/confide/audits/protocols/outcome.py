"""The outcome of an audit of a masking protocol."""

from __future__ import annotations

from confide.audits.checked.outcome import CheckedAudit
from confide.audits.protocols.found import Found
from confide.audits.protocols.page import page_of
from confide.audits.protocols.settings import ProtocolSettings

STEM = "protocol"


def outcome_of(found: Found, settings: ProtocolSettings, *, command: str = "") -> CheckedAudit:
    """The audit of these checks."""
    page = page_of(found, settings, command=command)
    made = page["made"]
    packages = ", ".join(f"{name} {told}" for name, told in made["packages"].items())
    told = (
        f"Six made-up clients, of whom {page['threshold']} must remain; no data of people was read.",
        f"{made['date']}, Python {made['python']}; {packages}.",
        f"Seed {made['seed']}; up to {made['draws']:,} secrets compared, {made['tries']:,} seeds tried.",
        *[f"Again: {made['command']}"] * bool(made["command"]),
    )
    title = f"Audit of a masking protocol: {page['protocol']}"
    return CheckedAudit(found, page, STEM, title, told, settings.share)
