"""Cases of property inference: clients whose people are known, or updates made of auxiliary records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from math import ceil

import numpy as np

from confide.audits.collaboration.property_rounds import PropertyRound
from confide.core.arrays import Bools, Ints
from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.games.attribute.recorded_property import AskedRound, MadeUpdates, RecordedProperty, SeenUpdates
from confide.inputs.collaboration_trait import TraitData
from confide.knowledge.client_training import ClientMix
from confide.knowledge.properties import KnownProperty
from confide.views.records import Records

FEWEST_PAIRS = 10
"""Updates with the property, and as many without it, of which a rate is measured."""
MOST_PAIRS = 100
"""Of each kind are made, where records suffice."""
OF_OTHERS = 0.25
"""The share of records, of those not learned from, that other clients of a sum have."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AskedOf:
    """The game, with the rounds that it asks about.

    Args:
        game: a world a round.
        rounds: the same rounds as a party saw them.
        observed: whether the cases are the clients' own updates.
        clients: all clients of these rounds, by whose place they are numbered.
    """

    game: RecordedProperty
    rounds: tuple[PropertyRound, ...]
    observed: bool
    clients: tuple[str, ...]

    def numbers(self, one: PropertyRound) -> list[int]:
        """The number of each client of a round."""
        return [self.clients.index(name) for name in one.clients]


def asked_of(trait: TraitData, rounds: Sequence[PropertyRound]) -> AskedOf:
    """The cases of these rounds: clients of whom it is known, where they are enough; or made updates.

    A case is a client, or an update of people who are behind no other: only so do intervals hold, which count
    cases. To draw batches again and again from the same people would find in each the same chance
    differences between those with the property and those without.

    Raises:
        KnowledgeError: if auxiliary records are too few, with how many are needed.
    """
    clients = tuple(sorted({name for one in rounds for name in one.clients}))
    settled = [one for one in rounds if _enough_known(one, trait)]
    if settled:
        known = [_of_clients(one, trait, clients) for one in settled]
        return AskedOf(
            game=RecordedProperty(rounds=tuple(known)), rounds=tuple(settled), observed=True, clients=clients
        )
    return AskedOf(
        game=RecordedProperty(rounds=_of_people(trait, rounds)),
        rounds=tuple(rounds),
        observed=False,
        clients=clients,
    )


def _enough_known(one: PropertyRound, trait: TraitData) -> bool:
    """Whether truths of enough clients of a round are known, on both sides."""
    told = [trait.truth[name] for name in one.clients if name in trait.truth]
    return one.labels is not None and min(sum(told), len(told) - sum(told)) >= FEWEST_PAIRS


def _of_clients(one: PropertyRound, trait: TraitData, clients: tuple[str, ...]) -> AskedRound:
    """The updates of those clients of whom it is known."""
    assert one.labels is not None
    _need_mix(one.training.mix, trait.has)
    rows = np.array([k for k, name in enumerate(one.clients) if name in trait.truth])
    names = [one.clients[k] for k in rows]
    updates = SeenUpdates(updates=one.updates.take(rows), labels=one.labels[rows])
    return AskedRound(
        asked=updates,
        present=np.array([trait.truth[name] for name in names]),
        ids=np.array([clients.index(name) for name in names]),
        known=KnownProperty(makes=one.training, people=trait.people, has=trait.has),
    )


def _of_people(trait: TraitData, rounds: Sequence[PropertyRound]) -> tuple[AskedRound, ...]:
    """Updates of records that the adversary does not learn from; the same people in each round."""
    mix = rounds[0].training.mix
    learned, asked = _halves(trait.has)
    for one in rounds:
        _need_mix(one.training.mix, trait.has[learned])
    others, asked = _parted(asked, trait.has) if mix.clients > 1 else (None, asked)
    batches, present = _batches(asked, trait, mix)
    pool = None if others is None else trait.people.take(others)
    return tuple(
        AskedRound(
            asked=MadeUpdates(training=one.training, batches=batches, others=pool),
            present=present,
            ids=np.arange(len(present)),
            known=KnownProperty(
                makes=one.training, people=trait.people.take(learned), has=trait.has[learned]
            ),
        )
        for one in rounds
    )


def _halves(has: Bools) -> tuple[Ints, Ints]:
    """Two halves of the records, each with half of those who have the property; they come in random order."""
    sides = [np.flatnonzero(side) for side in (has, ~has)]
    first = np.concatenate([side[: len(side) // 2] for side in sides])
    second = np.concatenate([side[len(side) // 2 :] for side in sides])
    return first, second


def _parted(rows: Ints, has: Bools) -> tuple[Ints, Ints]:
    """The records of other clients of a sum, as they come, and the rest."""
    sides = [rows[has[rows]], rows[~has[rows]]]
    cut = [ceil(OF_OTHERS * len(side)) for side in sides]
    first = np.concatenate([side[:n] for side, n in zip(sides, cut, strict=True)])
    second = np.concatenate([side[n:] for side, n in zip(sides, cut, strict=True)])
    return first, second


def _batches(rows: Ints, trait: TraitData, mix: ClientMix) -> tuple[tuple[Records, ...], Bools]:
    """Pairs of batches, one with the property and one without; nobody is in two of them.

    Raises:
        KnowledgeError: if there are too few people for the fewest pairs, with how many are needed.
    """
    with_it, without = list(rows[trait.has[rows]]), list(rows[~trait.has[rows]])
    found: list[Ints] = []
    # Every other size first: sizes are in order, and few pairs should not all be small.
    sizes = cycle(mix.sizes[::2] + mix.sizes[1::2])
    while len(found) < 2 * MOST_PAIRS:
        size = next(sizes)
        pair = [mix.needs(size, present=True), mix.needs(size, present=False)]
        if sum(one for one, _ in pair) > len(with_it) or sum(one for _, one in pair) > len(without):
            break
        for one, other in pair:
            found.append(np.array([*with_it[:one], *without[:other]], np.int64))
            with_it, without = with_it[one:], without[other:]
    if len(found) < 2 * FEWEST_PAIRS:
        raise _too_few(mix, len(found) // 2)
    present = np.arange(len(found)) % 2 == 0
    return tuple(trait.people.take(one) for one in found), present


def _too_few(mix: ClientMix, pairs: int) -> KnowledgeError:
    some, most = mix.needs(max(mix.sizes), present=True)[0], max(mix.sizes)
    # Half of the records is learned from, and of a sum other clients have a part of the rest.
    factor = 2 * FEWEST_PAIRS / ((1 - OF_OTHERS) if mix.clients > 1 else 1)
    return KnowledgeError(
        keep(
            "not played: the auxiliary records that the adversary does not learn from fill {pairs:,} updates "
            "with the property and as many without it, if nobody is behind two, and from fewer than "
            "{fewest:,} no rate is measured. Give at least {with_it:,} auxiliary records with the property "
            "and {without:,} without it",
            pairs=pairs,
            fewest=FEWEST_PAIRS,
            with_it=ceil(factor * some),
            without=ceil(factor * (2 * most - some)),
        )
    )


def _need_mix(mix: ClientMix, has: Bools) -> None:
    """Refuse auxiliary records that do not fill one update of the largest client."""
    if not mix.fits(has):
        raise _too_few(mix, 0)
