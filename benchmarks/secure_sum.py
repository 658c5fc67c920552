"""What a secure sum of 100,000 parameters costs each client and the server, and that it is right.

python benchmarks/secure_sum.py [--repeats 5] [--write]

Each repeat is a whole round in one process and one thread, with new identities and keys: five messages of
each client, all signed and verified. Times are CPU seconds, as other processes on the machine take turns. A
client's time is that of its five answers; the page gives the median over the clients of a round, and of that
the median, lowest and highest over the repeats. Bytes up are all that the client sends, headers, keys, shares
and signatures included, over the number of parameters. Words are uniform by a chi-square test of each of
their four bytes over all clients (the least p-value times four).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from statistics import median
from typing import TypeVar

import numpy as np
from page import bars, head, machine, publish, row
from scipy.stats import chisquare

from confide.core.budget import Budget, Unit
from confide.mechanisms.share.client import Client
from confide.mechanisms.share.cohorts import Past
from confide.mechanisms.share.distributed_gaussian import DistributedGaussian
from confide.mechanisms.share.messages import Identity, Message
from confide.mechanisms.share.plan import SERVER, SumPlan, two_thirds
from confide.mechanisms.share.refusals import RefusedError
from confide.mechanisms.share.server import Server

WORDS = 100_000
T = TypeVar("T")
BYTES_UP = 4.2
SERVER_SECONDS = 1.0


@dataclass(frozen=True)
class Setting:
    """A cohort, who drops out before sending its vector, and the bar for a client in CPU milliseconds."""

    clients: int
    dropped: int
    neighbours: int | None
    most_ms: float

    def __str__(self) -> str:
        graph = "" if self.neighbours is None else f", {self.neighbours} neighbours"
        return f"{self.clients} clients{graph}"


SETTINGS = (
    Setting(10, 3, None, 10),
    Setting(30, 5, None, 25),
    Setting(100, 10, None, 80),
    Setting(100, 0, 20, 20),
)


@dataclass
class Figures:
    """Of one round."""

    equal: bool
    client_ms: float
    server_s: float
    bytes_up: float
    uniform: float


class Clock:
    """CPU seconds by party."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def timed(self, name: str, work: Callable[[], T]) -> T:
        start = time.process_time()
        found = work()
        self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - start
        return found


def one_round(setting: Setting, seed: int, *, dropped: int) -> Figures:
    """A whole round, in which the first clients send no vector."""
    rng = np.random.default_rng(seed)
    own = {f"client {i:03}": Identity.new(f"client {i:03}") for i in range(setting.clients)}
    server_id, gone = Identity.new(SERVER), set(list(own)[:dropped])
    bound = (2**31 - 1) // setting.clients
    plan = SumPlan(
        run=f"benchmark {seed}",
        parties={name: identity.public for name, identity in own.items()},
        server=server_id.public,
        words=WORDS,
        bound=bound,
        threshold=two_thirds(setting.clients),
        neighbours=setting.neighbours,
    )
    vectors = {name: rng.integers(-bound, bound + 1, WORDS) for name in own}
    server = Server(plan, server_id, round=1, past=Past())
    clients = {name: Client(plan, own[name], round=1, past=Past()) for name in own}
    clock, up = Clock(), dict.fromkeys(own, 0)
    counts = np.zeros((4, 256))
    inbox: dict[str, Message] = {}
    while server.step != "over":
        for name in list(inbox or clients):
            if server.step in ("masked", "agreed", "unmask") and name in gone:
                continue
            message = clock.timed(name, partial(answered, clients[name], inbox, vectors[name]))
            up[name] += message.size
            if message.kind == "masked":
                parts = message.payload["masked"].view(np.uint8).reshape(-1, 4).T
                counts += [np.bincount(part, minlength=256) for part in parts]
            clock.timed(SERVER, partial(server.take, message))
        inbox = clock.timed(SERVER, server.close)
    found = server.summed
    assert found is not None
    stayed = [name for name in own if name not in gone]
    return Figures(
        equal=bool((found.total == sum(vectors[name] for name in stayed)).all()),
        client_ms=1e3 * median(clock.spent[name] for name in stayed),
        server_s=clock.spent[SERVER],
        bytes_up=max(up.values()) / WORDS,
        uniform=min(1.0, 4 * min(float(chisquare(line).pvalue) for line in counts)),
    )


def answered(client: Client, inbox: dict[str, Message], vector: np.ndarray) -> Message:
    message = inbox.get(client.name)
    if message is None:
        return client.keys()
    match message.kind:
        case "roster":
            return client.share(message)
        case "sealed":
            return client.mask(message, vector)
        case "survivors":
            return client.agree(message)
        case _:
            return client.unmask(message)


def refused(setting: Setting) -> bool:
    """Whether one dropout more than the threshold bears gives no sum."""
    try:
        one_round(setting, 0, dropped=setting.clients - two_thirds(setting.clients) + 1)
    except RefusedError:
        return True
    return False


def span(values: list[float], digits: int) -> str:
    """The median, and the lowest and highest."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def noise_seconds(seed: int) -> str:
    """What distributed noise adds to a client's time."""
    noise = DistributedGaussian(
        budget=Budget(2.0, 1e-4, Unit.client()), clip=1.0, words=WORDS, clients=100, least=67, colluding=7
    )
    vector = np.random.default_rng(seed).normal(size=WORDS)
    start = time.process_time()
    noise.encoded(vector)
    return f"{time.process_time() - start:.2f}"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--repeats", type=int, default=5)
    asked.add_argument("--write", action="store_true", help="keep the page in results/")
    given = asked.parse_args()
    load = os.getloadavg()[0]
    columns = ("", "dropped", "CPU ms a client", "CPU s of the server", "bytes up a parameter", "equal")
    lines, checks = head(*columns, "least p-value"), []
    for setting in SETTINGS:
        one_round(setting, 0, dropped=0)  # the first is for warming up
        found = [one_round(setting, 1 + seed, dropped=setting.dropped) for seed in range(given.repeats)]
        ms, seconds = [f.client_ms for f in found], [f.server_s for f in found]
        up, least = max(f.bytes_up for f in found), min(f.uniform for f in found)
        equal, gone = all(f.equal for f in found), refused(setting)
        cells = (setting.dropped, span(ms, 1), span(seconds, 2), f"{up:.2f}", equal, f"{least:.3f}")
        lines.append(row(setting, *cells))
        bar = 0.001 / given.repeats  # so that all repeats together alarm falsely once in 1,000
        checks += [
            (f"{setting}: the sum equal in every word with {setting.dropped} dropped", equal),
            (f"{setting}: refused at one dropout more than the threshold bears", gone),
            (f"{setting}: at most {setting.most_ms:g} CPU ms a client", median(ms) <= setting.most_ms),
            (f"{setting}: at most {SERVER_SECONDS:g} CPU s of the server", median(seconds) <= SERVER_SECONDS),
            (f"{setting}: at most {BYTES_UP} bytes up a parameter", up <= BYTES_UP),
            (f"{setting}: masked words uniform, p above {bar:g}", least > bar),
        ]
    about, how = (__doc__ or "").strip().split("\n\n")[::2]
    page = [
        "# Secure aggregation",
        "",
        about.splitlines()[0],
        "",
        f"`python benchmarks/secure_sum.py --repeats {given.repeats} --write`; {machine()}, cryptography "
        f"{version('cryptography')}. Load of the machine before it: {load:.1f}.",
        *how.splitlines(),
        "",
        *lines,
        "",
        f"Distributed discrete Gaussian noise, exact, adds {noise_seconds(0)} CPU seconds a client and "
        "round, where it is used.",
        "",
        *bars(checks),
    ]
    publish(page, "secure_sum", write=given.write)
    if not all(ok for _, ok in checks):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
