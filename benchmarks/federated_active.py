"""A server that does not follow the protocol: gradient ascent and isolation beside the passive attack.

CONFIDE_DATA=... python benchmarks/federated_active.py [--seeds 5] [--cache DIR] [--write]

The collaboration of 4 clients of `federated_membership.py`, three times for each seed with the same split and
start: the server follows the protocol; it moves the model that it sends to one client up the loss of all
targets (rate ASCENT); it isolates this client. Targets are this client's 300 records and as many that nobody
used. The passive attack network, the loss and the decoder look at each; gains are paired by seed.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from federated_membership import CLASSES, LONG, Found, Split, game_of, interval, played
from page import head, machine, publish, row

from confide.attacks.membership.updates import NasrPassive, UpdateDecoder, UpdateLoss
from confide.core.arrays import Array
from confide.core.transcript import SERVER
from confide.data import location30
from confide.mechanisms.federate.active_server import GradientAscent, Isolate
from confide.mechanisms.federate.federated_averaging import FedAvg
from confide.mechanisms.federate.rounds import collaborate
from confide.views.records import Records

ROUNDS, ASCENT = 30, 1.0
PASSIVE, ASCENDING, ISOLATING = "passive", "gradient ascent", "isolating"
NAMES = ("nasr", "loss", "decoder")


def measured(found: Found, records: Records, seed: int) -> None:
    """Three servers on one split."""
    split, local = Split.of(len(records), 4, 300, seed), LONG.learner()
    clients = {f"client {k}": records.take(own) for k, own in enumerate(split.clients)}
    people = split.clients[0], split.unused[:300]
    victim = "client 0"
    targets = records.take(np.concatenate(people))
    servers: dict[str, Any] = {
        PASSIVE: None,
        ASCENDING: GradientAscent(learner=local, targets=targets, rate=ASCENT, clients=(victim,)),
        ISOLATING: Isolate(client=victim),
    }
    for name, active in servers.items():
        rng = np.random.default_rng(seed)
        run = collaborate(FedAvg(), local, clients, rounds=ROUNDS, rng=rng, active=active)
        game = partial(game_of, run, local, records, *people, about=(victim,), parties=(SERVER,))
        played(found, name, "all", seed, game(told=0.5), nasr=NasrPassive())
        played(found, name, "all", seed, game(), loss=UpdateLoss(), decoder=UpdateDecoder())


def gain(found: Found, server: str, name: str) -> Array:
    """How much higher the AUC is than under the server that follows the protocol, by seed."""
    return found.of(server, "all", name)[:, 0] - found.of(PASSIVE, "all", name)[:, 0]


def main() -> int:
    """Print the page. There is no bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    records, found = location30.load(), Found(options.cache, "federated_active")
    for seed in range(options.seeds):
        if len(found.of(ISOLATING, "all", NAMES[-1])) <= seed:
            measured(found, records, seed)
    table = head("server", "attack", "AUC", "gain over passive")
    for server in (PASSIVE, ASCENDING, ISOLATING):
        for name in NAMES:
            own = found.of(server, "all", name)[:, 0]
            more = "–" if server == PASSIVE else interval(gain(found, server, name))
            table.append(row(server, name, interval(own), more))
    page = [
        "# A server that does not follow the protocol",
        "",
        *(__doc__ or "").replace("ASCENT", f"{ASCENT:g}").splitlines()[2:],
        "",
        *table,
        "",
        f"Mean over {options.seeds} seeds with its 95 % t-interval, and the lowest to the highest; {CLASSES}",
        "classes. `nasr` knows the membership of half of the targets and is judged on the others.",
        "",
        f"{machine()}.",
    ]
    publish(page, "federated_active", write=options.write)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
