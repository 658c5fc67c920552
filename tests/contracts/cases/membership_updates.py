"""Cases: attacks on what a party of a collaboration sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from tests.contracts.case import AttackCase, ByScore, Lacks, Sitting, permuted_exposure, rng

from confide.attacks.membership.updates import NasrPassive, UpdateAlignment, UpdateDecoder, UpdateLoss
from confide.core.transcript import EAVESDROPPER, SERVER, Message, Transcript
from confide.games.membership.updates import CollaborationWorlds, RecordedRun
from confide.models.linear import LinearModel
from confide.views.records import Records

CLASSES, FEATURES, ROUNDS = 3, 150, 4


def people(n: int, seed: int) -> Records:
    x = np.random.default_rng(seed).standard_normal((n, FEATURES)).astype(np.float32)
    return Records(x, np.random.default_rng([seed, 1]).integers(CLASSES, size=n))


def linear(parameters: Any) -> LinearModel:
    return LinearModel(np.asarray(parameters, np.float64).reshape(CLASSES, FEATURES + 1))


def nothing(parameters: Any) -> None:
    """A form that shows no inside."""


@dataclass(frozen=True)
class Descent:
    """Gradient descent of a softmax regression by two clients.

    Args:
        noise: standard deviation that is added to each number of an update.
        deaf: whether updates are noise alone.
        sums: whether the server sees the sum alone.
    """

    noise: float = 0.0
    deaf: bool = False
    sums: bool = False

    def __call__(self, clients: Mapping[str, Records], *, rng: np.random.Generator) -> Transcript:
        parameters, messages = np.zeros(CLASSES * (FEATURES + 1)), list[Message]()
        for number in range(1, ROUNDS + 1):
            model, change = linear(parameters), np.zeros(len(parameters))
            for name, own in clients.items():
                sent = {"parameters": parameters.astype(np.float32)}
                messages.append(Message(number, SERVER, name, "model", sent))
                update = self.noise * rng.standard_normal(len(parameters))
                if not self.deaf:
                    update = update - 0.02 * model.gradient(own.x, own.y).sum(axis=0)
                change += update
                if not self.sums:
                    messages.append(Message(number, name, SERVER, "update", {"update": update}))
            parameters = parameters + change
        return Transcript(parties=(SERVER, *clients), messages=messages, published={"parameters": parameters})


def game(run: Descent, *, party: str = SERVER, told: float = 0.0, targets: int = 120) -> CollaborationWorlds:
    half = targets // 2
    return CollaborationWorlds(
        run=run,
        candidates={
            "a": people(targets, 1).take(np.arange(half)),
            "b": people(targets, 2).take(np.arange(half)),
        },
        always={"c": people(10, 3)},
        parties=(party,),
        model=linear,
        told=told,
    )


def recorded(party: str, model: Any, told: float) -> RecordedRun:
    clients = {"a": people(20, 1), "b": people(20, 2)}
    return RecordedRun(
        transcript=Descent()(clients, rng=rng()),
        parties=(party,),
        targets=Records.concat([clients["a"], people(20, 4)]),
        member=np.arange(40) < 20,
        model=model,
        about=("a",),
        told=told,
    )


def case(attack: Any, *, told: float = 0.0, size: float = 1.0, party: str = SERVER, **run: Any) -> AttackCase:
    against, name = partial(game, told=told, targets=int(120 * size), party=party), attack.name
    return AttackCase(
        attack=attack,
        silent=Sitting(partial(against, Descent(noise=0.1, deaf=True, **run)), 6),
        naked=Sitting(partial(against, Descent(**run)), 4),
        reaches=0.9,
        leaky=Sitting(partial(against, Descent(noise=0.15, **run)), 6),
        null=permuted_exposure,
        small=Sitting(partial(against, Descent(noise=0.15, **run)), 2),
        judge=ByScore(),
        lacks=(
            Lacks(partial(recorded, SERVER, nothing, told), f"{name} needs the form of the model"),
            Lacks(partial(recorded, EAVESDROPPER, linear, told), f"{name} needs a change of the model"),
        ),
        told=told,
    )


CASES = (
    case(UpdateDecoder()),
    # A client sees models alone, and the server under secure aggregation the sum.
    case(UpdateDecoder(rounds=(1, 2)), party="c", sums=True),
    case(UpdateAlignment()),
    case(UpdateAlignment(by="product")),
    case(UpdateLoss()),
    case(NasrPassive(networks=1, epochs=10), told=0.5),
)
