"""Accuracy against leakage of one collaboration, on Location30: plain, secure sum, noise, exchange.

CONFIDE_DATA=... python benchmarks/collaboration_chart.py [--seeds 5] [--cache DIR] [--write]

30 clients with 50 records each, 20 rounds, the network and the long local training of
`federated_membership.py`, chosen there by accuracy without noise. Targets are the records of all clients but
the one that looks, and as many that nobody used. Leakage is the AUC of the strongest of three attacks
(decoder, alignment, loss; the largest of the three, not corrected for the choice) for one who looks:

- plain, secure sum: FedAvg. The attacks take the mean of the updates that the server sees, which is the sum:
  so the secure sum changes no number here. It was played both ways on two seeds, and all numbers were equal.
  One client's updates alone say more (`federated_membership.md`), and that is what the secure sum hides.
- noise: DP-FedAvg with every client in every round, clip CLIP, and with the secure sum (both) or without it
  (DP). The server that adds the noise knows the sum without it, so that no promise holds against it; a client
  sees the models alone.
- exchange of predictions: Cronus. The median of the clients' predictions on 1,000 public records is
  published, ROUNDS times. One who sees it trains a student on the last, and asks it about each record (loss
  alone); accuracy is the student's. Clients and student are softmax regressions.

Epsilon is that of the whole run, for everything that one client holds, at delta 1e-2. With every client in
every round it has no help from sampling: values are large, and stated as they are. An exchange of one record
of a client for another moves the clipped sum by two clips: its epsilon is that of half the multiplier.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from collaboration_picture import Point, drawn
from collaboration_promises import about, least_epsilon, made_up
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
STRONG = 8.0
"""A multiplier whose promise is below what the records can show, so that it can be seen to fail."""
MOST = Budget(1e6, DELTA, Unit.client())
SECURE, EXCHANGE = "secure sum", "exchange of predictions"
CLIENT, READER = "a client", "who sees what is published"
ATTACKS = {"decoder": UpdateDecoder(), "alignment": UpdateAlignment(), "loss": UpdateLoss()}


def noised(multiplier: float) -> DPFedAvg:
    """DP-FedAvg of every client in every round; its noise is rehearsed, so that a row can be made again."""
    return DPFedAvg(budget=MOST, clip=CLIP, sample=1.0, multiplier=multiplier, noise="rehearsal")


def worst_of(scores: dict[str, Array]) -> float:
    """The largest AUC; a direction is never chosen by looking."""
    return max(float(one) for one in scores.values())


def parameters_exchanged(
    found: Found, name: str, protocol: AnyCollaboration, records: Records, split: Split, seed: int
) -> None:
    """Accuracy of a run, and the worst AUC for the server, and for a client that sees models alone.

    Where the promise can fail also the largest epsilon that an attack shows, and the most it could show.
    """
    local = LONG.learner()
    clients = {f"client {k}": records.take(own) for k, own in enumerate(split.clients)}
    rng, secure = np.random.default_rng(seed), IdealSum()
    run = collaborate(protocol, local, clients, rounds=ROUNDS, rng=rng, secure=secure)
    test = records.take(split.tested)
    accuracy = float((local.model(run.parameters).predict(test.x).argmax(axis=1) == test.y).mean())
    looking = {"server": (SERVER, split.clients), CLIENT: ("client 0", split.clients[1:])}
    for who in (one for one in views_of(name) if not all_there(found, name, one, seed)):
        party, others = looking[who]
        members = others.ravel()
        game = game_of(run, local, records, members, split.unused[: len(members)], parties=(party,))
        played = {
            one: play(game, attack, worlds=1, rng=np.random.default_rng([3, seed]))
            for one, attack in ATTACKS.items()
        }
        aucs = {one: rates(evidence)[0, 0] for one, evidence in played.items()}
        if checkable(name):
            shown = [least_epsilon(evidence, DELTA) for evidence in played.values()]
            found.add(name, who, "shown", seed, [max(low for low, _ in shown), shown[0][1]])
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
    found.add(EXCHANGE, READER, "worst", seed, [accuracy, auc, auc])


def views_of(name: str) -> tuple[str, ...]:
    """Who looks at a run."""
    return (CLIENT,) if name == name_of(STRONG) else ("server", CLIENT)


def name_of(multiplier: float) -> str:
    """Of a run with noise, as it is kept."""
    return f"noise {multiplier:g}, secure sum"


def checkable(name: str) -> bool:
    """Is its promise below what these records can show? The others hold whatever an attack finds."""
    return name == name_of(STRONG)


def all_there(found: Found, name: str, who: str, seed: int) -> bool:
    """Is everything about this view measured?"""
    wanted = ("worst", "shown") if checkable(name) else ("worst",)
    return all(f"{name}|{who}|{one}|{seed}" in found.done for one in wanted)


def one_seed(found: Found, records: Records, seed: int) -> None:
    """All rows of one seed that are not there yet."""
    split = Split.of(len(records), 30, 50, seed)
    runs: dict[str, AnyCollaboration] = {SECURE: FedAvg()}
    runs |= {name_of(multiplier): noised(multiplier) for multiplier in (*NOISES, STRONG)}
    for name, protocol in runs.items():
        if not all(all_there(found, name, who, seed) for who in views_of(name)):
            parameters_exchanged(found, name, protocol, records, split, seed)
    if f"{EXCHANGE}|{READER}|worst|{seed}" not in found.done:
        predictions_exchanged(found, records, split, seed)


def multiplier_of(name: str) -> float | None:
    """Of a run with noise."""
    return float(name.split()[1].rstrip(",")) if name.startswith("noise") else None


def epsilon_of(name: str, *, shifts: int = 1) -> float:
    """The composed epsilon of a run whose sum can move by this many clips; infinite without a promise."""
    multiplier = multiplier_of(name)
    if multiplier is None:
        return math.inf
    plan = Plan(30, ROUNDS, np.zeros(1, np.float32))
    spent = noised(multiplier / shifts).spent(plan, ROUNDS)
    return math.inf if spent is None else spent.epsilon


def epsilon_text(epsilon: float) -> str:
    """Three digits, without an exponent."""
    return f"{epsilon:,.0f}" if epsilon >= 100 else f"{epsilon:.3g}"


def said_of(name: str) -> str:
    """The run as the table names it."""
    multiplier = multiplier_of(name)
    if multiplier is not None:
        return f"noise {multiplier:g}, with or without secure sum"
    return "plain, or secure sum" if name == SECURE else name


def views(found: Found) -> list[tuple[str, str]]:
    """Runs and who looks, in the order of the page."""
    runs = SECURE, *map(name_of, (*NOISES, STRONG))
    return [(name, who) for name in runs for who in views_of(name)] + [(EXCHANGE, READER)]


def lines(found: Found) -> list[str]:
    """A line for each run and each who looks."""
    table = head(
        "run", "epsilon of a client against it", "who looks", "seeds", "accuracy", "worst AUC", "each attack"
    )
    for name, who in views(found):
        numbers, epsilon = found.of(name, who, "worst"), epsilon_of(name)
        each = ", ".join(f"{v:.3f}" for v in numbers[:, 2:].mean(axis=0))
        cells = len(numbers), interval(numbers[:, 0]), interval(numbers[:, 1]), each
        against = who == CLIENT and epsilon < math.inf
        table.append(row(said_of(name), epsilon_text(epsilon) if against else "none", who, *cells))
    return table


def promises(found: Found) -> tuple[list[str], bool]:
    """Whether each promise holds against a client at every threshold, and whether all do."""
    table = head("promise", "epsilon of a record exchanged", "least epsilon that TPR and FPR show", "kept")
    shown = found.of(name_of(STRONG), CLIENT, "shown")
    most, kept = shown[:, 1].max(), True
    for name in map(name_of, (*NOISES, STRONG)):
        epsilon = epsilon_of(name, shifts=2)
        if epsilon > most:
            cells = f"at most {most:.2f} with these records", "cannot fail"
        else:
            kept &= bool(shown[:, 0].max() <= epsilon)
            cells = f"{shown[:, 0].max():.2f} (of {most:.2f})", "yes" if kept else "**no**"
        table.append(row(said_of(name), epsilon_text(epsilon), *cells))
    rows, caught = made_up()
    return [*table, *rows], kept and caught


def picture(found: Found) -> str:
    """Accuracy against leakage, as an SVG."""
    points: list[Point] = []
    for name, who in views(found):
        numbers, epsilon = found.of(name, who, "worst").mean(axis=0), epsilon_of(name)
        said = f"epsilon {epsilon_text(epsilon)}" if who == CLIENT else "no promise"
        label = said_of(name) if epsilon == math.inf else f"noise {multiplier_of(name):g}: {said}"
        points.append(Point(who=who, label=label, leakage=numbers[1], accuracy=numbers[0]))
    return drawn(points)


def main() -> int:
    """Print the page; exit code 1 if a promise is broken, or a broken twin is not caught."""
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
    table, kept = promises(found)
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
        "Means over seeds with 95 % t-intervals, and the lowest to the highest.",
        "Each attack: decoder, alignment, loss; of the exchange loss alone.",
        "`collaboration_chart.svg` draws the means.",
        "",
        "## Is each promise kept?",
        "",
        *about(STRONG),
        "",
        *table,
        "",
        f"{machine()}.",
    ]
    publish(page, "collaboration_chart", write=options.write)
    if options.write:
        (Path(__file__).parent / "results" / "collaboration_chart.svg").write_text(picture(found))
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
