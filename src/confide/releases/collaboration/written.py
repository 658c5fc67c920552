"""What a run writes: the model, the transcript, and what the terminal says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from confide.core.errors import DataError
from confide.core.kept_transcript import write_transcript
from confide.learners.local import LocalLearner
from confide.mechanisms.federate.protocol import AnyCollaboration
from confide.mechanisms.federate.rounds import Run
from confide.releases.collaboration.parties import Parties
from confide.releases.collaboration.places import Places
from confide.releases.collaboration.plan import PlanFile
from confide.releases.collaboration.saved import save
from confide.releases.collaboration.told import card_of, left_out_lines, run_text
from confide.releases.collaboration.unfinished import TOKEN, Unfinished

if TYPE_CHECKING:
    from confide.account.ledger import Ledger


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
        unpublished: what is said to the holder of the records alone, and not for publication.
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
    unpublished: str = ""

    def __str__(self) -> str:
        right = "" if self.accuracy is None else f" It gets {self.accuracy:.1%} of the test records right."
        lost = "".join(f"\n{line}" for line in self.left_out)
        on = "" if self.after is None else f" It went on after round {self.after:,}, and was charged once."
        alone = f"\n{self.unpublished}" if self.unpublished else ""
        return f"{self.file}: {self._made}.{right}{on}\n{self.promise}{alone}{lost}"

    @property
    def _made(self) -> str:
        card = self.card
        if "public" in card:
            return (
                f"{card['learner']['model']}, a student of {card['clients']:,} parties by {card['protocol']} "
                f"on {card['public']:,} public records"
            )
        return (
            f"{card['learner']['model']}, trained by {card['clients']:,} clients in {card['rounds']:,} "
            f"rounds of {card['protocol']}"
        )


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
        DataError: if the model has numbers that are not finite, or there is none; nothing is written then.
    """
    if "parameters" not in run.released.view:
        raise DataError(
            "the teachers agreed on no public record, so that there is no student: that is what the run "
            "published. Lower the threshold, or give more budget or teachers, in a new run, which is charged "
            f"by itself{f', and for which you delete {keep.folder}' if keep else ''}."
        )
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
        unpublished=run.unpublished,
    )


def with_ledger(written: Written, plan: PlanFile, ledger: Ledger) -> Written:
    """The same, with what the ledger that paid says now."""
    standing = f"Spent {ledger.spent}; left {ledger.left(plan.paying.analyst)}."
    return replace(written, ledger=standing, created=ledger.created)
