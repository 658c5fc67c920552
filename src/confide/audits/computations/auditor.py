"""The audit: the checks that fit a computation and those who look, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from confide.audits.checked.record import Check, Checks, Outcome
from confide.audits.computations import ciphertexts, lists, result, shares
from confide.audits.computations.dealt import exchanges, moduli_in, noise_in
from confide.audits.computations.questions import RESULT
from confide.audits.computations.recorded import Recorded
from confide.core.errors import DataError
from confide.core.transcript import SERVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Checks):
    """All checks of a recorded computation.

    Args:
        checks: in the order of the report.
        run: the records.
    """

    run: Recorded

    @property
    def of_inputs(self) -> Outcome:
        """The worst of the checks on what goes in."""
        return Checks(checks=tuple(check for check in self.checks if check.name != RESULT)).outcome

    @property
    def of_result(self) -> Outcome:
        """The check on what comes out."""
        return Checks(checks=tuple(check for check in self.checks if check.name == RESULT)).outcome


def audit_computation(run: Recorded, folders: Sequence[Path]) -> Found:
    """Audit a recorded computation, through the eyes of those who look.

    The adversary follows the protocol and keeps what it saw. Checks on inputs play what could be read from
    that; the check on the result plays what anyone who has it can do, whatever was encrypted.

    Args:
        run: the records.
        folders: that they were read from.

    Raises:
        DataError: if there is no such party in a computation of this kind.
    """
    made = {"join": _of_join, "outsource": _of_outsource, "match": _of_match}[run.kind]
    return Found(checks=tuple(check() for check in made(run, folders)), run=run)


def _of_join(run: Recorded, folders: Sequence[Path]) -> list[Callable[[], Check]]:
    last = partial(result.of_join, run)
    if not run.looking:
        return [last]
    moduli = moduli_in(folders)
    everyone = len(run.parties)
    sent = [m for party, kept in run.kept.items() for m in kept.seen_by(party).sent()]
    shared = shares.Shared(
        run=run,
        seen=exchanges(run.received, run.parties, moduli),
        dealt=[e for e in exchanges(sent, run.parties, moduli) if len(e.shares) == everyone - 1],
        threshold=result.colluding(run.plan),
    )
    of = (shares.threshold, shares.dealt, shares.fresh, shares.inputs)
    checks = [partial(check, shared) for check in of]
    if run.plan.get("epsilon") is not None:
        from confide.audits.computations.noised import noised

        checks.append(partial(noised, shared, noise_in(folders)))
    if run.plan.get("aligning") is not None:
        from confide.audits.computations.brought import brought  # needs the extra of matches

        checks.append(partial(brought, run, moduli))
    return [*checks, last]


def _of_outsource(run: Recorded, _: Sequence[Path]) -> list[Callable[[], Check]]:
    last = partial(result.of_scores, run)
    if run.looking == (SERVER,):
        of = (
            ciphertexts.kit,
            ciphertexts.parameters,
            ciphertexts.returned,
            ciphertexts.ciphertexts,
            ciphertexts.inputs,
        )
        return [*(partial(check, run) for check in of), last]
    if run.looking and run.looking != (ciphertexts.CLIENT,):
        raise DataError(
            f"outsourced scores have a server and a client: --as {run.looking[0]:.60} is neither."
        )
    return [last]


def _of_match(run: Recorded, _: Sequence[Path]) -> list[Callable[[], Check]]:
    last = partial(result.of_match, run)
    if len(run.looking) > 1:
        raise DataError(
            "both parties of a match together know both lists: give one of them by --as party:NAME."
        )
    return [*(partial(check, run) for check in (lists.blinded, lists.order)), last] if run.looking else [last]
