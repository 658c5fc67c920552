"""Composition of mechanisms: several are applied one after the other, and what they promise is added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from confide.core.arrays import Rng
from confide.core.budget import Budget
from confide.core.claims import Claim, Verifiable
from confide.core.errors import PromiseError
from confide.core.nouns import AnyMechanism, Outcome, Rehearsal, Release
from confide.mechanisms.anchors.published import Published


@dataclass(frozen=True, slots=True)
class InOrder:
    """Applies mechanisms one after the other; each gets what the one before it released.

    *Statement.* If the steps that promise something promise it for the same unit, the whole promises the sum
    of their epsilons and of their deltas (basic composition). Steps after the last promise are
    post-processing and cost nothing.

    *Conditions.* A step before a promise must change a record without looking at other records: then data
    sets that differ in one unit still differ in one unit when the noise is added. `audits/protections.py`
    refuses any other order.

    Args:
        steps: at least two mechanisms.

    Raises:
        PromiseError: if two steps promise something about different units.

    Source: Dwork, Roth 2014, theorem 3.14 (composition) and proposition 2.1 (post-processing).
    """

    steps: tuple[AnyMechanism, ...]

    def __post_init__(self) -> None:
        _ = self.budget  # promises about different units have no sum

    @property
    def budget(self) -> Budget | None:
        """The promises added up; None where no step promises anything."""
        promises = [step.budget for step in self.steps if step.budget is not None]
        if not promises:
            return None
        units = list(dict.fromkeys(promise.unit for promise in promises))
        if len(units) > 1:
            raise PromiseError(
                f"one step hides {units[0]}, another {units[1]}: promises about different units have no sum. "
                "Use one of the two."
            )
        return Budget(sum(p.epsilon for p in promises), sum(p.delta for p in promises), units[0])

    def __call__(self, data: object, *, rng: Rng) -> Outcome[object]:
        view, rehearsed = data, False
        for step, child in zip(self.steps, rng.spawn(len(self.steps)), strict=True):
            made = step(view, rng=child)
            view, rehearsed = made.view, rehearsed or isinstance(made, Rehearsal)
        kind = Rehearsal if rehearsed else Release
        return kind(view, self.budget, "InOrder")

    def claims(self, view: object) -> tuple[Claim, ...]:
        """What each step says of its release, judged on the last one; of earlier steps, what lasts."""
        return tuple(
            claim
            for step in self.steps
            if isinstance(step, Verifiable)
            for claim in step.claims(view)
            if claim.lasts or step is self.steps[-1]
        )


def in_order(steps: Sequence[AnyMechanism]) -> AnyMechanism:
    """The composition of these mechanisms; a single one is itself, and none leaves the data as they are."""
    single = [part for step in steps for part in steps_of(step)]
    changing = tuple(step for step in single if not isinstance(step, Published))
    if not changing:
        return Published()
    return changing[0] if len(changing) == 1 else InOrder(changing)


def steps_of(mechanism: AnyMechanism) -> tuple[AnyMechanism, ...]:
    """The steps of a composition; of a single mechanism, itself."""
    return mechanism.steps if isinstance(mechanism, InOrder) else (mechanism,)
