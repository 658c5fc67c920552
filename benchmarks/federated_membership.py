"""Membership from what a party of a collaboration sees, on Location30: one client's update, and the sum.

CONFIDE_DATA=... python benchmarks/federated_membership.py [--seeds 5] [--cache DIR] [--write]

An MLP 446-128-30, FedAvg with every client in every round. Two ways of local training, plain SGD both:
"long" is LONG;
"one step" is STEP, all that a client has, so that an
update is a sum of gradients and nothing else. Two collaborations, each with a split and a start of its own
for each seed:

- 4 clients with 300 records each, 30 rounds, long. The server sees every update; targets are the records of
  one client and as many that nobody used. Beside it a client looks, which sees models alone.
- 30 clients with 50 records each, 20 rounds, under an ideal secure sum: the server sees the sum alone, and
  nothing of who sent what. Targets are the records of all clients and as many that nobody used. Then half of
  the members are not on the adversary's list, which has OTHERS others: it does not know of them.

The rates were chosen by accuracy on another split (seed 100), and the attacks' settings there and on seeds
101 and 102. With one step a round the sum holds nothing else than members' gradients; what is then missed is
due to the members that the adversary does not know. Long local training hides more, in the first round most.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from page import bars, head, machine, publish, rates, row
from scipy.stats import t as student_t
from torch import nn

from confide.attacks.blind import Blind
from confide.attacks.membership.updates import NasrPassive, UpdateAlignment, UpdateDecoder, UpdateLoss
from confide.core.arrays import Array, Rng
from confide.core.play import play
from confide.core.transcript import SERVER, Payload
from confide.data import location30
from confide.games.membership.updates import RecordedRun
from confide.knowledge.models import Background
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.local import TorchLocal
from confide.mechanisms.federate.federated_averaging import FedAvg
from confide.mechanisms.federate.protocol import Summed
from confide.mechanisms.federate.rounds import Run, collaborate
from confide.views.records import Records

CLASSES, TESTED, OTHERS = 30, 1_000, 2_000
ALL = "all"
ONE = "one of 4 clients' updates"
MODELS = "the models alone, seen by another of 4 clients"
SUM, HALF = "sum of 30 clients", "sum of 30 clients, half of the members unknown"
TWENTY = "5, 10, 15 and 20"
LOOKS = {TWENTY: (5, 10, 15, 20)}


@dataclass(frozen=True)
class Training:
    """What each client does in a round: plain SGD for some epochs."""

    name: str
    epochs: int
    batch: int
    rate: float

    def __str__(self) -> str:
        epochs = "1 epoch" if self.epochs == 1 else f"{self.epochs} epochs"
        return f"{epochs} with batches of {self.batch} at rate {self.rate:g}"

    def learner(self) -> TorchLocal:
        optimiser = partial(torch.optim.SGD, lr=self.rate)
        inner = TorchLearner(factory=network, epochs=self.epochs, batch_size=self.batch, optimiser=optimiser)
        return TorchLocal(inner)


LONG, STEP = Training("long", 5, 10, 0.1), Training("one step", 1, 50, 1.0)
# What is looked at in the sum of all, of half, and of one client.
WHOLE_LOOKS, HALF_LOOKS, ONE_LOOKS = (1, 5, 20), (5, 20, TWENTY), (1, 30)


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(446, 128), nn.ReLU(), nn.Linear(128, CLASSES))


@dataclass(frozen=True)
class IdealSum:
    """A secure sum as its proof has it: the server gets the total from nowhere."""

    def __call__(self, uploads: Mapping[str, Payload], *, number: int, rng: Rng) -> Summed:
        names = next(iter(uploads.values())).keys()
        total = {name: np.sum([np.float64(one[name]) for one in uploads.values()], axis=0) for name in names}
        return Summed(total, tuple(uploads), ())


@dataclass(frozen=True)
class Split:
    """Who has what: positions among the records, by client, unused ones, and those to test with."""

    clients: Array
    unused: Array
    tested: Array

    @classmethod
    def of(cls, records: int, clients: int, each: int, seed: int) -> Split:
        order = np.random.default_rng([17, clients, seed]).permutation(records)
        used, rest = order[: clients * each], order[clients * each :]
        return cls(used.reshape(clients, each), rest[:-TESTED], rest[-TESTED:])


class Found:
    """What was measured, kept in a file so that an interrupted run goes on."""

    def __init__(self, cache: Path | None, name: str = "federated_membership") -> None:
        self.path = None if cache is None else cache / f"{name}.json"
        there = self.path is not None and self.path.exists()
        self.done: dict[str, list[float]] = json.loads(self.path.read_text()) if there and self.path else {}

    def add(self, section: str, rounds: Any, name: str, seed: int, numbers: list[float]) -> None:
        key = f"{section}|{rounds}|{name}|{seed}"
        self.done[key] = numbers
        print(key, " ".join(f"{v:.3f}" for v in numbers), flush=True)
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps(self.done, indent=0))

    def of(self, section: str, rounds: Any, name: str) -> Array:
        """[seeds, numbers]"""
        start = f"{section}|{rounds}|{name}|"
        return np.array([v for k, v in self.done.items() if k.startswith(start)])

    def has(self, section: str, seed: int) -> bool:
        # What is added last says that all is there.
        return f"{section}|run|accuracy|{seed}" in self.done


def game_of(
    run: Run, local: TorchLocal, records: Records, members: Array, others: Array, **how: Any
) -> RecordedRun:
    """Members and as many others, in an order that says nothing."""
    assert run.transcript is not None
    both = np.concatenate([members, others])
    order = np.random.default_rng(len(both)).permutation(len(both))
    return RecordedRun(
        transcript=run.transcript,
        targets=records.take(both[order]),
        member=order < len(members),
        model=local.model,
        background=Background(classes=CLASSES),
        **how,
    )


def played(found: Found, section: str, rounds: Any, seed: int, game: RecordedRun, **attacks: Any) -> None:
    """AUC, TPR at 1 %, and seconds of the processor for each attack."""
    for name, attack in attacks.items():
        started = time.process_time()
        evidence = play(game, attack, worlds=1, rng=np.random.default_rng([3, seed]))
        auc, _, at_one, _ = rates(evidence)[0].tolist()
        found.add(section, rounds, name, seed, [auc, at_one, time.process_time() - started])


def looked(found: Found, section: str, looks: tuple[int | str, ...], seed: int, game: RecordedRun) -> None:
    """The decoder and what it is compared with, on single rounds and on several together."""
    for look in looks:
        rounds = (look,) if isinstance(look, int) else LOOKS[look]
        attacks = UpdateDecoder(rounds=rounds), UpdateAlignment(rounds=rounds), UpdateLoss(rounds=rounds)
        names = "decoder", "alignment", "loss"
        played(found, section, look, seed, game, **dict(zip(names, attacks, strict=True)))


def trained(
    how: Training, records: Records, split: Split, seed: int, **more: Any
) -> tuple[Run, TorchLocal, list[float]]:
    """The run, and the accuracy of its model."""
    local = how.learner()
    clients = {f"client {k}": records.take(own) for k, own in enumerate(split.clients)}
    run = collaborate(FedAvg(), local, clients, rng=np.random.default_rng(seed), **more)
    test = records.take(split.tested)
    right = np.argmax(local.model(run.parameters).predict(test.x), axis=1) == test.y
    return run, local, [float(right.mean())]


def one_client(found: Found, records: Records, seed: int) -> None:
    """The server sees the updates, another client the models."""
    split = Split.of(len(records), 4, 300, seed)
    run, local, right = trained(LONG, records, split, seed, rounds=max(ONE_LOOKS))
    people = split.clients[0], split.unused[:300]
    about = ("client 0",)
    server = partial(game_of, run, local, records, *people, about=about, parties=(SERVER,))
    looked(found, ONE, ONE_LOOKS, seed, server())
    supervised = {"nasr": NasrPassive(), "blind": Blind()}
    played(found, ONE, ALL, seed, server(told=0.5), **supervised)
    played(found, ONE, ALL, seed, server(), decoder=UpdateDecoder())
    client = partial(game_of, run, local, records, *people, about=about, parties=("client 1",))
    looked(found, MODELS, ONE_LOOKS, seed, client())
    played(found, MODELS, ALL, seed, client(told=0.5), nasr=NasrPassive())
    found.add(ONE, "run", "accuracy", seed, right)


def sum_of_all(how: Training, found: Found, records: Records, seed: int) -> None:
    """The server sees the sum alone."""
    split, ideal = Split.of(len(records), 30, 50, seed), IdealSum()
    run, local, right = trained(how, records, split, seed, rounds=20, secure=ideal)
    members, others = split.clients.ravel(), split.unused[:OTHERS]
    some = members[np.random.default_rng([4, seed]).permutation(len(members))[: len(members) // 2]]
    game = partial(game_of, run, local, records, parties=(SERVER,))
    half = game(some, others)
    looked(found, f"{HALF}|{how.name}", HALF_LOOKS, seed, half)
    played(found, f"{HALF}|{how.name}", ALL, seed, game(some, others, told=0.5), blind=Blind())
    looked(found, f"{SUM}|{how.name}", WHOLE_LOOKS, seed, game(members, others[: len(members)]))
    found.add(f"{SUM}|{how.name}", "run", "accuracy", seed, right)


def interval(values: Array) -> str:
    """Mean ± half of a 95 % t interval over seeds."""
    n = len(values)
    if n < 2:
        return f"{values.mean():.3f}"
    half = float(student_t.ppf(0.975, n - 1)) * values.std(ddof=1) / np.sqrt(n)
    return f"{values.mean():.3f} ± {half:.3f} ({values.min():.3f}–{values.max():.3f})"


def sections() -> list[tuple[str, str, str, tuple[int | str, ...], float | None]]:
    """Section, what is seen, training, what is looked at, and the least AUC of the decoder there."""
    listed: list[tuple[str, str, str, tuple[int | str, ...], float | None]] = [
        (ONE, ONE, LONG.name, ONE_LOOKS, 0.98)
    ]
    for how in (STEP, LONG):
        listed.append((f"{SUM}|{how.name}", SUM, how.name, WHOLE_LOOKS, 0.98))
        listed.append((f"{HALF}|{how.name}", HALF, how.name, HALF_LOOKS, 0.95))
    return [*listed, (MODELS, MODELS, LONG.name, ONE_LOOKS, None)]


def lines(found: Found) -> list[str]:
    """One line for each party, training, round and attack."""
    table = head("what is seen", "training", "round", "attack", "AUC", "TPR at 1 % FPR")
    for section, seen, training, looks, _ in sections():
        for look in (*looks, ALL):
            for name in ("decoder", "alignment", "loss", "nasr", "blind"):
                numbers = found.of(section, look, name)
                if len(numbers):
                    cells = interval(numbers[:, 0]), f"{numbers[:, 1].mean():.3f}"
                    table.append(row(seen, training, look, name, *cells))
    return table


def checked(found: Found) -> list[tuple[str, bool]]:
    """The bars: the decoder's mean AUC over seeds."""
    checks: list[tuple[str, bool]] = []
    for section, seen, training, looks, least in sections():
        for look in looks if least is not None else ():
            reached = found.of(section, look, "decoder")[:, 0].mean()
            checks.append((f"{seen}, {training}, round {look}: AUC at least {least}", reached >= least))
    blind = np.concatenate([found.of(s, ALL, "blind")[:, 0] for s in (ONE, f"{HALF}|{STEP.name}")])
    checks.append(("blind finds nothing: mean AUC within 0.05 of 0.5", abs(blind.mean() - 0.5) <= 0.05))
    checks.append(("decoder on 3,000 candidates in 30 processor seconds", seconds_of(found).max() <= 30))
    return checks


def seconds_of(found: Found) -> Array:
    """Processor seconds of the decoder on 3,000 candidates."""
    section = f"{SUM}|{STEP.name}"
    return np.concatenate([found.of(section, look, "decoder")[:, 2] for look in WHOLE_LOOKS])


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="the first seed; those from 100 were looked at")
    options = parser.parse_args()
    torch.set_num_threads(1)
    records, found = location30.load(), Found(options.cache)
    asked: dict[str, Any] = {ONE: one_client}
    asked |= {f"{SUM}|{how.name}": partial(sum_of_all, how) for how in (STEP, LONG)}
    for seed in range(options.first, options.first + options.seeds):
        for section, ask in asked.items():
            if not found.has(section, seed):
                ask(found, records, seed)
    right = {section: interval(found.of(section, "run", "accuracy")[:, 0]) for section in asked}
    checks, seconds = checked(found), seconds_of(found)
    said = (__doc__ or "").replace("LONG", str(LONG)).replace("STEP", str(STEP))
    said = said.replace("OTHERS", f"{OTHERS:,}")
    page = [
        "# Membership from updates, and from their sum alone",
        "",
        *said.splitlines()[2:],
        "",
        *lines(found),
        "",
        f"AUC: mean over {options.seeds} seeds with its 95 % t-interval, and the lowest to the highest;",
        "TPR is a mean. `nasr` and `blind` know the membership of half of the targets and are judged on the",
        "others. `loss` asks the model after the round's change, `alignment` takes the cosine. Of several",
        "rounds the decoder makes one system; the other two take the mean.",
        "",
        f"Accuracy of the published model on {TESTED:,} records that nobody used:",
        f"{right[ONE]} of 4 clients, {right[f'{SUM}|{STEP.name}']} of 30 with one step a round,",
        f"{right[f'{SUM}|{LONG.name}']} of 30 that train for long.",
        "",
        f"Decoder on 3,000 candidates: {seconds.mean():.0f} processor seconds, {seconds.max():.0f} at most.",
        "",
        *bars(checks),
        "",
        f"{machine()}.",
    ]
    publish(page, "federated_membership", write=options.write)
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
