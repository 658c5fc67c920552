"""Collaborations that are repeated often, to hold a promise to TPR <= e^epsilon FPR + delta.

Each canary is a client with a direction of its own, and a fair coin decides whether it has records. Noise is
drawn for each direction by itself, and each client is sampled by itself: canaries are independent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tests.mechanisms.federate.made_up import Sums
from tests.mechanisms.federate.test_distributed_dp_fedavg import CLAIM as SUMMED
from tests.mechanisms.federate.test_distributed_dp_fedavg import (
    CLIENTS,
    COLLUDING,
    LEAST,
    OneParty,
    large,
    seen,
)
from tests.mechanisms.federate.test_dp_fedavg import NoClip

from confide.core.arrays import Array, Bools, Floats
from confide.core.budget import Budget, Unit
from confide.measure.epsilon import two_world
from confide.measure.rows import Rows, mix
from confide.measure.thresholds import Bonferroni
from confide.mechanisms.federate.distributed_dp_fedavg import DistributedDPFedAvg
from confide.mechanisms.federate.dp_fedavg import DPFedAvg
from confide.mechanisms.federate.rounds import collaborate
from confide.views.records import Records

SAMPLED = Budget(2.0, 1e-4, Unit.client())
CANARIES, ROUNDS, CLIP, SAMPLE = 1_000, 10, 0.5, 0.1
ERROR = 1e-3
"""The probability that `least_epsilon` of a sound protocol is above its promise."""


class AllClients(DPFedAvg):
    """All clients work in every round; the accountant counts on samples."""

    def turns(self, state, *, rng):
        return [range(state.plan.clients)]


CENTRAL: dict[str, type[DPFedAvg]] = {
    "DP-FedAvg, Poisson samples": DPFedAvg,
    "clip forgotten": NoClip,
    "all clients in place of a Poisson sample": AllClients,
}
DISTRIBUTED: dict[str, type[DistributedDPFedAvg]] = {
    "DP-FedAvg, noise by all clients": DistributedDPFedAvg,
    "noise by one party alone, which colludes": OneParty,
}

TWINS = tuple(name for kinds in (CENTRAL, DISTRIBUTED) for name in [*kinds][1:])
"""Those that break their promise."""


def central(protocol: type[DPFedAvg], seed: int) -> tuple[Bools, Floats]:
    """Who has records, and the last model's number in its direction, as every client sees it: [canaries].

    A change is eight clips long before it is clipped.
    """
    coins = np.random.default_rng([1, seed])
    there = coins.random(CANARIES) < 0.5
    labels = np.zeros(1, np.int64)
    vectors = np.float32(8 * CLIP) * np.eye(CANARIES, dtype=np.float32) * there[:, None]
    clients = {f"c{k}": Records(vector[None], labels) for k, vector in enumerate(vectors)}
    made = protocol(budget=SAMPLED, clip=CLIP, sample=SAMPLE, noise="rehearsal")
    run = collaborate(made, Sums(CANARIES), clients, rounds=ROUNDS, rng=coins, record=False)
    return there, np.asarray(run.parameters, np.float64)


def distributed(protocol: type[DistributedDPFedAvg], seed: int) -> tuple[Bools, Floats]:
    """The same of a secure sum as the server sees it, with what colluding clients tell it: [honest].

    The most clients are lost, and the most collude.
    """
    there = np.random.default_rng([2, seed]).random(CLIENTS) < 0.5
    made = large(protocol)
    honest: Array = np.arange(COLLUDING, LEAST)
    left, _ = seen(made, np.diag(np.where(there, made.clip, 0.0)), seed=seed)
    return there[honest], np.asarray(left, np.float64)[honest]


def least_epsilon(found: Sequence[tuple[Bools, Floats]], budget: Budget) -> tuple[float, float]:
    """The least epsilon under which TPR <= e^epsilon FPR + delta at each of 101 thresholds; and the most.

    Clopper-Pearson limits, corrected for both rates and all thresholds: above the promise of a sound protocol
    with probability `ERROR` at most. The most is what the true answers would give.
    """
    there = np.concatenate([one for one, _ in found])
    scores = np.concatenate([one for _, one in found])
    rows = Rows(there, scores, mix(np.arange(len(there))))
    bound = two_world(rows, confidence=1 - ERROR, threshold=Bonferroni(), delta=budget.delta, randomised=True)
    return bound.low, bound.ceiling


def shown(name: str) -> tuple[Budget, float, float]:
    """The promise of a protocol or twin, and `least_epsilon` of repeated runs."""
    if name in CENTRAL:
        return SAMPLED, *least_epsilon([central(CENTRAL[name], seed) for seed in range(5)], SAMPLED)
    return SUMMED, *least_epsilon([distributed(DISTRIBUTED[name], seed) for seed in range(10)], SUMMED)
