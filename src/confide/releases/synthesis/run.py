"""Synthesises records from a file: read the domain, then the file; check, charge, draw, write whole."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from confide.core.atomic import keep_on_disk, set_readers
from confide.core.atomic import replace as move
from confide.core.budget import Budget
from confide.core.drafts import draft_of
from confide.core.errors import DataError
from confide.inputs.domain import read_domain
from confide.inputs.sidecar import sidecar_of
from confide.inputs.tables import read_table
from confide.mechanisms.learn.charging import charged
from confide.mechanisms.noise.source import Noise
from confide.mechanisms.statistics.promise import rho_of
from confide.mechanisms.synthesize.error import MarginError
from confide.mechanisms.synthesize.plausible.mechanism import PlausibleRelease
from confide.releases.session.identity import Identity
from confide.releases.synthesis.making import maker_of
from confide.releases.synthesis.settings import SynthesizeSettings
from confide.releases.synthesis.synthesiser import Prepared, Synthesiser, SyntheticFile
from confide.releases.synthesis.written import Written, card_of, write_card, write_rows
from confide.releases.training.interrupted import noting_charge

if TYPE_CHECKING:
    from confide.account.ledger import Ledger


LOST = "nothing was written, and to synthesise again charges again"
NOTHING = "Nothing was charged, and no file was written."


def silent(_: str) -> None:
    """Say nothing."""


def synthesize(
    settings: SynthesizeSettings,
    *,
    told: Callable[[str], None] = silent,
    warned: Callable[[str], None] = silent,
) -> Written:
    """Write synthetic records of a file, under a budget.

    The domain is read first: nothing of it can come from the records.

    Args:
        settings: of the synthesis.
        told: learns, before the charge, what is to be expected, which is public.
        warned: learns what of the records the domain does not cover; for their owner alone.

    Raises:
        ConfideError: one sentence on what is wrong. Before the charge nothing was spent or written; after it
            the budget is spent and the message says so.
    """
    try:
        return _written(settings, told, warned)
    except KeyboardInterrupt as error:
        if not hasattr(error, "__notes__"):
            error.add_note(NOTHING)
        raise


def _written(
    settings: SynthesizeSettings, told: Callable[[str], None], warned: Callable[[str], None]
) -> Written:
    out = _place(settings)
    domain = read_domain(settings.domain)
    domain.need_cells()
    # Before it is read: the ledger must not be bound to a file that changed in the meantime.
    identity = Identity.of(Path(settings.data))
    frame = read_table(identity.path, name="data").frame
    if settings.delta >= 1 / max(len(frame), 1):
        # How many records there are is known to the user, and to nobody through the release.
        raise DataError(
            f"delta is {settings.delta:g}, and must be well below one over the number of records: with it "
            "whole records could be published. Give a smaller one, such as 1e-9."
        )
    maker = Synthesiser(
        domain, maker_of(settings, settings.promise), noise=_noise(settings), seed=settings.seed
    )
    if maker.budget is None and settings.ledger is not None:
        raise DataError(
            f"{settings.mechanism} promises nothing for the table as a whole, so no ledger can pay for it: "
            "choose --mechanism aim, or leave out --ledger."
        )
    rng = np.random.default_rng(settings.rehearse)
    prepared = maker.prepared(frame, rng=rng)
    identity.need_unchanged()
    with ExitStack() as open_while:
        ledger = _ledger(settings, identity, open_while)
        open_while.enter_context(noting_charge(ledger, settings.promise, lost=LOST, nothing=NOTHING))
        with draft_of(out) as draft:
            done = _charged(settings, ledger, identity, maker, prepared, rng)
            draft.parent.mkdir(parents=True, exist_ok=True)
            card = _publish(settings, done, draft, out)
        standing = "" if ledger is None else f"Spent {ledger.spent}; left {ledger.left(settings.analyst)}."
        made = False if ledger is None else ledger.created
    return Written(
        out=out,
        card=card,
        rows=len(done.frame),
        trimmed=done.trimmed,
        clipped=done.clipped,
        ledger=standing,
        created=made,
    )


def _charged(
    settings: SynthesizeSettings,
    ledger: Ledger | None,
    identity: Identity,
    maker: Synthesiser,
    prepared: Prepared,
    rng: np.random.Generator,
) -> SyntheticFile:
    """The synthetic rows, after the ledger paid for them."""
    found: list[SyntheticFile] = []

    def speak() -> dict[str, Any]:
        found.append(maker.made(prepared, rng=rng))
        return {"mechanism": settings.mechanism, "rows": len(found[0].frame)}

    promise = maker.budget or settings.promise
    by_rho = settings.mechanism != "plausible"
    # mu^2 / 2 is the rho.
    mu = math.sqrt(2 * rho_of(settings.epsilon, settings.delta)) if by_rho else None
    charged(
        ledger,
        promise,
        mu=mu,
        asked=f"synthesize by {settings.mechanism}, {promise}",
        settings={"mechanism": settings.mechanism, "epsilon": settings.epsilon, "delta": settings.delta},
        analyst=settings.analyst,
        train=speak,
        what="synthesis",
    )
    return found[0]


def _publish(settings: SynthesizeSettings, done: SyntheticFile, draft: Path, out: Path) -> dict[str, Any]:
    """Write the rows and their card, and put both in place: an old card goes first."""
    write_rows(done.frame, draft)
    set_readers(draft, shared=False)
    keep_on_disk(draft)
    with draft.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    rehearsal = settings.promise if settings.rehearse is not None else None
    card = card_of(
        mechanism=settings.mechanism,
        promise=done.budget,
        rehearsal=rehearsal,
        says=_says(done, rehearsal),
        seed=settings.seed,
        rejected=done.rejected,
        domains=done.view.domains,
        margins=done.margins,
        errors=[_error(one) for one in done.errors()] if done.release.model else [],
        sha256=digest,
    )
    sidecar_of(out).unlink(missing_ok=True)
    move(draft, out)
    write_card(card, out)
    return card


def _error(one: MarginError) -> dict[str, Any]:
    """An error bar as JSON: shares of the rows."""
    return {
        "columns": list(one.columns),
        "basis": one.basis,
        "low": round(one.low, 5),
        "high": round(one.high, 5),
        "noise": round(one.noise, 5),
        "model": round(one.model, 5),
    }


def _says(done: SyntheticFile, rehearsal: Budget | None) -> str:
    if rehearsal is not None:
        return f"nothing: it is a rehearsal of {rehearsal}"
    release = done.release
    if not isinstance(release, PlausibleRelease) or release.promises is None:
        return str(done.budget)
    each, promises = release.promises.record, release.promises
    alone = (
        "nothing for a record" if each is None else f"epsilon {each.epsilon:.3g}, delta {promises.delta:g}"
    )
    table = "nothing" if done.budget is None else f"epsilon {done.budget.epsilon:.3g}"
    return (
        f"{alone} for each released record by itself, {table} for the table as a whole, and "
        f"{promises.generator} for those whose records trained the generator"
    )


def _noise(settings: SynthesizeSettings) -> Noise:
    return "secure" if settings.rehearse is None else "rehearsal"


def _place(settings: SynthesizeSettings) -> Path:
    """Where the file goes.

    Raises:
        DataError: if it cannot go there.
    """
    out = settings.out
    assert out is not None
    if out.is_dir():
        raise DataError(f"--out {out} is a folder: name a file.")
    for path in (settings.data, settings.domain):
        if out.resolve() == Path(path).resolve():
            raise DataError(f"--out {out} is read here: write the synthetic records somewhere else.")
    for path in (out, sidecar_of(out)):
        if path.exists() and not settings.force:
            raise DataError(f"{path} exists: choose another name, or overwrite it with --force.")
    return out


def _ledger(settings: SynthesizeSettings, identity: Identity, open_while: ExitStack) -> Ledger | None:
    if settings.ledger is None:
        return None
    from confide.account.opening import open_ledger

    budget = None if settings.budget is None else replace(settings.budget, unit=settings.unit)
    made = open_ledger(settings.ledger, data=identity.digest, budget=budget, unit=settings.unit)
    open_while.callback(made.close)
    return made


def foretell(settings: SynthesizeSettings) -> str:
    """What a synthesis is going to take and give, from the domain and a declared number of records alone.

    The file is not opened, and nothing is charged.

    Raises:
        ConfideError: as `synthesize`; or if no number of records is declared.
    """
    from confide.mechanisms.synthesize.plan import plan

    if settings.rows is None:
        raise DataError("--plan looks at no record: declare about how many there are, such as --rows 40000.")
    domain = read_domain(settings.domain)
    made: Any = maker_of(settings, settings.promise)
    if settings.mechanism == "plausible":
        raise DataError("plausible deniability has no forecast: it takes seconds; leave out --plan.")
    found = plan(
        replace(made, rows=None), domain.domains, rows=settings.rows, rng=np.random.default_rng(settings.seed)
    )
    asked = f"{settings.mechanism} at {settings.promise}, {settings.rows:,} records"
    return f"{asked}: {found}. Nothing was charged."
