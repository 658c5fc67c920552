"""Exhibits of a report on a collaboration: who sees what, and what a listener sees."""

from __future__ import annotations

from collections import defaultdict

from confide.attacks.blind import Blind
from confide.audits.collaboration.attacks import ALL, GOAL
from confide.audits.collaboration.context import called, promised_against, saw
from confide.audits.found import delta_of
from confide.audits.release import AuditedRelease
from confide.audits.worst_off import strongest_of
from confide.core.estimate import Estimate
from confide.core.language import parts, t
from confide.core.sentence import Sentence
from confide.core.transcript import EAVESDROPPER, SERVER, Envelope
from confide.inputs.collaboration_data import FEWEST_ASKED, MOST_ASKED, CollaborationData
from confide.measure import worst
from confide.report import Table


def parties_table(data: CollaborationData, release: AuditedRelease) -> Table:
    """A row a party: what it sees, what it learned, and what the protocol promises against it."""
    audited = data.parties
    found = _learned(release)
    rows = [(called(audited), saw(data, audited), found, promised_against(data, *audited))]
    for name, parties in _others(data):
        told = t("not asked here")
        rows.append((name, saw(data, parties), told, promised_against(data, *parties)))
    return Table(
        title=t("Who sees what, and what it learned"),
        reading=t(
            "The first row is the party that was audited: the AUC of its strongest attack. What others learn "
            "was not asked here: audit them too, with --as."
        ),
        head=(t("party"), t("what it sees"), t("what it learned (AUC)"), t("what the protocol promises")),
        rows=tuple(rows),
        opens=True,
    )


def _learned(release: AuditedRelease) -> Estimate | str:
    if all(one.attack == Blind.name for one in release.evidence) or release.goal != GOAL:
        return t("no attack ran")
    place, risks = worst(release.evidence, among=among_all(release), delta=delta_of(release.promise))
    return risks[place].auc


def among_all(release: AuditedRelease) -> int:
    """For how many attacks and questions intervals are corrected."""
    return max(len(ALL), len(release.attacks)) * release.alternatives


def clients_table(data: CollaborationData, release: AuditedRelease) -> Table | None:
    """A row a client that was asked about; None where the question is one."""
    if release.alternatives == 1 or not release.evidence:
        return None
    each = [
        (
            ", ".join(about),
            int(data.member[rows].sum()),
            t("too few to measure")
            if k in release.unmeasured
            else strongest_of(release, k, among=among_all(release)),
        )
        for k, (about, rows) in enumerate(zip(data.asked, data.rows, strict=True))
    ]
    return Table(
        title=t("Which client's records are found"),
        reading=t(
            "The party saw each client's own updates, and was asked about clients one by one: those with "
            "most records, up to {most:,}; those with fewer than {fewest:,} together. The numbers of this "
            "report are those of the worst off, and every interval is corrected for that choice. For others: "
            "--about.",
            most=MOST_ASKED,
            fewest=FEWEST_ASKED,
        ),
        head=(t("client"), t("records"), t("what it learned (AUC)")),
        rows=tuple((name, f"{n:,}", found) for name, n, found in each),
        internal=True,
    )


def _others(data: CollaborationData) -> list[tuple[Sentence, tuple[str, ...]]]:
    """The name of a row, and the parties that it shows; one client stands for all."""
    if data.recorded_by not in ("", SERVER):
        return []  # a client's machine recorded what it saw itself
    clients = [name for name in data.clients if name not in data.parties]
    found = [] if SERVER in data.parties else [(called((SERVER,)), (SERVER,))]
    if clients:
        found.append((parts("each other client ({n})", n=len(clients)), (clients[0],)))
    listening = EAVESDROPPER in data.parties
    return found if listening else [*found, (called((EAVESDROPPER,)), (EAVESDROPPER,))]


def envelopes_table(data: CollaborationData) -> Table | None:
    """What a listener sees of each client; None where somebody else looks."""
    if data.parties != (EAVESDROPPER,):
        return None
    by_client: dict[str, list[Envelope]] = defaultdict(list)
    for envelope in data.seen.envelopes:
        by_client[envelope.receiver if envelope.sender == SERVER else envelope.sender].append(envelope)
    rows = [
        (
            client,
            f"{len({one.round for one in some}):,}",
            f"{len(some):,}",
            f"{sum(one.size for one in some):,}",
            f"{len({one.size for one in some}):,}",
        )
        for client, some in sorted(by_client.items())
    ]
    return Table(
        title=t("What a listener sees of each client"),
        reading=t(
            "Rounds in which a client takes part show who was sampled: a promise that rests on secret "
            "sampling does not hold then. Messages of several sizes may say how much a client had to say."
        ),
        head=(t("client"), t("rounds"), t("messages"), t("bytes"), t("different sizes")),
        rows=tuple(rows),
        internal=True,
    )
