"""Texts of a report on a collaboration: who looked, what it saw, and what is promised against it."""

from __future__ import annotations

from confide.attacks.blind import Blind
from confide.audits.collaboration.exchanged import saw_of_exchange, unread
from confide.audits.collaboration.promise import broken_by, of_one_record
from confide.audits.release import AuditedRelease
from confide.audits.spec import Context, Count
from confide.core.budget import Unit
from confide.core.language import parts, t
from confide.core.sentence import Sentence, said
from confide.core.transcript import EAVESDROPPER, SERVER
from confide.inputs.collaboration_data import CollaborationData
from confide.measure import measure


def context_of(data: CollaborationData, release: AuditedRelease, count: Count) -> Context:
    """What the report says beside the numbers."""
    about, blind = data.asked[release.chosen or 0], release.of(Blind())
    return Context(
        subject=_subject(data),
        adversary=(
            said(saw(data, data.parties), count),
            t("It knew the protocol, and the form of the model."),
        ),
        about=_about(data, about, count),
        left_out=data.left_out,
        notes=_notes(data, release),
        # Clients are named for internal use alone: they may be people.
        internal_notes=(
            t("It was seen by {parties}.", parties=", ".join(data.parties)),
            *([t("Asked about: {clients}.", clients=", ".join(about))] if about else []),
            *_all_asked(data),
        ),
        warnings=_warnings(data, count),
        broken=broken_by(release, blind_wins=blind is not None and measure(blind).auc.low > 0.5),
        unsettled={**_unsettled(data), **_unmeasured(release, count)},
        blind=blind,
    )


def promised_against(data: CollaborationData, *parties: str) -> str:
    """What the protocol promises against these parties together, in words."""
    if not data.said:
        return t("not known: the run does not say")
    if data.promise is None:
        return t("nothing")
    if data.too_many(*parties):
        return t("nothing: more clients look together than it allows to collude")
    trusted = [party for party in parties if party in data.trusted]
    return t("nothing: the protocol trusts it") if trusted else str(data.promise)


def called(parties: tuple[str, ...]) -> Sentence:
    """Who looks, without a client's name."""
    first, *more = parties
    if more:
        return parts("{n} parties together", n=len(parties))
    if first in (SERVER, EAVESDROPPER):
        return (t("the server") if first == SERVER else t("an eavesdropper"),)
    return (t("a client"),)


def saw(data: CollaborationData, parties: tuple[str, ...]) -> Sentence:
    """What these parties saw of the run, a sentence."""
    seen = data.transcript.seen_by(*parties)
    if parties == (EAVESDROPPER,):
        return parts(
            "It saw who sent how many bytes to whom, and when: {n:,} messages, and nothing in them.",
            n=len(seen.envelopes),
        )
    if data.exchanged:
        return saw_of_exchange(seen, parties)
    models = len({m.round for m in seen.received("model")} | {m.round for m in seen.sent("model")})
    alone = [m for m in seen.received("update") if m.sender not in parties]
    if alone:
        return parts(
            "It saw the model of {rounds:,} rounds, and the updates of {clients} clients, each by itself.",
            rounds=models,
            clients=len({m.sender for m in alone}),
        )
    if SERVER in parties:
        return parts(
            "It saw the model of {rounds:,} rounds, and the sum of the updates of each, not who sent what.",
            rounds=models,
        )
    return parts(
        "It saw its own records and messages, the model of the rounds in which it worked ({rounds:,}), and "
        "the published one.",
        rounds=models,
    )


def _subject(data: CollaborationData) -> str:
    if data.parties == (EAVESDROPPER,):
        return t("Somebody who listens on the network and knows a person's record")
    if len(data.parties) > 1:
        return t("A group of parties that share what they saw and know a person's record")
    if data.parties == (SERVER,):
        return t("A server that led this collaboration and knows a person's record")
    return t("A client that took part in this collaboration and knows a person's record")


def _all_asked(data: CollaborationData) -> list[str]:
    if len(data.asked) == 1:
        return []
    names = [name for about in data.asked for name in about]
    return [t("Chosen as the worst off among {clients}.", clients=", ".join(names))]


def _about(data: CollaborationData, about: tuple[str, ...], count: Count) -> dict[str, str]:
    return {
        t("protocol"): data.protocol or t("not known: the run does not say"),
        t("seen by"): said(called(data.parties), count),
        t("asked about records of"): t("{n} clients", n=count(len(about) or len(data.others))),
        t("promised against it"): promised_against(data, *data.parties),
    }


def _notes(data: CollaborationData, release: AuditedRelease) -> tuple[str, ...]:
    notes = [
        followed(data),
    ]
    if data.exchanged:
        notes.append(t("Which properties the people behind a message have was not tried."))
    elif data.trait is None:
        notes.append(t("Which properties the people behind an update have was not tried."))
    if release.promise is not None and release.promise.unit == Unit.record():
        notes.append(
            t(
                "The promise is about a single record, and what was found about records was held against it. "
                "That it is not broken here does not show that it is kept."
            )
        )
    elif release.promise is not None:
        notes.append(
            t(
                "The promise is about all records of one client. Of a single record it allows epsilon "
                "{allowed:.3g}, and what was found about records was held against that. That it is not "
                "broken here does not show that it is kept.",
                allowed=of_one_record(release.promise)[0],
            )
        )
    return tuple(notes)


def followed(data: CollaborationData) -> str:
    """Whether the server followed the protocol, and what that means."""
    if data.active == "ascent":
        return t(
            "This run was rehearsed with a server that does not follow the protocol: it moved the models "
            "that it sent up the loss of its targets. What follows is what such a server finds out."
        )
    if data.active == "isolate":
        return t(
            "This run was rehearsed with a server that does not follow the protocol: it gave a client its "
            "own model back in place of everybody's. What follows is what such a server finds out."
        )
    return t("The party followed the protocol: one that sends other messages may learn more.")


def _warnings(data: CollaborationData, count: Count) -> tuple[str, ...]:
    found: list[str] = []
    trusted = [party for party in data.parties if party in data.trusted]
    if trusted:
        found.append(
            t(
                "The promise of {protocol} does not hold against this party: it is trusted not to use what "
                "it sees.",
                protocol=data.protocol,
            )
        )
    elif data.too_many(*data.parties):
        found.append(
            t(
                "The promise is made for fewer clients that collude: it does not say what these learn "
                "together."
            )
        )
    elif data.said and data.promise is None:
        found.append(t("Nothing bounds what this party may learn: the protocol makes no promise."))
    asked = {name for about in data.asked for name in about}
    if asked and len(data.alone) > len(asked):
        found.append(
            t(
                "It saw the updates of {n} clients, and was asked about {about} of them: people of the "
                "others may be found more easily. Name them with --about.",
                n=count(len(data.alone)),
                about=count(len(asked)),
            )
        )
    if not asked and data.alone and not data.records_of(data.others):
        found.append(
            t(
                "It saw the updates of {n} clients, and the transcript does not say whose records these are: "
                "they were held against all updates together. They may be found more easily where --about "
                "names their client.",
                n=count(len(data.alone)),
            )
        )
    return tuple(found)


def _unsettled(data: CollaborationData) -> dict[str, str]:
    if data.parties != (EAVESDROPPER,):
        return unread() if data.exchanged else {}
    return {
        t("sizes and times"): t(
            "No attack here reads sizes and times: what they tell of the records is not measured, and the "
            "rates are those of an adversary who sees nothing."
        )
    }


def _unmeasured(release: AuditedRelease, count: Count) -> dict[str, str]:
    if not release.unmeasured:
        return {}
    return {
        t("clients with few records"): t(
            "Of {n} questions about clients nothing could be measured, because they have too few records.",
            n=count(len(release.unmeasured)),
        )
    }
