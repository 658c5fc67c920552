"""Accuracy against leakage of one collaboration, on Location30: plain, secure sum, noise, exchange.

CONFIDE_DATA=... python benchmarks/collaboration_chart.py [--seeds 5] [--cache DIR] [--write]

30 clients with 50 records each, 20 rounds, the network and the long local training of
`federated_membership.py`, chosen there by accuracy without noise. Targets are the records of all clients but
the one that looks, and as many that nobody used. Leakage is the AUC of the strongest of three attacks
(decoder, alignment, loss; the largest of the three, not corrected for the choice) for one who looks:

- plain: FedAvg. The server sees each update; the attacks take the mean of them.
- secure sum: the server sees the sum alone.
- noise, secure sum: DP-FedAvg with every client in every round, clip CLIP, over a secure sum. Each multiplier
  has two rows: the server that adds the noise knows the sum without it, and a client sees the models alone.
  Without the secure sum the models are the same, and the server sees each update as in the plain run.
- exchange: Cronus. The median of the clients' predictions on 1,000 public records is published, ROUNDS
  times. One who sees it trains a student on the last, and asks it about each record (loss alone); accuracy
  is the student's. Clients and student are softmax regressions.

Epsilon is that of the whole run, for everything that one client holds, at delta 1e-2. With every client in
every round it has no help from sampling: values are large, and stated as they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from federated_membership import CLASSES, LONG, Found, IdealSum, Split, game_of, interval
from page import head, machine, publish, rates, row

from confide.attacks.membership.updates import UpdateAlignment, UpdateDecoder, UpdateLoss
from confide.core.arrays import Array
from confide.core.budget import Budget, Unit
from confide.core.play import play
from confide.core.transcript import SERVER
from confide.data import location30
from confide.mechanisms.federate.cronus import Cronus, Trainee
from confide.mechanisms.federate.dp_fedavg import DPFedAvg
from confide.mechanisms.federate.federated_averaging import FedAvg
from confide.mechanisms.federate.means.coordinatewise import CoordinateMedian
from confide.mechanisms.federate.protocol import AnyCollaboration, Plan
from confide.mechanisms.federate.rounds import collaborate
from confide.mechanisms.federate.students import SoftmaxRegression
from confide.models.signals import log_probability
from confide.views.records import Records

ROUNDS, CLIP, DELTA, PUBLIC, EXCHANGES = 20, 1.0, 1e-2, 1_000, 3
NOISES = (0.05, 0.3, 1.0)
MOST = Budget(1e6, DELTA, Unit.client())
PLAIN, SECURE, EXCHANGE = "plain", "secure sum", "exchange of predictions"
ATTACKS = {"decoder": UpdateDecoder(), "alignment": UpdateAlignment(), "loss": UpdateLoss()}


def noised(multiplier: float) -> DPFedAvg:
    """DP-FedAvg of every client in every round; its noise is rehearsed, so that a row can be made again."""
    return DPFedAvg(budget=MOST, clip=CLIP, sample=1.0, multiplier=multiplier, noise="rehearsal")


def worst_of(scores: dict[str, Array]) -> float:
    """The largest AUC; a direction is never chosen by looking."""
    return max(float(one) for one in scores.values())


def parameters_exchanged(
    found: Found,
    name: str,
    protocol: AnyCollaboration,
    records: Records,
    split: Split,
    seed: int,
    *,
    secure: bool,
) -> None:
    """Accuracy of a run, and the worst AUC for the server, and for a client that sees models alone."""
    local = LONG.learner()
    clients = {f"client {k}": records.take(own) for k, own in enumerate(split.clients)}
    how = {"secure": IdealSum()} if secure else {}
    run = collaborate(protocol, local, clients, rounds=ROUNDS, rng=np.random.default_rng(seed), **how)
    test = records.take(split.tested)
    accuracy = float((local.model(run.parameters).predict(test.x).argmax(axis=1) == test.y).mean())
    looking = {"server": (SERVER, split.clients), "a client": ("client 0", split.clients[1:])}
    for who, (party, others) in looking.items():
        members = others.ravel()
        game = game_of(run, local, records, members, split.unused[: len(members)], parties=(party,))
        aucs = {
            one: rates(play(game, attack, worlds=1, rng=np.random.default_rng([3, seed])))[0, 0]
            for one, attack in ATTACKS.items()
        }
        found.add(name, who, "worst", seed, [accuracy, worst_of(aucs), *map(float, aucs.values())])


def predictions_exchanged(found: Found, records: Records, split: Split, seed: int) -> None:
    """The same of an exchange of predictions: who sees what is published trains a student on it."""
    rng = np.random.default_rng([5, seed])
    public, unused = records.take(split.unused[:PUBLIC]), split.unused[PUBLIC:]
    recipe = SoftmaxRegression()
    trainees = [Trainee(learner=recipe, records=records.take(own), classes=CLASSES) for own in split.clients]
    parties = [party.alone(rng=rng) for party in trainees]
    cronus = Cronus(mean=CoordinateMedian(), classes=CLASSES, rounds=EXCHANGES)
    done = cronus(parties, public.x, rng=rng).view
    student = recipe.fit(public.x, done.rounds[-1].targets, rng=rng)
    test = records.take(split.tested)
    accuracy = float((student.predict(test.x).argmax(axis=1) == test.y).mean())
    members = split.clients.ravel()[: len(unused)]
    both = [records.take(members), records.take(unused[: len(members)])]
    yes, no = (log_probability(student.predict(side.x), side.y) for side in both)
    auc = float((yes[:, None] > no).mean() + (yes[:, None] == no).mean() / 2)
    found.add(EXCHANGE, "who sees what is published", "worst", seed, [accuracy, auc, auc])


def one_seed(found: Found, records: Records, seed: int) -> None:
    """All rows of one seed that are not there yet."""
    split = Split.of(len(records), 30, 50, seed)
    runs: dict[str, tuple[AnyCollaboration, bool]] = {PLAIN: (FedAvg(), False), SECURE: (FedAvg(), True)}
    for multiplier in NOISES:
        runs[f"noise {multiplier:g}, secure sum"] = noised(multiplier), True
    for name, (protocol, secure) in runs.items():
        if f"{name}|server|worst|{seed}" not in found.done:
            parameters_exchanged(found, name, protocol, records, split, seed, secure=secure)
    if f"{EXCHANGE}|who sees what is published|worst|{seed}" not in found.done:
        predictions_exchanged(found, records, split, seed)


def epsilon_of(name: str) -> str:
    """The composed epsilon of a row, or none."""
    if not name.startswith("noise"):
        return "none"
    plan = Plan(30, ROUNDS, np.zeros(1, np.float32))
    spent = noised(float(name.split()[1].rstrip(","))).spent(plan, ROUNDS)
    return "none below a million" if spent is None else f"{spent.epsilon:,.3g}"


def lines(found: Found) -> list[str]:
    """A line for each run and each who looks."""
    table = head("run", "epsilon", "who looks", "accuracy", "worst AUC", "decoder, alignment, loss")
    keys = dict.fromkeys(tuple(key.split("|")[:2]) for key in found.done)
    for name, who in keys:
        numbers = found.of(name, who, "worst")
        each = ", ".join(f"{v:.3f}" for v in numbers[:, 2:].mean(axis=0))
        cells = interval(numbers[:, 0]), interval(numbers[:, 1]), each
        table.append(row(name, epsilon_of(name), who, *cells))
    return table


def main() -> int:
    """Print the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    records, found = location30.load(), Found(options.cache, "collaboration_chart")
    for seed in range(options.seeds):
        one_seed(found, records, seed)
    said = (
        (__doc__ or "").replace("CLIP", f"{CLIP:g}").replace("published, ROUNDS", f"published, {EXCHANGES}")
    )
    page = [
        "# Accuracy against leakage of one collaboration",
        "",
        *said.splitlines()[2:],
        "",
        *lines(found),
        "",
        f"Means over {options.seeds} seeds with 95 % t-intervals, and the lowest to the highest.",
        "",
        f"{machine()}.",
    ]
    publish(page, "collaboration_chart", write=options.write)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
