"""The gradient decoder: Location30 (softmax regression, a network of 61k parameters) and a CNN on CIFAR-100.

CONFIDE_DATA=... python benchmarks/decoder.py [--cache DIR] [--only SECTION ...] [--write]

Seed s: a permutation of Location30, of which the first 1,000 records are members, the next 1,000 are not, and
the others are the population. The decoder's settings were chosen on other seeds (100 to 103). With a cache,
finished rows are kept there, so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from page import bars, head, machine, publish, rates, row
from scipy.stats import t as student_t
from sklearn.linear_model import LogisticRegression
from torch import nn

from confide.attacks.membership.black_box.lira import LiRA
from confide.attacks.membership.black_box.loss import Loss
from confide.attacks.membership.black_box.student import StudentT
from confide.attacks.membership.white_box.decoder._linear_inverse import System
from confide.attacks.membership.white_box.decoder._training_sums import sums, system_of
from confide.attacks.membership.white_box.decoder.attack import Decoder, known_nonmembers
from confide.attacks.membership.white_box.decoder.calibrated import CalibratedDecoder
from confide.core.evidence import Evidence
from confide.core.nouns import Case
from confide.data import cifar100, location30
from confide.knowledge.models import Background, References
from confide.learners.pool import include_halves
from confide.learners.torch.learner import TorchLearner
from confide.models.answers import Answers
from confide.models.sklearn.inside import sklearn_view
from confide.views.records import Records

MEMBERS = 1000
SEEDS = range(5)
Row = tuple[str, str, list[float]]


def network(normed: bool = False) -> nn.Module:
    middle = [nn.BatchNorm1d(128)] if normed else []
    return nn.Sequential(nn.Linear(446, 128), *middle, nn.ReLU(), nn.Linear(128, 30))


def convolutional() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(4096, 20)),
    )


def sgd(rate: float = 0.05, decay: float = 0.0) -> Callable[[Any], torch.optim.Optimizer]:
    return partial(torch.optim.SGD, lr=rate, momentum=0.9 if rate else 0.0, weight_decay=decay)


def cosine(total: int) -> Callable[[torch.optim.Optimizer], Any]:
    """Cosine over `total` epochs, however many are run: fewer epochs are an earlier state of the same run."""

    def shape(epoch: int) -> float:
        return (1 + math.cos(math.pi * min(epoch, total) / total)) / 2

    return partial(torch.optim.lr_scheduler.LambdaLR, lr_lambda=shape)


def recipe(optimiser: Any, epochs: int, of: int | None = None, **more: Any) -> TorchLearner:
    settings: dict[str, Any] = {
        "factory": network,
        "batch_size": 64,
        "schedule": cosine(of or epochs),
        **more,
    }
    return TorchLearner(epochs=epochs, optimiser=optimiser, **settings)


DECAY = recipe(sgd(decay=5e-4), 200)
START = replace(DECAY, epochs=1, optimiser=sgd(0.0), schedule=None)
RECIPES = {
    "SGD, decay 5e-3": recipe(sgd(decay=5e-3), 200),
    "SGD, no decay": recipe(sgd(), 200),
    "SGD, decay 5e-4, 20 epochs": recipe(sgd(decay=5e-4), 20),
    "SGD, no decay, 5 epochs": recipe(sgd(), 5),
    "Adam, L2 1e-3": recipe(partial(torch.optim.Adam, weight_decay=1e-3), 80),
    "Adam, no decay": recipe(torch.optim.Adam, 80),
    "AdamW, decay 0.1": recipe(partial(torch.optim.AdamW, weight_decay=0.1), 80),
    "SGD, decay 5e-4, label smoothing 0.1": replace(DECAY, loss=nn.CrossEntropyLoss(label_smoothing=0.1)),
    "SGD, decay 5e-4, BatchNorm": replace(DECAY, factory=partial(network, normed=True)),
}


class Table:
    """Location30 and the rows that are done, kept in a file."""

    def __init__(self, cache: Path | None, name: str = "decoder") -> None:
        self.records = location30.load()
        self.path = None if cache is None else cache / f"{name}.json"
        there = self.path is not None and self.path.exists()
        self.done: dict[str, list[float]] = json.loads(self.path.read_text()) if there else {}

    def people(self, seed: int) -> tuple[Records, Records]:
        """2,000 candidates, members first, and the population."""
        order = np.random.default_rng([5, seed]).permutation(len(self.records))
        return self.records.take(order[: 2 * MEMBERS]), self.records.take(order[2 * MEMBERS :])

    def add(self, section: str, name: str, seed: int, score: Callable[[], Any], member: Any) -> None:
        """The rates of a score, and whether the attack called itself conclusive; computed once."""
        key = f"{section}|{name}|{seed}"
        if key not in self.done:
            guess = score()
            known = np.isfinite(guess.score)
            found = rates(Evidence.of(member[known], guess.score[known]))[0].tolist()
            conclusive = guess.diagnostics is None or guess.diagnostics.conclusive
            said = " ".join(guess.diagnostics.texts if guess.diagnostics else ())
            share = re.search(r"explain (\d+)% of the target", said)
            self.done[key] = [*found, float(conclusive), float(share[1]) / 100 if share else math.nan]
            print(key, " ".join(f"{v:.3f}" for v in self.done[key]), flush=True)
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                there = json.loads(self.path.read_text()) if self.path.exists() else {}
                self.path.write_text(json.dumps(there | self.done, indent=0))

    def has(self, section: str, names: Sequence[str], seed: int) -> bool:
        return all(f"{section}|{name}|{seed}" in self.done for name in names)

    def of(self, section: str, name: str) -> np.ndarray:
        """[seeds, AUC, TPR at 10, 1 and 0.1 %, conclusive, share explained]"""
        return np.array([v for k, v in self.done.items() if k.startswith(f"{section}|{name}|")])

    def lines(self, section: str) -> list[str]:
        names = list(dict.fromkeys(k.split("|")[1] for k in self.done if k.startswith(f"{section}|")))
        lines = head(section, "seeds", "AUC", "TPR@1%", "TPR@0.1%", "explained", "conclusive")
        for name in names:
            found = self.of(section, name)
            lines.append(
                row(
                    name,
                    len(found),
                    *(interval(found[:, k]) for k in (0, 2, 3)),
                    "–"
                    if np.isnan(found[:, 5]).all()
                    else f"{found[:, 5].min():.0%} to {found[:, 5].max():.0%}",
                    share(found[:, 4]),
                )
            )
        return lines


def interval(values: np.ndarray) -> str:
    """Mean ± half of a 95 % t interval over seeds."""
    n = len(values)
    half = float(student_t.ppf(0.975, n - 1)) * values.std(ddof=1) / math.sqrt(n) if n > 1 else math.nan
    return f"{values.mean():.3f} ± {half:.3f}" if n > 1 else f"{values.mean():.3f}"


def share(values: np.ndarray) -> str:
    return f"{int(values.sum())} of {len(values)}"


def fit(learner: TorchLearner, records: Records, seed: int) -> Any:
    """The same seed gives the same start and the same batches whatever the number of epochs."""
    return learner.fit(records, rng=np.random.default_rng([9, seed]))


def attack(view: Any, people: Records, strangers: Records | None, how: Any = None, **known: Any) -> Any:
    case = Case(view, Background(population=strangers, classes=30, **known), people)
    return (how or Decoder())(case, rng=np.random.default_rng(1))


IN = np.arange(2 * MEMBERS) < MEMBERS


def softmax_regression(table: Table) -> None:
    for seed in SEEDS:
        people, strangers = table.people(seed)
        if table.has("softmax regression", ["loss", "decoder"], seed):
            continue
        inside = people.take(IN)
        view = sklearn_view(LogisticRegression(C=1.0, tol=1e-6, max_iter=5000).fit(inside.x, inside.y))
        for name, how in (("loss", Loss()), ("decoder", Decoder())):
            table.add(
                "softmax regression",
                name,
                seed,
                partial(attack, view, people, strangers, how),
                IN,
            )


def mlp(table: Table) -> None:
    names = [
        "loss",
        "decoder",
        "decoder, no population",
        "decoder, start known",
        "decoder, epoch 100 known",
    ]
    for seed in SEEDS:
        if table.has("network", names, seed):
            continue
        people, strangers = table.people(seed)
        view, start, middle = (
            fit(recipe_, people.take(IN), seed) for recipe_ in (DECAY, START, replace(DECAY, epochs=100))
        )
        for name, shown, known, how in (
            ("loss", view, strangers, Loss()),
            ("decoder", view, strangers, None),
            ("decoder, no population", view, None, None),
            ("decoder, start known", replace(view, snapshots=(start,)), strangers, None),
            ("decoder, epoch 100 known", replace(view, snapshots=(middle,)), strangers, None),
        ):
            table.add("network", name, seed, partial(attack, shown, people, known, how), IN)


def steps(table: Table) -> None:
    """What each part of the decoder adds, on the same models."""
    parts = {
        "coefficients c, equal layers": ({"layer_weights": "equal", "temperature": 1.0}, True),
        "likelihood ratio, equal layers": ({"layer_weights": "equal", "temperature": 1.0}, False),
        "... and layers by their noise": ({"temperature": 1.0}, False),
        "... and the temperature": ({}, False),
    }
    for name, learner in (("decay", DECAY), ("no decay", RECIPES["SGD, no decay"])):
        for seed in range(3):
            rows = [f"{name}: {part}" for part in parts]
            if table.has("steps", rows, seed):
                continue
            people, strangers = table.people(seed)
            view = fit(learner, people.take(IN), seed)
            for part, (settings, plain) in parts.items():
                how = Decoder(**settings)
                run = (partial(coefficients, view, people, strangers, how)) if plain else (
                    partial(attack, view, people, strangers, how)
                )  # fmt: skip
                table.add("steps", f"{name}: {part}", seed, run, IN)


def coefficients(view: Any, people: Records, strangers: Records, how: Decoder) -> Any:
    """c itself as the score, under the ridge that flags most candidates above the known non-members."""
    from confide.attacks.membership.white_box.decoder._known_nonmembers import flagged
    from confide.attacks.membership.white_box.decoder.attack import GRID
    from confide.core.nouns import Guess

    known = known_nonmembers(
        Case(view, Background(population=strangers), people), rng=np.random.default_rng(1)
    )
    system: System = system_of(sums(view, "weights", None, how.name)["weights"], people, known)
    spectrum = system.spectrum(np.ones(len(system.grams)))
    ridge = max(GRID, key=lambda r: flagged(spectrum.coefficients(r), spectrum.added(r)[0]))
    return Guess(None, spectrum.coefficients(ridge))


def references(table: Table) -> None:
    """LiRA and the calibrated decoder on the same targets: with weight decay, and without."""
    jobs = [("decay", DECAY, seed) for seed in range(3)]
    jobs += [("Adam, no decay", RECIPES["Adam, no decay"], 0)]
    attacks = {
        "LiRA, 16": (LiRA(), 16),
        "Student t, 16": (StudentT(), 16),
        "decoder": (Decoder(), 0),
        "decoder and 4": (CalibratedDecoder(), 4),
    }
    for recipe_, learner, seed in jobs:
        if table.has("reference models", [f"{recipe_}: {name}" for name in attacks], seed):
            continue
        people, strangers = table.people(seed)
        view = fit(learner, people.take(IN), seed)
        halving, training = np.random.default_rng([3, seed]).spawn(2)
        included = include_halves(len(people), 16, rng=halving)
        models = learner.fit_group(people, [np.flatnonzero(i) for i in included], rngs=training.spawn(16))
        for name, (how, count) in attacks.items():
            known = References(Answers(models[:count], people), None, included[:count], tuple(range(count)))
            run = partial(attack, view, people, strangers, how, references=known if count else None)
            table.add("reference models", f"{recipe_}: {name}", seed, run, IN)


def coverage(table: Table) -> None:
    for seed in range(3):
        shares = (0.9, 0.75, 0.5, 0.1, 0.0)
        if table.has("candidate list holds", [f"{s:.0%} of the members" for s in shares if s], seed):
            continue
        people, strangers = table.people(seed)
        view = fit(DECAY, people.take(IN), seed)
        for part in shares:
            kept = ~IN | (np.arange(len(IN)) < part * MEMBERS)
            run = partial(attack, view, people.take(kept), strangers)
            # With no member on the list every other candidate is called one: the rates are those of chance.
            member = IN[kept] if part else np.arange(int(kept.sum())) % 2 == 0
            name = f"{part:.0%} of the members" if part else "none of them (rates at chance)"
            table.add("candidate list holds", name, seed, run, member)


def five_epochs(table: Table) -> None:
    learner = RECIPES["SGD, no decay, 5 epochs"]
    for seed in SEEDS:
        names = ["loss", "decoder on the weights", "decoder, start known"]
        if table.has("five epochs, no decay", names, seed):
            continue
        people, strangers = table.people(seed)
        view, start = fit(learner, people.take(IN), seed), fit(START, people.take(IN), seed)
        for name, shown, how in (
            ("loss", view, Loss()),
            ("decoder on the weights", view, None),
            ("decoder, start known", replace(view, snapshots=(start,)), None),
        ):
            run = partial(attack, shown, people, strangers, how)
            table.add("five epochs, no decay", name, seed, run, IN)


def recipes(table: Table) -> None:
    for seed in range(3):
        for name, learner in RECIPES.items():
            if not table.has("other recipes", [f"{name}: loss", name], seed):
                people, strangers = table.people(seed)
                view = fit(learner, people.take(IN), seed)
                loss = partial(attack, view, people, None, Loss())
                table.add("other recipes", f"{name}: loss", seed, loss, IN)
                table.add("other recipes", name, seed, partial(attack, view, people, strangers), IN)
                if "BatchNorm" in name:
                    last = partial(attack, view, people, strangers, Decoder(layers=("3",)))
                    table.add("other recipes", f"{name}, last layer only", seed, last, IN)


def rounded(tensor: torch.Tensor, how: str, generator: torch.Generator) -> torch.Tensor:
    if how in ("float16", "bfloat16"):
        return tensor.to(getattr(torch, how)).float()
    if how == "int8":
        step = tensor.abs().max() / 127
        return (tensor / step).round() * step
    noise = float(how.split()[1].rstrip("%")) / 100
    return tensor + noise * tensor.abs().mean() * torch.randn(tensor.shape, generator=generator)


def published(table: Table) -> None:
    for seed in range(3):
        ways = ["float16", "bfloat16", "int8", "noise 1%", "noise 10%", "noise 100%"]
        if table.has("published as", ways, seed):
            continue
        people, strangers = table.people(seed)
        view = fit(DECAY, people.take(IN), seed)
        for how in ways:
            module, generator = network(), torch.Generator().manual_seed(seed)
            state = {k: rounded(v, how, generator) for k, v in view.module.state_dict().items()}
            module.load_state_dict(state)
            run = partial(attack, replace(view, module=module), people, strangers)
            table.add("published as", how, seed, run, IN)


def sketched(table: Table) -> None:
    for seed in range(3):
        if table.has(
            "more candidates than the Gram matrix may hold", ["sketch of 8192", "sketch of 4096"], seed
        ):
            continue
        people, strangers = table.people(seed)
        view = fit(DECAY, people.take(IN), seed)
        for width in (4096, 8192):
            how = Decoder(most=2 * MEMBERS - 1, sketch=width)
            run = partial(attack, view, people, strangers, how)
            table.add("more candidates than the Gram matrix may hold", f"sketch of {width}", seed, run, IN)


def cnn(table: Table) -> None:
    """20 classes of CIFAR-100, 2,000 members, 2,000 others, 600 known non-members."""
    records = cifar100.load()
    records = records.take(np.flatnonzero(records.y < 20))
    member = np.arange(4000) < 2000
    for seed in range(3):
        if table.has("CNN on CIFAR-100", ["loss", "decoder"], seed):
            continue
        order = np.random.default_rng([6, seed]).permutation(len(records))[:4600]
        x = (records.x[order] - 0.5) / 0.25
        everybody = Records(x, records.y[order])
        people, strangers = everybody.take(np.arange(4000)), everybody.take(np.arange(4000, 4600))
        learner = recipe(sgd(0.02, 5e-4), 60, factory=convolutional)
        view = fit(learner, people.take(member), seed)
        right = view.labels(people.x) == people.y
        print(f"CNN: train {right[member].mean():.3f}, test {right[~member].mean():.3f}", flush=True)
        for name, how in (("loss", Loss()), ("decoder", None)):
            run = partial(attack, view, people, strangers, how)
            table.add("CNN on CIFAR-100", name, seed, run, member)


SECTIONS = {
    "regression": softmax_regression,
    "mlp": mlp,
    "five": five_epochs,
    "coverage": coverage,
    "steps": steps,
    "cnn": cnn,
    "recipes": recipes,
    "published": published,
    "references": references,
    "sketched": sketched,
}


def checks(table: Table) -> list[tuple[str, bool]]:
    """What was to be reached, in the median seed."""
    wanted = [
        ("softmax regression", "decoder", 0, 0.99), ("softmax regression", "decoder", 3, 0.95),
        ("network", "decoder", 2, 0.85), ("network", "decoder", 3, 0.70),
        ("candidate list holds", "90% of the members", 2, 0.80),
        ("five epochs, no decay", "decoder, start known", 0, 0.95),
        ("CNN on CIFAR-100", "decoder", 2, 0.45),
    ]  # fmt: skip
    labels = ("AUC", "TPR@10%", "TPR@1%", "TPR@0.1%")
    found: list[tuple[str, bool]] = []
    for section, name, column, bar in wanted:
        values = table.of(section, name)
        if len(values):
            value = float(np.median(values[:, column]))
            found.append((f"{section}, {name}: {labels[column]} >= {bar}: {value:.3f}", value >= bar))
    loss = table.of("five epochs, no decay", "loss")
    if len(loss):
        value = float(np.median(loss[:, 0]))
        found.append((f"five epochs, no decay, loss: AUC <= 0.65: {value:.3f}", value <= 0.65))
    return found


def main() -> int:
    """Print the page; exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--only", nargs="*", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    table = Table(options.cache)
    for name in options.only:
        SECTIONS[name](table)
    reached = checks(table)
    sections = list(dict.fromkeys(key.split("|")[0] for key in table.done))
    page = [
        "# The gradient decoder", "", "`CONFIDE_DATA=... python benchmarks/decoder.py --write`", "",
        *(__doc__ or "").split("\n\n")[2].splitlines(), "",
        "Mean over seeds ± half of a 95 % t interval; thresholds from each model's own non-members.",
        f"{machine()}.", "", *bars(reached),
    ]  # fmt: skip
    for section in sections:
        page += ["", *table.lines(section)]
    publish(page, "decoder", write=options.write)
    return 0 if all(ok for _, ok in reached) else 1


if __name__ == "__main__":
    raise SystemExit(main())
