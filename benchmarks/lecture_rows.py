"""The rows of the white-box table: data, network and recipe of each, for a laptop and for an accelerator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import networks
import numpy as np
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR

from confide.core.access import BlackBox
from confide.data import cifar100, deezer600, diabetes130, location30
from confide.learners.estimator import SklearnLearner
from confide.learners.torch.learner import TorchLearner
from confide.learners.torch.training import Precision
from confide.models.sklearn.inside import sklearn_view
from confide.models.sklearn.model import SklearnModel
from confide.views.records import Records


@dataclass(frozen=True, kw_only=True)
class Lecture:
    """A row of the lecture, in percent."""

    name: str
    train: float
    test: float
    black_box: float
    outputs: float
    gradients: float

    @property
    def cells(self) -> list[str]:
        known = (
            self.train,
            self.test,
            self.train - self.test,
            self.black_box,
            None,
            self.outputs,
            self.gradients,
        )
        return [f"{v / 100:.3f}" if v is not None else "–" for v in (*known, None)]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One target model, and the data behind it.

    Args:
        name: for `--row`.
        data: what the records are, in words.
        load: the records.
        members: how many train the model; as many others are the non-members, or as many as there are.
        network: the model, in words; `build` makes it, or is None for the logistic regression.
        lecture: the row beside which it stands, and how far it can be compared.
    """

    name: str
    data: str
    load: Callable[[], Records]
    members: int
    network: str
    build: Callable[[], nn.Module] | None
    epochs: int = 0
    batch: int = 64
    rate: float = 0.05
    decay: float = 5e-4
    device: str = "cpu"
    precision: Precision = "float32"
    lecture: Lecture | None = None
    compare: str = ""

    @property
    def connected(self) -> bool:
        return self.network.startswith("FC")

    @property
    def recipe(self) -> str:
        if self.build is None:
            return "multinomial logistic regression, C = 1, L-BFGS, tol 1e-6"
        return (
            f"{self.network}, SGD, momentum 0.9, rate {self.rate}, cosine, weight decay {self.decay:g}, "
            f"{self.epochs} epochs, batches of {self.batch}{', in bfloat16' * (self.precision == 'bfloat16')}"
        )

    def learner(self, classes: int) -> Any:
        if self.build is None:
            return SklearnLearner(
                estimator=LogisticRegression(C=1.0, tol=1e-6, max_iter=2_000), classes=classes
            )
        return TorchLearner(
            factory=self.build,
            epochs=self.epochs,
            batch_size=self.batch,
            optimiser=partial(_sgd, rate=self.rate, decay=self.decay),
            schedule=partial(CosineAnnealingLR, T_max=self.epochs),
            device=self.device,
            precision=self.precision,
        )

    def inside(self, model: BlackBox) -> BlackBox:
        """The model as its parameters show it."""
        return sklearn_view(model.estimator) if isinstance(model, SklearnModel) else model


FEWEST = 60


def _sgd(parameters: Any, *, rate: float, decay: float) -> SGD:
    return SGD(parameters, lr=rate, momentum=0.9, weight_decay=decay)


def pictures(classes: int) -> Records:
    """The photographs of the first `classes` kinds, each channel in its own standard deviations."""
    records = cifar100.load()
    x = np.asarray(records.x)[records.y < classes]
    mean, sd = (f(x, axis=(0, 2, 3), keepdims=True) for f in (np.mean, np.std))
    return Records(((x - mean) / sd).astype(np.float32), records.y[records.y < classes])


def frequent() -> Records:
    """Deezer600 without the small clusters, which a regression on few members might never meet."""
    records = deezer600.load()
    often = np.bincount(records.y) >= FEWEST
    kept = often[records.y]
    return Records(np.asarray(records.x)[kept], (np.cumsum(often) - 1)[records.y[kept]])


ALEX = Lecture(name="CIFAR100, Alexnet", train=99, test=44, black_box=74.2, outputs=74.6, gradients=75.1)
RES = Lecture(name="CIFAR100, ResNet", train=89, test=73, black_box=62.2, outputs=62.2, gradients=64.3)
DENSE = Lecture(name="CIFAR100, DenseNet", train=100, test=82, black_box=67.7, outputs=67.7, gradients=74.3)
TEXAS = Lecture(name="Texas100, FC", train=81.6, test=52, black_box=63.0, outputs=63.3, gradients=68.3)
BOUGHT = Lecture(name="Purchase100, FC", train=100, test=80, black_box=67.6, outputs=67.6, gradients=73.4)


def laptop() -> list[Row]:
    """Two cores, under an hour: few records and classes, small variants, until they overfit."""
    few = {"data": "CIFAR-100, 20 classes", "load": partial(pictures, 20), "members": 1_800}
    smaller = "a subset and a small variant: other figures are to be expected"
    alex, res = partial(networks.alexnet, 20, width=16), partial(networks.resnet, 20, depth=8)
    dense = partial(networks.densenet, 20, depth=22, growth=8)
    cnn = {"epochs": 40, "compare": smaller, **few}
    return [
        Row(
            name="alexnet",
            network="AlexNet, width 16",
            build=alex,
            rate=0.02,
            lecture=ALEX,
            **cnn | {"epochs": 120},
        ),
        Row(name="resnet", network="ResNet-8", build=res, lecture=RES, **cnn),
        Row(
            name="densenet",
            network="DenseNet-BC-22, growth 8",
            build=dense,
            lecture=DENSE,
            **cnn | {"members": 900, "epochs": 100},
        ),
        *connected(members=2_500, width=512, epochs=200, device="cpu"),
        *regressions(members=2_000),
    ]


def gpu() -> list[Row]:
    """One accelerator: the published networks, and all photographs that are at hand."""
    whole = {"data": "CIFAR-100", "load": partial(pictures, 100), "members": 25_000, "device": "cuda"}
    half = "half of CIFAR-100, no augmentation"
    cnn = {"batch": 128, "rate": 0.1, "epochs": 100, "precision": "bfloat16", "compare": half, **whole}
    alex = partial(networks.alexnet, 100)
    res, dense = partial(networks.resnet, 100, depth=110), partial(networks.densenet, 100, depth=100)
    return [
        Row(name="alexnet", network="AlexNet", build=alex, lecture=ALEX, **cnn | {"rate": 0.01}),
        Row(name="resnet", network="ResNet-110", build=res, lecture=RES, **cnn),
        Row(name="densenet", network="DenseNet-BC-100, growth 12", build=dense, lecture=DENSE, **cnn),
        *connected(members=10_000, width=1024, epochs=200, device="cuda"),
        *regressions(members=2_000),
    ]


def connected(*, members: int, width: int, epochs: int, device: str) -> list[Row]:
    """The fully connected networks, 1024-512-256-128 as published or narrower."""
    sizes = "-".join(str(width // 2**i) for i in range(4))
    sets = {
        "deezer600": ("Deezer600 (Purchase-like)", deezer600, 600, 100, min(members, 5_400), BOUGHT),
        "diabetes130": ("Diabetes130 (Texas-like)", diabetes130, 1_611, 100, members, TEXAS),
        "location30": ("Location30", location30, 446, 30, min(members, 1_500), None),
    }
    return [
        Row(
            name=name,
            data=data,
            load=source.load,
            members=n,
            network=f"FC {sizes} tanh",
            build=partial(networks.fully_connected, features, classes, width=width),
            epochs=epochs,
            device=device,
            lecture=lecture,
            compare="other data" if lecture else "",
        )
        for name, (data, source, features, classes, n, lecture) in sets.items()
    ]


def regressions(*, members: int) -> list[Row]:
    common = {"members": members, "network": "multinomial logistic regression", "build": None}
    return [
        Row(name="regression-location30", data="Location30", load=location30.load, **common),
        Row(
            name="regression-deezer600",
            data=f"Deezer600, clusters of {FEWEST} or more",
            load=frequent,
            **common,
        ),
    ]
