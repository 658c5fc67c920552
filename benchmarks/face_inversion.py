"""What two pages on pictures of a model's classes share: splits, trainings, evaluators and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from page import head, row
from scipy.ndimage import gaussian_filter
from torch import nn

from confide.attacks.reconstruction.model import PictureInversion
from confide.core.access import WhiteBox
from confide.core.arrays import Array, Floats, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.nouns import Case
from confide.data import att_faces, lfw62
from confide.knowledge.pictures import PictureKnowledge
from confide.learners.newton import NewtonRegression
from confide.measure.recognising import NearestPicture, normed
from confide.mechanisms.learn.dpsgd.dpsgd import DPSGD
from confide.mechanisms.learn.gradient_descent import GradientDescent
from confide.models.linear import LinearModel
from confide.views.records import Records

BLOCK, DELTA = 4, 1e-3
RATES, TUNED_ON = (0.1, 0.3, 1.0, 3.0), (90, 91)
"""Rates of descent to choose from on the other set, and the seeds of its splits."""
SHARPER = (0.3, 1.0, 3.0)
"""What an adversary may multiply a model's logits by before it climbs."""
ENOUGH, TRAINED_ON = 40, 32
"""Of LFW: pictures of a person at least, and how many of them train the model."""


@dataclass(frozen=True)
class Album:
    """Pictures of people: some train a model, others are the public's and the evaluators'."""

    seen: Records
    others: Records
    mean: Floats
    people: int

    @classmethod
    def of(cls, pixels: Array, person: Ints, *, each: int, seed: int) -> Album:
        """`each` pictures of everybody for training and as many others at most, less these others' mean."""
        n, high, wide = len(pixels), pixels.shape[1] // BLOCK, pixels.shape[2] // BLOCK
        cut = pixels[:, : high * BLOCK, : wide * BLOCK] / 255
        x = cut.reshape(n, high, BLOCK, wide, BLOCK).mean(axis=(2, 4))
        people, order, rank = int(person.max()) + 1, np.random.default_rng(seed).permutation(n), np.empty(n)
        for one in range(people):  # of each picture among those of its person, in random order
            own = order[person[order] == one]
            rank[own] = np.arange(len(own))
        inside, outside = rank < each, (rank >= each) & (rank < 2 * each)
        mean = x[outside].mean(axis=0)
        seen, others = (Records(x[rows] - mean, person[rows]) for rows in (inside, outside))
        return cls(seen, others, mean, people)

    @property
    def radius(self) -> float:
        """The median length of the public pictures less their mean."""
        return float(np.median(np.linalg.norm(self.others.x.reshape(len(self.others), -1), axis=1)))

    def accuracy(self, view: WhiteBox) -> float:
        """On the pictures that did not train it."""
        return float((view.labels(self.others.x) == self.others.y).mean())

    def plain(self, *, rng: Rng, permuted: bool = False) -> LinearModel:
        """A softmax regression without a promise."""
        y = rng.permutation(self.seen.y) if permuted else self.seen.y
        plain = NewtonRegression(classes=self.people, penalty=1.0, mean_gradient=1e-4)
        return plain.fit(Records(self.seen.x, y), rng=rng)

    def descent(
        self, epsilon: float, *, rng: Rng, rate: float | None = None, at_most: int | None = None
    ) -> LinearModel:
        """`GradientDescent`, hiding one picture, or a person with `at_most`; None is the shipped rate."""
        unit = Unit.record() if at_most is None else Unit.person("person", at_most=at_most)
        train = GradientDescent(
            budget=Budget(epsilon, DELTA, unit), classes=self.people, radius=self.radius, rate=rate,
            noise="rehearsal",
        )  # fmt: skip
        made: Any = train(self.seen, rng=rng, person=None if at_most is None else self.seen.y)
        return made.view

    def dpsgd(self, epsilon: float, *, rng: Rng) -> LinearModel:
        """`DPSGD` of one linear layer with shipped settings, hiding one picture."""
        x = np.asarray(self.seen.x, np.float32)
        torch.manual_seed(int(rng.integers(1 << 31)))
        layer = nn.Linear(x[0].size, self.people)
        train = DPSGD(nn.Sequential(nn.Flatten(), layer), budget=Budget(epsilon, DELTA), noise="rehearsal")
        train(Records(x, self.seen.y), rng=rng)
        weights, ones = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        return LinearModel(np.hstack([weights, ones[:, None]]).astype(np.float64))


def att(seed: int) -> Album:
    """AT&T faces: 40 people, five pictures each for training and five others."""
    held = att_faces.load()
    assert held.person is not None
    return Album.of(held.pixels, held.person, each=5, seed=seed)


def lfw(seed: int) -> Album:
    """People of LFW with 40 pictures or more: 32 each for training, and 8 to 32 others."""
    held = lfw62.load()
    assert held.person is not None
    many = np.flatnonzero(np.bincount(held.person) >= ENOUGH)
    rows = np.isin(held.person, many)
    return Album.of(held.pixels[rows], np.searchsorted(many, held.person[rows]), each=TRAINED_ON, seed=seed)


@dataclass(frozen=True)
class Network:
    """The evaluator that is a convolutional network."""

    net: nn.Module

    def __call__(self, pictures: Floats) -> Ints:
        with torch.inference_mode():
            return self.net(prepared(pictures)).argmax(1).numpy()


def prepared(pictures: Floats) -> torch.Tensor:
    return torch.from_numpy(25 * normed(pictures)).float().reshape(-1, 1, *pictures.shape[1:])


def network(pictures: Floats, person: Ints, seed: int) -> Network:
    """Two convolutions and a linear layer, trained for 100 epochs on changed copies."""
    torch.manual_seed(seed)
    rng, (h, w) = np.random.default_rng([seed, 9]), pictures.shape[1:]
    net = nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.3), nn.Linear(32 * (h // 4) * (w // 4), int(person.max()) + 1),
    )  # fmt: skip
    optimiser, names = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-2), torch.from_numpy(person)
    for _ in range(100):
        x = prepared(np.stack([changed(picture, rng) for picture in pictures]))
        for rows in torch.randperm(len(x)).split(40):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(x[rows]), names[rows]).backward()
            optimiser.step()
    return Network(net.eval())


def changed(picture: Floats, rng: Rng) -> Floats:
    made = np.roll(picture, rng.integers(-2, 3, 2), (0, 1))
    made = gaussian_filter(made, rng.uniform(0, 1.5)) if rng.random() < 0.5 else made
    made = made[:, ::-1] if rng.random() < 0.5 else made
    return made + rng.normal(0, rng.uniform(0, 0.1), made.shape)


def rate_on(albums: Sequence[Album]) -> tuple[float, str]:
    """The rate of descent at which models of these albums are most accurate at epsilon 8; all in words."""
    found = {
        rate: float(
            np.mean([a.accuracy(a.descent(8.0, rate=rate, rng=np.random.default_rng(0))) for a in albums])
        )
        for rate in RATES
    }
    said = ", ".join(f"{accuracy:.3f} at {rate:g}" for rate, accuracy in found.items())
    return max(found, key=lambda rate: found[rate]), said


def judged(
    album: Album, models: Mapping[str, LinearModel], sharper: Sequence[str], *, seed: int
) -> dict[str, list[float]]:
    """Each model's accuracy and how often its pictures are recognised by each evaluator, by name.

    Models named in `sharper` are also climbed with logits that were multiplied before.
    """
    public, person = album.others.x + album.mean, album.others.y
    judges: list[Any] = [NearestPicture(public, person), network(public, person, seed)]
    known, names = PictureKnowledge(album.others.x, low=-1.0, high=1.0), np.arange(album.people)
    real, y = album.seen.x + album.mean, album.seen.y
    found = {"real pictures": [np.nan, *(float((j(real) == y).mean()) for j in judges)]}
    for name, model in models.items():
        for times in SHARPER if name in sharper else (1.0,):
            view = LinearModel(times * model.rows, radius=model.radius)
            guess = PictureInversion()(Case(view, known, names), rng=np.random.default_rng(seed))
            assert guess.value is not None
            made = guess.value.reshape(album.people, *album.mean.shape) + album.mean
            said = name if times == 1 else f"{name}, logits times {times:g}"
            found[said] = [album.accuracy(model), *(float((j(made) == names).mean()) for j in judges)]
    return found


def of_seeds(one: Callable[[int], dict[str, list[float]]], seeds: range) -> list[dict[str, list[float]]]:
    """What `one` finds for each seed, in processes side by side."""
    with ProcessPoolExecutor(len(seeds), mp_context=get_context("spawn")) as pool:
        return list(pool.map(one, seeds))


def shown(seeds: Sequence[dict[str, list[float]]]) -> list[str]:
    """The table of all seeds."""
    table = {name: np.array([seed[name] for seed in seeds]) for name in seeds[0]}
    return [
        *head("pictures of", "accuracy of the model", "nearest neighbour", "network"),
        *(row(name, *map(_cell, numbers.T)) for name, numbers in table.items()),
    ]


def by_both(seeds: Sequence[dict[str, list[float]]], name: str) -> tuple[float, float]:
    """How often pictures of a model are recognised by the nearest neighbour and the network, in the mean."""
    nearest, judge = np.array([seed[name][1:] for seed in seeds]).mean(axis=0)
    return float(nearest), float(judge)


def _cell(numbers: Floats) -> str:
    """A mean and what it is the mean of."""
    if np.isnan(numbers).any():
        return ""
    return f"{numbers.mean():.3f} ({', '.join(f'{n:.3f}' for n in numbers)})"
