"""Outsourced scores: processor seconds, bytes and errors, forecast and found; Adult and MNIST encrypted.

Run: PYTHONPATH=src CONFIDE_DATA=... python benchmarks/outsourced.py [--write]
The twelve configurations have random weights and rows: costs do not depend on what was learned, and each has
a row at the corner of the bound, where errors are largest. Settings of the trained models were not picked.
"""

from __future__ import annotations

import sys
from itertools import product

import numpy as np
from outsourced_real import Run, on_adult, on_mnist, run
from page import bars, head, machine, publish, row

from confide.core.arrays import Floats
from confide.mechanisms.encrypt.arithmetic import Affine, Arithmetic, Square
from confide.mechanisms.encrypt.comparing import LAYOUTS
from confide.mechanisms.encrypt.evaluating import Layout
from confide.mechanisms.encrypt.plan import Forecast, forecast, plan_layout

SEEDS = (1, 2, 3)
MODELS = {"linear 30 to 10": 1e-6, "logistic 91 to 1": 1e-6, "16, 8 squares, 3": 1e-4}
"""Models of the configurations, and the precision that is asked for."""
ROWS: dict[Layout, tuple[int, int]] = {"columns": (100, 8190), "rows": (1, 20)}


def affine(inputs: int, outputs: int, rng: np.random.Generator) -> Affine:
    """Weights of the size that training starts from."""
    return Affine(rng.normal(size=(outputs, inputs)) / np.sqrt(inputs), rng.normal(size=outputs))


def random_model(name: str, rng: np.random.Generator) -> Arithmetic:
    """The models of the configurations."""
    if name == "linear 30 to 10":
        return Arithmetic((affine(30, 10, rng),))
    if name == "logistic 91 to 1":
        return Arithmetic((affine(91, 1, rng),), "sigmoid")
    return Arithmetic((affine(16, 8, rng), Square(), affine(8, 3, rng)))


def corner(asked: Arithmetic) -> Floats:
    """The row within the bound 1 that makes the first layer's largest value."""
    first = asked.layers[0]
    assert isinstance(first, Affine)
    worst = int(np.argmax(first.largest(np.ones(asked.inputs))))
    return np.sign(first.weights[worst] * first.offset[worst])


def configuration(name: str, layout: Layout, n: int) -> tuple[str, list[float]]:
    """A line of the table, and the ratios found to forecast: bytes, CPU, error."""
    found, costs = list[tuple[Run, float]](), list[Forecast]()
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        asked = random_model(name, rng)
        plan = plan_layout(asked, layout, rows=n, bound=1.0, precision=MODELS[name])
        costs.append(forecast(plan, asked, rows=n))
        rows = np.vstack([corner(asked), rng.uniform(-1, 1, (n - 1, plan.inputs))])
        done, plain = run(plan, asked, rows), asked.scores(rows)
        if layout == "rows":
            off = np.abs(done.slots - plain[:, None]).max()
        elif asked.link == "identity":
            off = np.abs(done.scores - plain).max()
        else:  # the sigmoid is undone: the promise is for scores
            off = np.abs(np.log(done.scores / (1 - done.scores)) - plain).max()
        found.append((done, float(off)))
    of_bytes = max(
        abs(got / said - 1)
        for (done, _), cost in zip(found, costs, strict=True)
        for got, said in ((done.up, cost.up), (done.down, cost.down), (done.kit, cost.kit))
    )
    of_cpu = [done.cpu / cost.cpu for (done, _), cost in zip(found, costs, strict=True)]
    of_error = [cost.worst_error / error for (_, error), cost in zip(found, costs, strict=True)]
    worst = max(max(of_cpu), 1 / min(of_cpu))
    first, cost = found[0][0], costs[0]
    line = row(
        layout,
        name,
        f"{n:,}",
        f"{plan.parameters.degree}, {list(plan.parameters.bits)}",
        " ".join(f"{done.cpu:.3g}" for done, _ in found),
        " ".join(f"{one.cpu:.3g}" for one in costs),
        f"{worst:.2f}",
        f"{first.up / n:,.0f}",
        f"{first.down / n:,.0f}",
        f"{first.kit:,}",
        f"{100 * of_bytes:.1f} %",
        " ".join(f"{error:.1e}" for _, error in found),
        f"{cost.worst_error:.1e}",
        f"{min(of_error):.1f} to {max(of_error):.1f}",
    )
    return line, [of_bytes, worst, min(of_error), max(of_error)]


def main(write: bool) -> None:
    """The page."""
    made = [configuration(*c, n) for c in product(MODELS, LAYOUTS) for n in ROWS[c[1]]]
    ratios = np.array([ratio for _, ratio in made])
    (by_adult, adult_bars), (by_mnist, mnist_bars) = on_adult(), on_mnist()
    columns = [
        *("layout", "model", "rows", "parameters", "CPU s, seed by seed", "forecast", "apart by a factor"),
        *("bytes up a row", "down", "kit", "bytes apart", "error", "promised", "promised / error"),
    ]
    checks = [
        ("bytes of 12 configurations within 5 % of the forecast", bool(ratios[:, 0].max() <= 0.05)),
        ("CPU within a factor 1.5", bool(ratios[:, 1].max() <= 1.5)),
        ("errors below the promised", bool(ratios[:, 2].min() >= 1)),
        ("and no further than a factor 30 under it", bool(ratios[:, 3].max() <= 30)),
        *adult_bars,
        *mnist_bars,
    ]
    lines = [
        "# Outsourced scores",
        "",
        f"`PYTHONPATH=src python benchmarks/outsourced.py --write`; seeds {SEEDS}; {machine()}.",
        "The processor time of one process. Errors of row layout are the largest in any copy of the row.",
        "",
        *bars(checks),
        "",
        *head(*columns),
        *(line for line, _ in made),
        "",
        *by_adult,
        *by_mnist,
    ]
    publish(lines, "outsourced", write=write)


if __name__ == "__main__":
    main("--write" in sys.argv)
