"""Background knowledge for linkage of traces: points or an earlier period, and the mechanism."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from confide.core.arrays import Ints, Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import Mechanism
from confide.views.traces import Traces, by_time_and_place


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MobilityKnowledge:
    """The adversary's background in the games on traces; the place table (`Traces.where`) is public.

    A mechanism on traces makes the new place codes from the place table alone, never from who was there. So
    the adversary may apply `mechanism` to visits of its own (one to each place, say) and see how they come
    out. `as_released` says how known visits would look in a given release.

    Args:
        mechanism: made the release (Kerckhoffs' principle), drawing its noise, if any, from the given `rng`.
        points: how many points of each target are known, `case.targets`; None in other games.
        earlier: the targets' traces of an earlier time, people 0..n-1 the n targets; None in other games.
    """

    mechanism: Mechanism[Traces]
    points: int | None = None
    earlier: Traces | None = None

    def need_points(self, attack: str) -> int:
        """The number of points that are known of each target.

        Raises:
            KnowledgeError: if none are known.
        """
        if self.points is None:
            raise KnowledgeError(
                keep(
                    "{attack} needs points of each target: play it in the game of known points.",
                    attack=attack,
                )
            )
        return self.points

    def need_earlier(self, attack: str) -> Traces:
        """The targets' earlier traces.

        Raises:
            KnowledgeError: if there are none.
        """
        if self.earlier is None:
            raise KnowledgeError(
                keep(
                    "{attack} needs earlier traces of the targets: play it in the game of an earlier period.",
                    attack=attack,
                )
            )
        return self.earlier


@runtime_checkable
class Splits(Protocol):
    """A mechanism that gives one person several rows of the release."""

    def owners(self, data: Traces) -> Ints:
        """The person behind each row of the release before it is shuffled, int64[rows]."""
        ...


@runtime_checkable
class Shows(Protocol):
    """A mechanism that knows better than a new run of it how visits would look in a release."""

    def seen(self, visits: Traces, *, release: Traces) -> Traces:
        """These visits as they would most likely stand in this release, without noise."""
        ...


@runtime_checkable
class Steps(Protocol):
    """A composition of mechanisms, applied one after the other."""

    @property
    def steps(self) -> tuple[Mechanism[Traces], ...]: ...


def owners(mechanism: Mechanism[Traces], data: Traces) -> Ints:
    """The person behind each row that a mechanism makes of these traces, int64[rows]."""
    if isinstance(mechanism, Steps):
        behind, view = np.arange(data.people), data
        for step in mechanism.steps:
            behind = behind[owners(step, view)]
            view = step(view, rng=np.random.default_rng(0)).view  # noise changes nobody's rows
        return behind
    return mechanism.owners(data) if isinstance(mechanism, Splits) else np.arange(data.people)


def pieces(mechanism: Mechanism[Traces], visits: Traces, *, release: Traces, rng: Rng) -> tuple[Traces, Ints]:
    """Known visits as they would stand in a release, one person for each row, and the owners, int64[rows]."""
    behind, showing = np.arange(visits.people), list[Shows]()
    for step in _single(mechanism):
        # A noisy mechanism would move the known visits once more; where they most likely stand says more.
        if isinstance(step, Shows):
            showing.append(step)
            continue
        behind = behind[owners(step, visits)]
        visits = step(visits, rng=rng).view
    for (
        step
    ) in showing:  # they compare the visits with the release, so under its codes: those of the last step
        visits = step.seen(visits, release=release)
    return visits, behind


def _single(mechanism: Mechanism[Traces]) -> tuple[Mechanism[Traces], ...]:
    """The steps of a mechanism, and of the compositions among them."""
    if not isinstance(mechanism, Steps):
        return (mechanism,)
    return tuple(single for step in mechanism.steps for single in _single(step))


def as_released(mechanism: Mechanism[Traces], visits: Traces, *, release: Traces, rng: Rng) -> Traces:
    """Known visits as they would stand in a release, each person whole even where it splits people.

    Visits at one time stand by place, as in a release, which does not show their order.
    """
    parts, owner = pieces(mechanism, visits, release=release, rng=rng)
    # Each part goes back to its owner.
    whole = owner[parts.person].astype(np.int32)
    return by_time_and_place(replace(parts, person=whole, people=visits.people))[0]
