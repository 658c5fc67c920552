"""Adult and MNIST asked about encrypted, and how rows are asked about at all; for `outsourced.py`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from page import head, row
from sklearn.linear_model import LogisticRegression

from confide.core.arrays import Floats, Ints
from confide.data import adult, mnist
from confide.mechanisms.encrypt.arithmetic import Arithmetic, read_model, with_server_link
from confide.mechanisms.encrypt.ckks import EvaluationKit, SecretContext
from confide.mechanisms.encrypt.comparing import Limits, compare_layouts
from confide.mechanisms.encrypt.evaluating import Layout
from confide.mechanisms.encrypt.plan import Plan, forecast, plan_layout
from confide.mechanisms.encrypt.seal import Seal

EPOCHS, BATCH, SEED = 15, 128, 1
TYPICAL = 5.0


@dataclass(frozen=True)
class Run:
    """What a run took: seconds of the three steps, bytes of kit, question and answer, and the answers."""

    seconds: tuple[float, float, float]
    up: int
    down: int
    kit: int
    scores: Floats
    slots: Floats

    @property
    def cpu(self) -> float:
        return sum(self.seconds)


def run(plan: Plan, asked: Arithmetic, rows: Floats) -> Run:
    """Ask about rows batch by batch, both sides in this process.

    In row layout `slots` has the scores of all copies of each row: float[rows, copies, outputs].
    """
    client = SecretContext(plan)
    kit = client.kit()
    server = EvaluationKit(plan, kit, key=client.key)
    seconds, up, down = np.zeros(3), 0, 0
    scores, slots = list[Floats](), list[Floats]()
    for first in range(0, len(rows), plan.rows_a_batch):
        batch = rows[first : first + plan.rows_a_batch]
        times = [time.process_time()]
        sent = client.encrypt(batch)
        times.append(time.process_time())
        answer = server.evaluate(asked, sent)
        times.append(time.process_time())
        scores.append(client.decrypt(answer))
        times.append(time.process_time())
        seconds, up, down = seconds + np.diff(times), up + len(sent), down + len(answer)
        if plan.layout == "rows":
            slots.append(_copies(client, answer))
    return Run(tuple(seconds), up, down, len(kit), np.vstack(scores), np.array(slots))


def _copies(client: SecretContext, answer: bytes) -> Floats:
    """All copies of one row's scores, before the link."""
    plan = client.plan
    body = answer[4 + int.from_bytes(answer[:4], "big") :]
    seal = Seal(client._context, plan.parameters)
    width = 1 << (plan.outputs - 1).bit_length()
    return seal.decrypted(seal.read(body)).reshape(-1, width)[:, : plan.outputs]


def people(split: Any) -> tuple[Floats, Ints]:
    """Adult as 91 columns from 0 to 1: five numbers by their largest, a column a level, one for unknown."""
    held = adult.load(split=split, distinct=False)
    columns = list[Floats]()
    for about in adult.COLUMNS:
        values = held.x[about.name]
        if isinstance(about, adult.Number):
            if about.name != "fnlwgt":
                columns.append(np.clip(values.to_numpy() / about.high, 0, 1))
        elif about.name != "education":  # its number says the same
            columns += [(values == level).fill_null(False).to_numpy().astype(float) for level in about.levels]
            if about.missing:
                columns.append(values.is_null().to_numpy().astype(float))
    return np.stack(columns, axis=1), held.y


def digits(split: Any) -> tuple[Floats, Ints]:
    """MNIST at 14 x 14, from -.5 to .5: the smaller the bound, the smaller the error."""
    held = mnist.load(split=split)
    small = held.x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
    return small.astype(float) - 0.5, held.y


def square_network(x: Floats, y: Ints, units: int) -> Arithmetic:
    """196, units with squares, 10; AdamW with a cycle of the learning rate."""

    class Square(torch.nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return values * values

    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    net = torch.nn.Sequential(torch.nn.Linear(196, units), Square(), torch.nn.Linear(units, 10))
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.1)
    steps = len(x) // BATCH
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 8e-3, total_steps=EPOCHS * steps)
    inputs, labels = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x))[: steps * BATCH].reshape(steps, BATCH):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(inputs[batch]), labels[batch]).backward()
            optimizer.step()
            rate.step()
    return read_model(net)


def on_adult() -> tuple[list[str], list[tuple[str, bool]]]:
    """Logistic regression with the client's sigmoid, and with a polynomial of the server."""
    (x, y), (other, truth) = people("train"), people("test")
    asked, n = read_model(LogisticRegression(max_iter=1000).fit(x, y)), len(other)
    plan = plan_layout(asked, "columns", rows=n, bound=1.0, precision=1e-6)
    cost, done = forecast(plan, asked, rows=n), run(plan, asked, other)
    scores = asked.scores(other)[:, 0]
    plain, found = 1 / (1 + np.exp(-scores)), done.scores[:, 0]
    off, same = np.abs(found - plain).max(), ((found > 0.5) == (plain > 0.5)).mean()
    ms, right = 1e3 * done.cpu / n, float(((plain > 0.5) == truth).mean())
    steps = ", ".join(f"{1e3 * taken / n:.3f}" for taken in done.seconds)
    lines = [
        f"Adult, logistic, {asked.inputs} columns, {n:,} people of the test half, in columns "
        f"({plan.parameters.degree}, {list(plan.parameters.bits)}): {ms:.3f} ms a row (encrypt, evaluate, "
        f"decrypt: {steps}; forecast {1e3 * cost.cpu / n:.3f}), {done.up / n:,.0f} bytes up and "
        f"{done.down / n:,.0f} down a row, kit {done.kit:,} bytes. {right:.4f} are right in the clear; "
        f"probabilities are off by {off:.1e} at most, {100 * same:.3f} % of decisions are equal.",
        "",
    ]
    worst = float("inf")
    for reach in (TYPICAL, float(np.abs(asked.scores(x)).max())):
        served, said = with_server_link(asked, degree=3, reach=reach)
        inside = plan_layout(served, "columns", rows=n, bound=1.0, precision=1e-3)
        within = np.flatnonzero(np.abs(scores) <= reach)[:4000]
        met = float(np.abs(run(inside, served, other[within]).scores[:, 0] - plain[within]).max())
        beyond = (np.abs(scores) > reach).mean()
        lines.append(
            f"A polynomial of degree 3 at the server, fitted up to a score of {reach:.1f} "
            f"({100 * beyond:.1f} % of people are beyond), is off by {met:.2g} on {len(within):,} people "
            f"within; the plan says {said:.2g}."
        )
        worst = min(worst, said / met)
    options = compare_layouts(asked, rows=n, bound=1.0, limits=Limits(precision=1e-6), reach=TYPICAL)
    first = (options[0].layout, options[0].last_step)
    refused = all(option.obstacles for option in options if option.last_step == "server")
    return [*lines, ""], [
        ("Adult: at most .25 ms a row", ms <= 0.25),
        ("Adult: probabilities within 1e-6, all decisions equal", off <= 1e-6 and same == 1.0),
        ("Adult: the plan says what a server's polynomial is off by", worst >= 0.999 and refused),
        ("Adult: the plan takes columns, and the sigmoid of the client", first == ("columns", "client")),
        ("Adult: kit of at most 1.1 MB", done.kit <= 1_100_000),
    ]


def on_mnist() -> tuple[list[str], list[tuple[str, bool]]]:
    """A network with 64 squares: the whole test set in columns, and rows one by one."""
    other, truth = digits("test")
    asked = square_network(*digits("train"), 64)
    plain = asked.scores(other)
    right = float((plain.argmax(axis=1) == truth).mean())
    lines = head(
        "layout", "rows", "parameters", "ms a row", "forecast", "class equal", "error", "promised", "kit"
    )
    ms, equal = dict[Layout, float](), list[float]()
    chosen: tuple[tuple[Layout, int], ...] = (("columns", len(other)), ("rows", 20))
    for layout, n in chosen:
        plan = plan_layout(asked, layout, rows=n, bound=0.5, precision=1e-2)
        cost, done = forecast(plan, asked, rows=n), run(plan, asked, other[:n])
        equal.append(float((done.scores.argmax(axis=1) == plain[:n].argmax(axis=1)).mean()))
        ms[layout] = 1e3 * done.cpu / n
        lines.append(
            row(
                layout,
                f"{n:,}",
                f"{plan.parameters.degree}, {list(plan.parameters.bits)}",
                f"{ms[layout]:.3g}",
                f"{1e3 * cost.cpu / n:.3g}",
                f"{100 * equal[-1]:.2f} %",
                f"{np.abs(done.scores - plain[:n]).max():.1e}",
                f"{cost.worst_error:.1e}",
                f"{done.kit:,}",
            )
        )
    one = compare_layouts(asked, rows=1, bound=0.5, limits=Limits(precision=1e-2))
    seconds = {option.layout: option.forecast.cpu for option in one if option.forecast is not None}
    few = seconds["columns"] / ms["rows"] * 1e3
    above = [
        f"MNIST at 14 x 14, 64 squares: {right:.4f} of the test set are right in the clear. A batch in "
        f"columns is forecast at {seconds['columns']:.2g} s however few its rows, one row in row layout at "
        f"{seconds['rows']:.2g} s, the coding of the weights included: below about {few:.0f} rows the plan "
        "takes rows.",
        "",
    ]
    return [*above, *lines, ""], [
        ("MNIST: .97 in the clear", right >= 0.97),
        ("MNIST: encrypted class equal in 99.9 %", min(equal) >= 0.999),
        ("MNIST: at most 6 ms a row in columns", ms["columns"] <= 6),
        ("MNIST: one row in at most 2.8 s, its kit at most 43 MB", ms["rows"] <= 2800 and done.kit <= 43e6),
    ]
