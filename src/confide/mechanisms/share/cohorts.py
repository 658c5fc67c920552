"""Whose values were added in which round of a run, and which further sum would show those of a few."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from confide.mechanisms.share.plan import SumPlan
from confide.mechanisms.share.refusals import RefusedError, listed


@dataclass(frozen=True, slots=True)
class Past:
    """The rounds of a run in which a party took part: a client and the server each keep their own.

    Keep it with the run: a party that forgets it takes part in a round a second time.

    Args:
        sums: for each round whose sum was shown or agreed to, the clients in it.

    >>> Past().after(1, ["a", "b"]).last
    1
    """

    sums: Mapping[int, frozenset[str]] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The number of the last round; 0 before the first."""
        return max(self.sums, default=0)

    def after(self, round: int, survivors: Iterable[str]) -> Past:  # noqa: A002 - the word of the protocol
        """The past with one more round."""
        return Past({**self.sums, round: frozenset(survivors)})

    def refuse_repeated(self, round: int) -> None:  # noqa: A002 - the word of the protocol
        """Refuse a round that is not later than all others: its keys and sums belong to the first one.

        Raises:
            RefusedError: with the next number.
        """
        if round <= self.last:
            raise RefusedError(
                f"round {round} was begun, and round {self.last} is over: no round takes place twice. Go on "
                f"with {self.last + 1}."
            )

    def refuse_difference(self, survivors: Iterable[str], plan: SumPlan) -> None:
        """Refuse a sum that differs from an earlier one by a few clients, where vectors repeat.

        The difference of two sums is a sum too: over the clients that are in one of them only. It must be of
        none, or of as many as any sum of the plan. Only pairs of sums are compared.

        Raises:
            RefusedError: with the clients whose values it would show.
        """
        if plan.fresh_inputs:
            return
        now = frozenset(survivors)
        for round_, before in self.sums.items():
            apart = now ^ before
            if 0 < len(apart) < plan.smallest_part:
                raise RefusedError(
                    f"the cohort differs from that of round {round_} by {listed(apart)}: the difference of "
                    f"the two sums would show the values of {len(apart)}, and the plan allows none below "
                    f"{plan.smallest_part}. Add up the same clients again, or more other ones; if every "
                    "round's vectors are new, as in training, say so in the plan (fresh_inputs).",
                    parties=sorted(apart),
                )
