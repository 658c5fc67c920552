"""Synthesises records from a file: read the domain, then the file; check, charge, draw, write whole."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.arrays import Rng
from confide.core.atomic import replace as move
from confide.core.drafts import draft_of
from confide.core.errors import DataError
from confide.inputs.domain import read_domain
from confide.inputs.domain_cells import read_rows
from confide.inputs.sidecar import sidecar_of
from confide.mechanisms.synthesize.columns.domain import PublicDomain
from confide.mechanisms.synthesize.plausible.mechanism import PlausibleRelease
from confide.releases.session.identity import Identity
from confide.releases.synthesis.breaking import Breach, BreachCounts, card_part, need_rules, said_of
from confide.releases.synthesis.linked_run import LinkedWritten, write_linked
from confide.releases.synthesis.making import maker_of
from confide.releases.synthesis.paying import (
    LOST,
    NOTHING,
    card_for,
    ledger_of,
    noise_of,
    paid,
    place_of,
    written_whole,
)
from confide.releases.synthesis.settings import SynthesizeSettings
from confide.releases.synthesis.synthesiser import Prepared, Synthesiser, SyntheticFile
from confide.releases.synthesis.trial import need_small_delta
from confide.releases.synthesis.written import Written, write_card
from confide.releases.training.interrupted import noting_charge


def synthesize(settings: SynthesizeSettings) -> Written | LinkedWritten:
    """Write synthetic records of a file, or of two linked files, under a budget.

    The domain is read first: nothing of it can come from the records.

    Args:
        settings: of the synthesis.

    Raises:
        ConfideError: one sentence on what is wrong. Before the charge nothing was spent or written; after it
            the budget is spent and the message says so.
    """
    try:
        if settings.children is not None:
            return write_linked(settings)
        return _written(settings)
    except KeyboardInterrupt as error:
        if not hasattr(error, "__notes__"):
            error.add_note(NOTHING)
        raise


def _written(settings: SynthesizeSettings) -> Written:
    out = place_of(settings, "--out", settings.out)
    domain = read_domain(settings.domain)
    domain.need_cells()
    # Before it is read: the ledger must not be bound to a file that changed in the meantime.
    identity = Identity.of(Path(settings.data))
    frame = read_rows(identity.path)
    need_small_delta(settings.delta, len(frame))  # also that of a generator, where nothing is promised
    maker = Synthesiser(
        domain, maker_of(settings, settings.promise), noise=noise_of(settings), seed=settings.seed
    )
    if maker.budget is None and settings.ledger is not None:
        raise DataError(
            f"{settings.mechanism} promises nothing for the table as a whole, so no ledger can pay for it: "
            "choose --mechanism aim, or leave out --ledger."
        )
    if settings.breaches is not None:
        need_rules(domain)
    rng = np.random.default_rng(settings.rehearse)
    prepared = maker.prepared(frame, rng=rng)
    identity.need_unchanged()

    def made() -> tuple[SyntheticFile, tuple[Breach, ...]]:
        broken = () if settings.breaches is None else _broken(settings, prepared, domain, rng)
        return maker.made(prepared, rng=rng), broken

    with ExitStack() as open_while:
        ledger = ledger_of(settings, identity.digest, settings.unit, open_while)
        open_while.enter_context(noting_charge(ledger, settings.whole, lost=LOST, nothing=NOTHING))
        with draft_of(out) as draft:
            done, broken = paid(
                settings,
                ledger,
                maker.budget if settings.breaches is None and maker.budget else settings.whole,
                made,
                asked="synthesize",
                rows=lambda made: len(made[0].frame),
            )
            digest = written_whole(done.frame, draft)
            more: dict[str, Any] = {}
            if settings.breaches is not None:
                more["breaches"] = card_part(broken, settings.breaches, settings.unit)
            promise = done.budget if settings.breaches is None else settings.whole
            card = card_for(
                settings, done, promise=promise, says=_says(settings, done), sha256=digest, more=more
            )
            sidecar_of(out).unlink(missing_ok=True)  # an old card goes first
            move(draft, out)
            write_card(card, out)
        standing = "" if ledger is None else f"Spent {ledger.spent}; left {ledger.left(settings.analyst)}."
        created = False if ledger is None else ledger.created
    return Written(
        out=out,
        card=card,
        rows=len(done.frame),
        trimmed=done.trimmed,
        clipped=done.clipped,
        ledger=standing,
        created=created,
        broken=said_of(broken, settings.unit),
    )


def _broken(
    settings: SynthesizeSettings, prepared: Prepared, domain: PublicDomain, rng: Rng
) -> tuple[Breach, ...]:
    assert settings.breaches is not None
    count = BreachCounts(epsilon=settings.breaches, unit=settings.unit, noise=noise_of(settings))
    return count(prepared, domain, rng=rng)


def _says(settings: SynthesizeSettings, done: SyntheticFile) -> str:
    if settings.rehearse is not None:
        return f"nothing: it is a rehearsal of {settings.whole}"
    release = done.release
    if not isinstance(release, PlausibleRelease) or release.promises is None:
        if settings.breaches is None:
            return str(done.budget)
        return f"{settings.whole}, of which epsilon {settings.breaches:g} is for the counts of broken rules"
    each, promises = release.promises.record, release.promises
    alone = (
        "nothing for a record" if each is None else f"epsilon {each.epsilon:.3g}, delta {promises.delta:g}"
    )
    table = "nothing" if done.budget is None else f"epsilon {done.budget.epsilon:.3g}"
    return (
        f"{alone} for each released record by itself, {table} for the table as a whole, and "
        f"{promises.generator} for those whose records trained the generator"
    )


def foretell(settings: SynthesizeSettings) -> str:
    """What a synthesis is going to take and give, from the domain and the number of records alone.

    Nothing is charged; with `rows` the file is not even opened.

    Raises:
        ConfideError: as `synthesize`.
    """
    from confide.mechanisms.synthesize.plan import plan

    # How many records there are is the owner's to know, who reads this.
    rows = settings.rows or len(read_rows(Path(settings.data)))
    domain = read_domain(settings.domain)
    made: Any = maker_of(settings, settings.promise)
    if settings.mechanism == "plausible":
        raise DataError("plausible deniability has no forecast: it takes seconds; leave out --plan.")
    found = plan(
        replace(made, rows=None), domain.domains, rows=rows, rng=np.random.default_rng(settings.seed)
    )
    asked = f"{settings.mechanism} at {settings.promise}, {rows:,} records"
    return f"{asked}: {found}. Nothing was charged."
