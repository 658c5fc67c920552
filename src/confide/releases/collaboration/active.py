"""Rehearses a server that does not follow the protocol (Nasr et al. 2019), for an audit of what it sees."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from confide.core.errors import DataError
from confide.core.kept_transcript import write_transcript
from confide.core.paths import is_there
from confide.inputs.plan_files import placed_in
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.active_server import GradientAscent, Isolate
from confide.mechanisms.federate.rounds import collaborate
from confide.releases.collaboration.parties import Parties, read_others, read_parties
from confide.releases.collaboration.plan import PlanFile, read_plan
from confide.releases.collaboration.run import check_run, clock
from confide.releases.collaboration.settings import CollaborateSettings
from confide.releases.collaboration.simulated import secured
from confide.releases.collaboration.spreading import spread
from confide.releases.collaboration.told import card_of, run_text
from confide.views.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Deceived:
    """A rehearsal of an active server, whose transcript was written.

    Args:
        active: what the server did.
        clients: whom it deceived; none stands for all.
        transcript: the folder with all messages.
    """

    active: str
    clients: tuple[str, ...]
    transcript: Path

    def __str__(self) -> str:
        whom = ", ".join(self.clients) or "all clients"
        what = {
            "ascent": f"moved the models of {whom} up the loss of its targets",
            "isolate": f"gave {whom} its own model back",
        }
        return f"A server was rehearsed that {what[self.active]}. No model was written, and nothing charged."


def deceived(settings: CollaborateSettings) -> Deceived:
    """Run a plan with a server that sends other models than the protocol says, and write its transcript.

    A real server of this kind attacks people; this one acts on this machine alone, with records that its user
    has. Its rounds, and what clients draw, are those of the same plan with the same seed and a server that
    follows the protocol, so that an audit of both compares them on the same people.

    Raises:
        ConfideError: one sentence on what is wrong; nothing is written then.
    """
    assert settings.record is not None and settings.rehearse is not None
    plan = read_plan(settings.plan)
    if is_there(settings.record):
        raise DataError(f"--record {settings.record} is there already: name a new folder for the transcript.")
    if plan.public is not None:
        raise DataError(
            f"{plan.protocol['name']} exchanges predictions, and an active server changes models: take a "
            "plan that sends models, such as fedavg."
        )
    protocol = plan.made("rehearsal")
    secure = None if plan.adding is None else plan.adding.by_masks(plan.cohort)
    if settings.active == "isolate" and secure is not None:
        raise DataError(
            "an isolated client gets the model back that its own update makes, and a secure sum hides "
            "that: take [secure] out of the plan, or rehearse ascent."
        )
    limit = None if plan.adding is None else plan.adding.limit
    with placed_in(plan.path):
        parties = read_parties(plan)
        learner = plan.learner.learner(features=parties.features, classes=parties.classes)
        check_run(plan, parties, protocol, learner, secure, pays=False)
    with spread(settings) as more:
        run = collaborate(
            protocol,
            learner,
            parties.records,
            rounds=plan.rounds,
            rng=np.random.default_rng(settings.rehearse),
            secure=secured(secure, protocol, parties.records, limit=limit),
            watch=clock(plan),
            active=_server(settings, plan, parties, learner),
            **more,
        )
    parties.need_unchanged()
    if run.transcript is None or not np.isfinite(run.parameters).all():
        raise DataError(
            "the model has numbers that are not finite, and no transcript was written: lower the rate."
        )
    card = {**card_of(plan, parties, protocol, run, rehearsal=True), "active": settings.active}
    texts = {"plan.toml": plan.text, "schema.toml": parties.schema}
    write_transcript(
        run.transcript, settings.record, beside={**texts, "run.json": run_text(card, run, recorded_by="")}
    )
    victims = () if settings.victim is None else (settings.victim,)
    return Deceived(active=str(settings.active), clients=victims, transcript=settings.record)


def _server(
    settings: CollaborateSettings, plan: PlanFile, parties: Parties, learner: LocalLearner
) -> GradientAscent | Isolate:
    """The server, with the records that it is after.

    Raises:
        DataError: if there is no such client, or the records cannot be read.
    """
    victim = settings.victim
    if victim is not None and not len(parties.records.get(victim, ())):
        raise DataError(
            f"there is no client {victim!r:.60} with records: choose from {', '.join(parties.records):.300}."
        )
    if settings.active == "isolate":
        assert victim is not None
        return Isolate(client=victim)
    targets = Records.concat([read_others(plan, parties.public, path) for path in settings.targets])
    return GradientAscent(learner=learner, targets=targets, clients=() if victim is None else (victim,))
