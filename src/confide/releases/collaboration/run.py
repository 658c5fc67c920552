"""Runs the plan of a collaboration: read, check, charge, run, write whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from confide.core.budget import Budget, Unit
from confide.core.errors import DataError, PromiseError
from confide.core.kept_transcript import write_transcript
from confide.core.paths import is_there
from confide.core.transcript import Payload
from confide.core.version import VERSION
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.paying import check_plan, pay
from confide.mechanisms.federate.protocol import AnyCollaboration, Plan
from confide.mechanisms.federate.rounds import Run
from confide.releases.collaboration.parties import Parties, read_parties
from confide.releases.collaboration.plan import PlanFile, placed_in, read_plan
from confide.releases.collaboration.saved import is_saved, save
from confide.releases.collaboration.settings import CollaborateSettings
from confide.releases.collaboration.simulated import collaborate, secured
from confide.releases.collaboration.told import card_of, left_out_lines, run_text
from confide.releases.collaboration.unfinished import TOKEN, Unfinished, folder_of, going_on
from confide.releases.training.interrupted import noting_charge

if TYPE_CHECKING:
    from confide.account.ledger import Ledger
    from confide.mechanisms.share.secure_sum import SecureSum


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A model that parties trained together, written.

    Args:
        file: of the model.
        transcript: the folder with all messages; None if they were not recorded.
        card: what the file says of the model.
        promise: of the run, a sentence for the terminal.
        left_out: who was left out, how often and why, a sentence each.
        accuracy: the share of test records that the model gets right; None without any.
        ledger: what is spent and left there, in a sentence; empty without one.
        created: whether the ledger was made.
        after: the round after which an interrupted run went on; None for one that was not interrupted.
    """

    file: Path
    transcript: Path | None
    card: Mapping[str, Any]
    promise: str
    left_out: tuple[str, ...] = ()
    accuracy: float | None = None
    ledger: str = ""
    created: bool = False
    after: int | None = None

    def __str__(self) -> str:
        right = "" if self.accuracy is None else f" It gets {self.accuracy:.1%} of the test records right."
        lost = "".join(f"\n{line}" for line in self.left_out)
        on = "" if self.after is None else f" It went on after round {self.after:,}, and was charged once."
        return (
            f"{self.file}: {self.card['learner']['model']}, trained by {self.card['clients']:,} clients in "
            f"{self.card['rounds']:,} rounds of {self.card['protocol']}.{right}{on}\n{self.promise}{lost}"
        )


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
    protocol = plan.made("secure" if settings.rehearse is None else "rehearsal")
    secure = None if plan.adding is None else plan.adding.by_masks(plan.cohort)
    with placed_in(plan.path):
        parties = read_parties(plan)
        learner = plan.learner.learner(features=parties.features, classes=parties.classes)
        promise = checked(plan, parties, protocol, learner, secure, pays=settings.rehearse is None)
    parties.need_unchanged()
    with ExitStack() as open_while:
        belongs = _belongs(settings, plan, parties)
        keep = open_while.enter_context(going_on(settings.out, belongs, record=settings.record))
        _check_record(settings, keep)
        after = keep.round if keep.begun else None
        ledger = None if settings.rehearse is not None else ledger_of(plan, parties.digest, open_while)
        lost = f"and the same command goes on from {keep.folder} without a second charge"
        none = Budget(0.0, 0.0, Unit.client())
        open_while.enter_context(noting_charge(ledger, promise or none, keep.folder, lost=lost))
        run = _run(settings, plan, parties, protocol, learner, secure, ledger, keep)
        written = write_run(settings, plan, parties, protocol, learner, run, keep=keep)
        keep.drop()
        written = replace(written, after=after)
        return written if ledger is None else with_ledger(written, plan, ledger)


class Places(Protocol):
    """Where a run writes to, of the settings of several commands."""

    @property
    def out(self) -> Path: ...

    @property
    def record(self) -> Path | None: ...

    @property
    def force(self) -> bool: ...

    @property
    def rehearse(self) -> int | None: ...


def check_places(settings: Places) -> None:
    """Refuse places that hold something else, before anything is read or charged.

    Raises:
        DataError: which, and what to do.
    """
    out, record = settings.out, settings.record
    if is_there(out) and not is_saved(out):
        raise DataError(f"--out {out} exists and is no model of a collaboration: choose another file.")
    if is_there(out) and not settings.force:
        raise DataError(f"--out {out} holds a model: choose another file, or replace it with --force.")
    if not is_there(folder_of(out)):
        _refuse_record(record)
    if record is not None and out.resolve().is_relative_to(record.resolve()):
        raise DataError(f"--out {out} is within the folder of the transcript: choose another place.")


def _refuse_record(record: Path | None) -> None:
    if record is not None and is_there(record):
        raise DataError(f"--record {record} is there already: name a new folder for the transcript.")


def _check_record(settings: CollaborateSettings, keep: Unfinished) -> None:
    if not keep.recorded:  # by this run, which was killed before it wrote its model
        _refuse_record(settings.record)


def _belongs(settings: CollaborateSettings, plan: PlanFile, parties: Parties) -> dict[str, Any]:
    """What a run follows from, by the words of the sentence that says what changed."""
    return {
        "the plan": plan.sha256,
        "the records": [one.digest for one in parties.files],  # in the order of the parties
        "the schema": sha256(parties.schema.encode()).hexdigest(),
        "--record": settings.record is not None,
        "--rehearse": settings.rehearse,
        "the version of confide": VERSION,
    }


def checked(
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
        pays: whether a ledger is to be charged.

    Raises:
        ConfideError: what is wrong with the plan.
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


def refuse_new_ledger(
    plan: PlanFile, protocol: AnyCollaboration, whole: Plan, promise: Budget | None
) -> None:
    """Refuse a ledger that is still to be made and would not pay, before it is there: one is tried elsewhere.

    Args:
        plan: that names it; nothing is done where the ledger is there already.
        protocol, whole: what is run.
        promise: of the whole run.

    Raises:
        ConfideError: as the ledger itself would.
    """
    if plan.paying.ledger is None or plan.paying.of_ledger is None:
        return
    from confide.account.opening import PATIENCE
    from confide.account.places import place_of

    if place_of(plan.paying.ledger).is_taken(PATIENCE):
        return
    with TemporaryDirectory() as folder, ExitStack() as open_while:
        trial = replace(plan, paying=replace(plan.paying, ledger=f"{folder}/trial"))
        ledger = ledger_of(trial, sha256(b"trial").hexdigest(), open_while)
        assert ledger is not None
        pay(ledger, protocol, whole, promise, analyst=plan.paying.analyst)


def ledger_of(plan: PlanFile, data: str, open_while: ExitStack) -> Ledger | None:
    """The ledger that pays for a plan, open for a while; None where the plan names none.

    Args:
        plan: that names it.
        data: the SHA-256 to which a new ledger is bound.
        open_while: closes it.
    """
    if plan.paying.ledger is None:
        return None
    from confide.account.opening import open_ledger

    budget = plan.paying.of_ledger
    whole = None if budget is None else replace(budget, unit=Unit.client())
    made = open_ledger(plan.paying.ledger, data=data, budget=whole, unit=Unit.client())
    open_while.callback(made.close)
    return made


def _run(
    settings: CollaborateSettings,
    plan: PlanFile,
    parties: Parties,
    protocol: AnyCollaboration,
    learner: LocalLearner,
    secure: SecureSum | None,
    ledger: Ledger | None,
    keep: Unfinished,
) -> Run:
    from confide.scale.local import processes

    more = {} if settings.jobs == 1 else {"map": processes(settings.jobs)}
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


def write_run(
    settings: Places,
    plan: PlanFile,
    parties: Parties,
    protocol: AnyCollaboration,
    learner: LocalLearner,
    run: Run,
    *,
    recorded_by: str = "",
    keep: Unfinished | None = None,
) -> Written:
    """Write the model, and the transcript if it is asked for.

    Args:
        settings: where to.
        plan, parties, protocol, learner: of the run.
        run: that ended.
        recorded_by: the party whose machine recorded it; empty for a simulation.
        keep: what is kept of a simulation in case that it is interrupted.

    Raises:
        DataError: if the model has numbers that are not finite; nothing is written then.
    """
    if not np.isfinite(run.parameters).all():
        fresh = f" in a new run, for which you delete {keep.folder}" if keep else ""
        raise DataError(
            f"the model has numbers that are not finite, and was not written: lower the rate{fresh}."
        )
    card = card_of(plan, parties, protocol, run, rehearsal=settings.rehearse is not None)
    if settings.record is not None and run.transcript is not None and not (keep and keep.recorded):
        texts = {
            "plan.toml": plan.text,
            "schema.toml": parties.schema,
            "run.json": run_text(card, run, recorded_by=recorded_by),
            **({TOKEN: keep.token} if keep else {}),
        }
        write_transcript(run.transcript, settings.record, beside=texts)
    save(settings.out, run.parameters, card)
    return Written(
        file=settings.out,
        transcript=settings.record,
        card=card,
        promise=card["promise"]["sentence"],
        left_out=left_out_lines(run),
        accuracy=parties.accuracy(learner, run.parameters),
    )


def with_ledger(written: Written, plan: PlanFile, ledger: Ledger) -> Written:
    """The same, with what the ledger that paid says now."""
    standing = f"Spent {ledger.spent}; left {ledger.left(plan.paying.analyst)}."
    return replace(written, ledger=standing, created=ledger.created)
