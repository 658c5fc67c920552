"""What every synthesis does around its mechanism: find its place, open the ledger, charge, write whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from confide.core.atomic import keep_on_disk, set_readers
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.inputs.sidecar import sidecar_of
from confide.mechanisms.learn.charging import charged
from confide.mechanisms.noise.source import Noise
from confide.mechanisms.statistics.promise import rho_of
from confide.mechanisms.synthesize.error import MarginError
from confide.releases.synthesis.settings import SynthesizeSettings
from confide.releases.synthesis.synthesiser import SyntheticFile
from confide.releases.synthesis.written import card_of, write_rows

if TYPE_CHECKING:
    from confide.account.ledger import Ledger

Made = TypeVar("Made")

LOST = "nothing was written, and to synthesise again charges again"
NOTHING = "Nothing was charged, and no file was written."


def place_of(settings: SynthesizeSettings, option: str, out: Path | None) -> Path:
    """Where a file goes.

    Raises:
        DataError: if it cannot go there.
    """
    assert out is not None
    if out.is_dir():
        raise DataError(f"{option} {out} is a folder: name a file.")
    for path in (settings.data, settings.domain, settings.children, settings.children_domain):
        if path is not None and out.resolve() == Path(path).resolve():
            raise DataError(f"{option} {out} is read here: write the synthetic records somewhere else.")
    for path in (out, sidecar_of(out)):
        if path.exists() and not settings.force:
            raise DataError(f"{path} exists: choose another name, or overwrite it with --force.")
    return out


def noise_of(settings: SynthesizeSettings) -> Noise:
    """Where noise comes from."""
    return "secure" if settings.rehearse is None else "rehearsal"


def ledger_of(settings: SynthesizeSettings, data: str, unit: Unit, open_while: ExitStack) -> Ledger | None:
    """The ledger that pays, while the block lasts; None without one.

    Args:
        settings: of the synthesis.
        data: the digest that it is bound to.
        unit: what is hidden.
        open_while: closes it.
    """
    if settings.ledger is None:
        return None
    from confide.account.opening import open_ledger

    budget = None if settings.budget is None else replace(settings.budget, unit=unit)
    made = open_ledger(settings.ledger, data=data, budget=budget, unit=unit)
    open_while.callback(made.close)
    return made


def paid(
    settings: SynthesizeSettings,
    ledger: Ledger | None,
    promise: Budget,
    make: Callable[[], Made],
    *,
    asked: str,
    rows: Callable[[Made], int],
) -> Made:
    """What `make` returns, after the ledger paid for it.

    Args:
        settings: of the synthesis.
        ledger: that pays; None where nobody keeps account.
        promise: of everything that is made.
        make: spends the budget.
        asked: what is made, in words.
        rows: how many were made.
    """
    found: list[Made] = []

    def speak() -> dict[str, Any]:
        found.append(make())
        return {"mechanism": settings.mechanism, "rows": rows(found[0])}

    by_rho = settings.mechanism != "plausible"
    # mu^2 / 2 is the rho, and epsilon^2 / 2 that of noisy counts (Bun, Steinke 2016, proposition 1.4).
    rho = rho_of(settings.epsilon, settings.delta) + (settings.breaches or 0.0) ** 2 / 2
    mu = math.sqrt(2 * rho) if by_rho else None
    charged(
        ledger,
        promise,
        mu=mu,
        asked=f"{asked} by {settings.mechanism}, {promise}",
        settings={"mechanism": settings.mechanism, "epsilon": promise.epsilon, "delta": settings.delta},
        analyst=settings.analyst,
        train=speak,
        what="synthesis",
    )
    return found[0]


def written_whole(frame: pl.DataFrame, draft: Path) -> str:
    """Write rows for their owner alone, wait until they are on the disk, and return their digest."""
    draft.parent.mkdir(parents=True, exist_ok=True)
    write_rows(frame, draft)
    set_readers(draft, shared=False)
    keep_on_disk(draft)
    with draft.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def card_for(
    settings: SynthesizeSettings,
    done: SyntheticFile,
    *,
    promise: Budget | None,
    says: str,
    sha256: str,
    more: Mapping[str, Any],
) -> dict[str, Any]:
    """The card of a file.

    Args:
        settings: of the synthesis.
        done: the file.
        promise: of all that the card says.
        says: the promise in words.
        sha256: of the file.
        more: what else it says.
    """
    card = card_of(
        mechanism=settings.mechanism,
        promise=promise,
        rehearsal=settings.whole if settings.rehearse is not None else None,
        says=says,
        seed=settings.seed,
        rejected=done.rejected,
        domains=done.view.domains,
        margins=done.margins,
        errors=[_error(one) for one in done.errors()] if done.release.model else [],
        sha256=sha256,
    )
    return card | dict(more)


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
