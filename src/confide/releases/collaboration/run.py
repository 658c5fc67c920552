"""Runs the plan of a collaboration: read, check, charge, run, write whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.transcript import Payload
from confide.core.version import VERSION
from confide.inputs.plan_files import placed_in
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.exchange import Exchange
from confide.mechanisms.federate.paying import check_plan
from confide.mechanisms.federate.protocol import AnyCollaboration, Plan
from confide.mechanisms.federate.rounds import Run
from confide.mechanisms.noise.source import Noise
from confide.releases.collaboration.exchanges import exchange_of
from confide.releases.collaboration.ledger import ledger_of, refuse_new_ledger
from confide.releases.collaboration.parties import Parties, read_parties
from confide.releases.collaboration.places import check_places, refuse_record
from confide.releases.collaboration.plan import PlanFile, read_plan
from confide.releases.collaboration.settings import CollaborateSettings
from confide.releases.collaboration.simulated import collaborate, secured
from confide.releases.collaboration.spreading import spread
from confide.releases.collaboration.unfinished import Unfinished, going_on
from confide.releases.collaboration.written import Written, with_ledger, write_run
from confide.releases.training.interrupted import noting_charge

if TYPE_CHECKING:
    from confide.account.ledger import Ledger
    from confide.mechanisms.share.secure_sum import SecureSum


def carried_out(settings: CollaborateSettings) -> Written:
    """Run the plan of a collaboration, and write its model.

    What a run needs to go on is kept beside the model after each round, until that is written: after a crash
    the same plan goes on from there, and is not charged again.

    Raises:
        ConfideError: one sentence on what is wrong. Before the charge nothing was spent or written; after it
            the budget is spent and the message says so.
    """
    plan = read_plan(settings.plan)
    check_places(settings)
    noise: Noise = "secure" if settings.rehearse is None else "rehearsal"
    updates = plan.made(noise) if plan.public is None else None  # refused before any record is read
    secure = None if plan.adding is None else plan.adding.by_masks(plan.cohort)
    with placed_in(plan.path):
        parties = read_parties(plan)
        learner = plan.learner.learner(features=parties.features, classes=parties.classes)
    protocol = updates or exchange_of(plan, parties, noise)
    with placed_in(plan.path):
        promise = check_run(plan, parties, protocol, learner, secure, pays=settings.rehearse is None)
    parties.need_unchanged()
    with ExitStack() as open_while:
        belongs = _belongs(settings, plan, parties)
        keep = open_while.enter_context(going_on(settings.out, belongs, record=settings.record))
        _check_record(settings, keep)
        after = keep.round if keep.begun else None
        none = Budget(0.0, 0.0, Unit.client())
        ledger = None
        if settings.rehearse is None:
            ledger = ledger_of(plan, parties.digest, open_while, unit=(promise or none).unit)
        lost = f"and the same command goes on from {keep.folder} without a second charge"
        open_while.enter_context(noting_charge(ledger, promise or none, keep.folder, lost=lost))
        run = run_plan(settings, plan, parties, protocol, learner, secure, ledger, keep)
        shown = protocol.student if isinstance(protocol, Exchange) else learner
        written = write_run(settings, plan, parties, protocol, shown, run, keep=keep)
        keep.drop()
        written = replace(written, after=after)
        return written if ledger is None else with_ledger(written, plan, ledger)


def _check_record(settings: CollaborateSettings, keep: Unfinished) -> None:
    if not keep.recorded:  # by this run, which was killed before it wrote its model
        refuse_record(settings.record)


def _belongs(settings: CollaborateSettings, plan: PlanFile, parties: Parties) -> dict[str, Any]:
    """What a run follows from, by the words of the sentence that says what changed."""
    return {
        "the plan": plan.sha256,
        "the records": [one.digest for one in parties.files],  # in the order of the parties
        "the public records": parties.published and parties.published.digest,
        "the schema": sha256(parties.schema.encode()).hexdigest(),
        "--record": settings.record is not None,
        "--rehearse": settings.rehearse,
        "the version of confide": VERSION,
    }


def check_run(
    plan: PlanFile,
    parties: Parties,
    protocol: AnyCollaboration,
    learner: LocalLearner,
    secure: SecureSum | None,
    *,
    pays: bool,
) -> Budget | None:
    """The promise of the whole run. Nothing of the plan can be refused after this: a ledger may be made.

    Args:
        plan, parties, protocol, learner, secure: of the run.
        pays: whether its ledger is to pay.

    Raises:
        ConfideError: what cannot be, with what to change.
    """
    trial = np.random.default_rng()
    whole = Plan(len(parties.records), plan.rounds, learner.start(rng=trial))
    promise = check_plan(protocol, whole)
    protocol.begin(whole, rng=trial)
    limit = None if plan.adding is None else plan.adding.limit
    if secure is not None and not protocol.additive:
        raise PromiseError(
            f"{protocol.name} looks at each upload by itself: leave out [secure], or choose another protocol."
        )
    secured(secure, protocol, parties.records, limit=limit)
    if plan.paying.ledger is not None and promise is None:
        raise PromiseError(
            f"{protocol.name} promises nothing, so that no ledger pays for it: leave out the ledger, or "
            "choose a protocol with a promise."
        )
    if pays:
        refuse_new_ledger(plan, protocol, whole, promise)
    return promise


def run_plan(
    settings: CollaborateSettings,
    plan: PlanFile,
    parties: Parties,
    protocol: AnyCollaboration,
    learner: LocalLearner,
    secure: SecureSum | None,
    ledger: Ledger | None = None,
    keep: Unfinished | None = None,
) -> Run:
    """Run a plan that was checked, on this machine.

    Args:
        settings: the seed of a rehearsal, the processes, and whether messages are kept.
        plan, parties, protocol, learner, secure: of the run.
        ledger: pays; None for nobody.
        keep: keeps where it stands; None for a run that cannot go on after a crash.
    """
    with spread(settings) as more:
        return collaborate(
            learner,
            parties.records,
            protocol,
            rounds=plan.rounds,
            rng=np.random.default_rng(settings.rehearse),
            secure=secure,
            limit=None if plan.adding is None else plan.adding.limit,
            ledger=ledger,
            analyst=plan.paying.analyst,
            record=settings.record is not None,
            watch=clock(plan),
            keep=keep,
            **more,
        )


def clock(plan: PlanFile) -> Callable[[int, Payload], None]:
    """Stops a run whose round, or which as a whole, takes longer than the plan allows."""
    began = last = time.monotonic()

    def watch(number: int, _model: Payload) -> None:
        nonlocal last
        now = time.monotonic()
        for what, took, most in (
            (f"round {number:,}", now - last, plan.deadline),
            (f"the run, up to round {number:,},", now - began, plan.end),
        ):
            if most is not None and took > most:
                raise DataError(
                    f"{what} took {took:.1f} s, and the plan allows {most:g} s: no model was written. Give "
                    "more time in [deadlines], or less to train."
                )
        last = now

    return watch
