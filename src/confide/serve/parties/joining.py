"""A party's command of a joint computation: read, check, agree, charge, compute, write whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from confide.core.drafts import try_place
from confide.core.errors import DataError
from confide.core.kept_transcript import write_transcript
from confide.core.paths import is_there
from confide.core.transcript import Payload
from confide.core.version import VERSION
from confide.mechanisms.share.joint.plan import JointPlan
from confide.releases.join.computations import COMPUTATIONS, Found, noise_of
from confide.releases.join.computing import Computing
from confide.releases.join.plan import PlanFile, read_plan
from confide.releases.join.records import Held, read_records
from confide.releases.join.results import is_result, write_result
from confide.releases.join.settings import JoinSettings
from confide.releases.session.identity import Identity as File
from confide.releases.training.interrupted import noting_charge
from confide.serve.parties.certificates import contexts
from confide.serve.parties.keys import read_identity
from confide.serve.parties.paying import charging, check_paying, promise_of, purse_of
from confide.serve.parties.running import finished
from confide.serve.parties.session import Finished, joined

NOTHING = "No result was written."
SUMS_TELL = (
    "What is opened has exact sums of each owner's own columns over the people on both lists: where values "
    "have many digits, or were chosen for it, an owner can work out from them who of its list is on both, "
    "the shorter its list the easier. With inside = true (ols, ridge) no such sum is opened."
)
"""Of moments of people who were brought together."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Joined:
    """A result that all parties have, written.

    Args:
        file: of the result.
        frame: the result.
        card: what the file says of it.
        transcript: the folder of this party's record; None without one.
        ledger: what is spent and left there, in a sentence; empty without one.
        created: whether the ledger was made.
        sent: bytes that this party sent.
    """

    file: Path
    frame: pl.DataFrame
    card: Mapping[str, Any]
    transcript: Path | None
    ledger: str
    created: bool
    sent: int


def join(
    settings: JoinSettings,
    *,
    tell: Callable[[str], object],
    identifiers: Sequence[str] = (),
    begin: Callable[[], object] = int,
) -> Joined:
    """Take part in a joint computation, and write its result.

    Args:
        settings: of the command.
        tell: hears in sentences what must be believed, and what happens.
        identifiers: of the rows in one form, where the plan brings rows together by these.
        begin: called when all hold the same plan, before any data move.

    Raises:
        ConfideError: one sentence on what is wrong, or on which party was lost; no result is written then.
    """
    plan = read_plan(settings.plan)
    joint = plan.joint
    party = joint.party(settings.party)
    if joint.aligning is not None and party.role == "owner" and not identifiers:
        raise DataError(
            f"{settings.plan} brings rows together by an identifier: use confide match, with --id COLUMN."
        )
    _check_places(settings)
    check_paying(settings, joint)
    identity = read_identity(settings.keys, party.name)
    contexts(joint, identity, name=party.name)  # the plan's certificate, before the records are read
    for line in told_before(joint):
        tell(line)
    data = None if settings.data is None else File.of(settings.data)
    held = replace(read_records(settings.data, joint, name=party.name), identifiers=identifiers)
    if data is not None:
        data.need_unchanged()
    noise = noise_of(joint)
    with ExitStack() as open_while:
        digest = "" if data is None else data.digest
        purse = purse_of(settings, joint, noise, data=digest, open_while=open_while)
        lost = "and to run again charges again"
        open_while.enter_context(noting_charge(purse, promise_of(noise), lost=lost, nothing=NOTHING))
        charge = charging(purse, joint, noise, analyst=settings.analyst, data=digest)
        computing = Computing(joint, party.name, held, charge)
        tell(f"{party.name}: {_of(held)}; the others are waited for, {joint.arrival:g} s at most.")

        def agree() -> None:
            tell(f"All have come, and hold plan {sha256(joint.text.encode()).hexdigest()[:16]}.")
            begin()

        done = finished(
            lambda: joined(
                joint,
                identity,
                computing,
                name=party.name,
                inputs=_inputs(held),
                published=_arrays,
                listen=settings.listen,
                agree=agree,
            )
        )
        if computing.refused is not None:
            raise computing.refused
        card = {**card_of(joint, computing.exactness), **_of_both(joint, computing.matched)}
        frame = COMPUTATIONS[joint.computation].frame(joint, done.value)
        write_result(settings.out, frame, card)  # first: all others have it too
        transcript = _recorded(settings, plan, done, card)
        ledger = None if purse is None else purse.ledger
        spent = "" if ledger is None else f"Spent {ledger.spent}; left {ledger.left(settings.analyst)}."
        return Joined(
            file=settings.out,
            frame=frame,
            card=card,
            transcript=transcript,
            ledger=spent,
            created=ledger is not None and ledger.created,
            sent=done.sent,
        )


def told_before(plan: JointPlan) -> list[str]:
    """What must be believed, and what is opened, in sentences: the first that a party reads."""
    made = COMPUTATIONS[plan.computation]
    beside = "nothing" if plan.inside else made.opened
    told = [
        f"What must be believed: {plan.trust}.",
        f"Every party learns the result ({plan.computation}) and, beside it, {beside}.",
    ]
    if plan.aligning is not None:
        helper = " and ".join(set(plan.names) - set(plan.owners))
        told.append(
            "All learn how long both lists are, and how many people are on both (of too few, "
            f"{helper} alone); nobody is shown who. An owner and {helper} together would learn the other's "
            "values."
        )
        if not plan.inside:
            told.append(SUMS_TELL)
    if plan.epsilon is None:
        told.append(
            "No noise is added: what the result says of a person, it says. Two results that differ by one "
            "person give them away."
        )
    else:
        told.append(
            f"The result promises {promise_of(noise_of(plan))}, while at most {plan.colluding} of "
            f"{len(plan.parties)} parties share what they saw, their noise included."
        )
    if plan.epsilon is None and plan.split == "rows" and len(plan.owners) == 2:
        told.append(
            f"There are two owners, {' and '.join(plan.owners)}: of whatever is a sum, each knows the "
            "other's part by subtracting its own."
        )
    return told


def card_of(plan: JointPlan, exactness: str) -> dict[str, Any]:
    """What a result says of itself; it is the same at every party."""
    return {
        "run": plan.run,
        "computation": plan.computation,
        "split": plan.split,
        "parties": {party.name: party.role for party in plan.parties},
        "columns": {column.name: [column.low, column.high] for column in plan.columns},
        "settings": dict(plan.settings),
        "inside": plan.inside,
        "plan": sha256(plan.text.encode()).hexdigest(),
        "trust": plan.trust,
        "opened": "nothing" if plan.inside else COMPUTATIONS[plan.computation].opened,
        "exactness": exactness,
        "promise": None if plan.epsilon is None else {"epsilon": plan.epsilon, "delta": plan.delta},
        "version": VERSION,
    }


def _of_both(plan: JointPlan, count: int | None) -> dict[str, Any]:
    """What a result says of rows that were brought together: what all know beside the figures."""
    if plan.aligning is None:
        return {}
    about = {"count": count, "fewest": plan.aligning.fewest, "steps": list(plan.aligning.steps)}
    return {"people on both lists": about if plan.inside else {**about, "warning": SUMS_TELL}}


def _check_places(settings: JoinSettings) -> None:
    """Refuse places that hold something else, before anything is read or sent."""
    out, record = settings.out, settings.record
    if is_there(out) and (not out.is_file() or not is_result(out)):
        raise DataError(f"--out {out} exists and is no result of a joint computation: choose another file.")
    if is_there(out) and not settings.force:
        raise DataError(f"--out {out} holds a result: choose another file, or replace it with --force.")
    if record is not None and is_there(record):
        raise DataError(f"--record {record} is there already: name a new folder for the transcript.")
    if record is not None and out.resolve().is_relative_to(record.resolve()):
        raise DataError(f"--out {out} is within the folder of the transcript: choose another place.")
    for place in (out, record):
        if place is None:
            continue
        there = next(p for p in (place.absolute().parent, *place.absolute().parents) if is_there(p))
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise DataError(f"{place} cannot be written, as {there} is closed: name another place.")
    try_place(out)


def _recorded(
    settings: JoinSettings, plan: PlanFile, done: Finished[Found], card: Mapping[str, Any]
) -> Path | None:
    if settings.record is None:
        return None
    import json

    noise = noise_of(plan.joint)
    wide = None if noise is None else {"steps": noise.steps, "deviation": noise.deviation}
    run = {**card, "recorded_by": settings.party, "noise": wide}
    texts = {"plan.toml": plan.text, "joint.json": plan.joint.text, "run.json": json.dumps(run, indent=1)}
    if is_there(settings.record):
        raise DataError(
            f"the result is in {settings.out}, and the transcript is lost: {settings.record} was made by "
            "somebody else meanwhile. Each party needs a folder of its own."
        )
    texts["moduli.json"] = json.dumps({str(label): str(prime) for label, prime in done.moduli.items()})
    write_transcript(done.transcript, settings.record, beside=texts)
    return settings.record


def _inputs(held: Held) -> Payload | None:
    """What a party put in, for its record."""
    text = "\n".join(held.identifiers).encode()
    names = {"identifiers": np.frombuffer(text, np.uint8)} if held.identifiers else {}
    return {**held.columns, **names} if held.columns else None


def _of(held: Held) -> str:
    return f"{len(held):,} rows" if held.columns else "a helper without records"


def _arrays(found: Found) -> Payload:
    return dict(found)
