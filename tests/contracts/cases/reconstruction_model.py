"""Cases: attacks that rebuild a training record from a model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from scipy.fft import idctn
from tests.contracts.case import (
    AttackCase,
    ByHits,
    ByScore,
    Lacks,
    Sitting,
    of_permuted_rows,
    permuted_exposure,
    rng,
)

from confide.attacks.reconstruction.model import (
    InformedRebuild,
    KktReconstruction,
    PictureInversion,
    ReconstructorNetwork,
)
from confide.core.access import WhiteBox
from confide.core.budget import ANY_NUMBER, Budget, Unit
from confide.core.nouns import Release
from confide.games.reconstruction.candidates import CandidateRebuilding
from confide.games.reconstruction.classes import ClassInversion
from confide.games.reconstruction.models import RecordRebuilding
from confide.games.reconstruction.networks import NetworkRebuilding
from confide.knowledge.pictures import PictureKnowledge
from confide.knowledge.rebuilding import KnownRange
from confide.knowledge.shadows import ShadowKnowledge
from confide.learners.newton import NewtonRegression
from confide.measure.recognising import NearestPicture
from confide.mechanisms.anchors.models import Nothing
from confide.mechanisms.learn.fit import Fit
from confide.models.linear import LinearModel
from confide.views.records import Records

CLASSES, PENALTY = 3, 1.0


class Fixed:
    """A linear model that depends on nobody."""

    budget = Budget(0.0)

    def __call__(self, data: Records, *, rng: np.random.Generator) -> Release[WhiteBox]:
        return Release(LinearModel(np.random.default_rng(4).normal(size=(CLASSES, 7))), self.budget, "Fixed")


class NoIntercept:
    """A linear model without intercepts."""

    budget = None

    def __call__(self, data: Records, *, rng: np.random.Generator) -> Release[Any]:
        from torch import nn

        from confide.models.torch.model import TorchModel

        return Release(TorchModel(nn.Linear(6, CLASSES, bias=False)), None, "NoIntercept")


@cache
def people(n: int = 200) -> Records:
    x = rng(1).standard_normal((n, 6))
    return Records(x, (x[:, :CLASSES] + rng(2).standard_normal((n, CLASSES))).argmax(axis=1))


def game(mechanism: Any = None, *, n: int = 200) -> RecordRebuilding:
    return RecordRebuilding(
        mechanism=mechanism or Fit(NewtonRegression(classes=CLASSES, penalty=PENALTY)),
        records=people(n),
        penalty=PENALTY,
    )


PICTURED, SIDE = 12, 8
"""People, and the height and width of their pictures."""


@cache
def pictures(seed: int) -> Records:
    """Five smooth pictures of each person with noise of their own, in the range 0 to 1."""
    waves = rng(3).standard_normal((PICTURED, 4, 4))
    faces = idctn(np.pad(waves, ((0, 0), (0, 4), (0, 4))), axes=(1, 2), norm="ortho")
    person = np.repeat(np.arange(PICTURED), 5)
    noise = 0.3 * rng(seed).standard_normal((len(person), SIDE, SIDE))
    return Records(np.clip(0.5 + 0.3 * (faces[person] + noise), 0, 1), person)


def gallery(mechanism: Any) -> ClassInversion:
    seen, others = pictures(1), pictures(2)
    return ClassInversion(
        mechanism=mechanism,
        records=seen,
        known=PictureKnowledge(np.asarray(others.x)),
        evaluators=(NearestPicture(np.asarray(others.x), others.y),),
    )


class FixedFaces(Fixed):
    """A linear model of pictures that depends on nobody."""

    budget = Budget(0.0, unit=Unit.person("person", at_most=ANY_NUMBER))

    def __call__(self, data: Records, *, rng: np.random.Generator) -> Release[WhiteBox]:
        weights = np.random.default_rng(4).normal(size=(PICTURED, SIDE**2 + 1))
        return Release(LinearModel(weights), self.budget, "FixedFaces")


class Closed:
    """A model that shows no gradient in its input."""

    budget = None

    def __call__(self, data: Records, *, rng: np.random.Generator) -> Release[WhiteBox]:
        return Release(Nothing(classes=PICTURED)(data, rng=rng).view, None, "Closed")


FACES = Fit(NewtonRegression(classes=PICTURED, penalty=1.0, mean_gradient=1e-4))


@dataclass(frozen=True)
class Untrained:
    """A recipe whose models depend on nobody."""

    task: Any = "classification"
    group: int = 8

    def fit_group(self, records: Records, subsets: Any, *, rngs: Any) -> list[Any]:
        # Noise of each model's own, so that weights differ as they do after training.
        draws = [
            np.random.default_rng([i, len(subsets)]).normal(size=(CLASSES, 7)) for i in range(len(subsets))
        ]
        return [LinearModel(draw) for draw in draws]


def linear() -> Any:
    from torch import nn

    return nn.Linear(6, CLASSES)


def descent(parameters: Any) -> Any:
    from torch.optim import SGD

    return SGD(parameters, lr=0.5)


def networks(learner: Any = None, *, n: int = 60, public: int = 240) -> NetworkRebuilding:
    from confide.learners.torch.learner import TorchLearner

    everybody = people(400)
    everybody = Records(np.asarray(everybody.x, np.float32), everybody.y)
    trained = TorchLearner(factory=linear, epochs=3, batch_size=1_000, optimiser=descent, together=64)
    known = ShadowKnowledge(
        base=everybody.take(np.arange(20)),
        public=everybody.take(np.arange(20, 20 + public)),
        learner=learner or trained,
    )
    return NetworkRebuilding(known=known, records=everybody.take(np.arange(300, 300 + n)))


def network(hidden: int, last: bool) -> Any:
    """A module of one hidden layer whose weights depend on nobody."""
    import torch
    from torch import nn

    with torch.random.fork_rng():
        torch.manual_seed(4)
        return nn.Sequential(nn.Linear(20, hidden), nn.ReLU(), nn.Linear(hidden, 1, bias=last))


@dataclass(frozen=True)
class FixedNetwork(Fixed):
    """A network with weights at random, with an output bias or without one."""

    last: bool = False

    def __call__(self, data: Records, *, rng: np.random.Generator) -> Release[Any]:
        from confide.models.torch.model import TorchModel

        return Release(TorchModel(network(100, self.last)), self.budget, "FixedNetwork")


def margin(hidden: int = 100, steps: int = 2_000) -> Any:
    from confide.learners.torch.margin import MarginDescent

    return Fit(MarginDescent(hidden=hidden, steps=steps))


def weights_alone(mechanism: Any = None) -> CandidateRebuilding:
    return CandidateRebuilding(
        mechanism=mechanism or margin(),
        records=Records(rng(1).standard_normal((24, 20)), rng(2).integers(0, 2, 24)),
        known=KnownRange(low=-5.0, high=5.0),
    )


EARLY = Fit(NewtonRegression(classes=CLASSES, penalty=PENALTY, mean_gradient=3e-4))


CASES = (
    AttackCase(
        attack=InformedRebuild(),
        silent=Sitting(partial(game, Fixed()), 3),
        naked=Sitting(game, 2),
        reaches=0.999,
        leaky=Sitting(partial(game, EARLY), 3),
        null=permuted_exposure,
        small=Sitting(partial(game, n=60), 2),
        judge=ByScore(),
        lacks=(
            Lacks(partial(game, Nothing(classes=CLASSES), n=60), "not linear"),
            Lacks(partial(game, NoIntercept(), n=60), "needs a model with intercepts"),
        ),
    ),
    AttackCase(
        attack=ReconstructorNetwork(hidden=100, epochs=160, noise=0.01),
        silent=Sitting(partial(networks, Untrained()), 2),
        naked=Sitting(networks, 2),
        reaches=0.9,
        null=permuted_exposure,
        small=Sitting(partial(networks, n=20, public=40), 1),
        judge=ByScore(),
        lacks=(Lacks(partial(networks, n=10, public=10), "give 20 or more"),),
        label="small",
    ),
    AttackCase(
        attack=PictureInversion(),
        silent=Sitting(partial(gallery, FixedFaces()), 4),
        naked=Sitting(partial(gallery, FACES), 2),
        reaches=0.9,
        null=of_permuted_rows(partial(gallery, FACES), 2),
        small=Sitting(partial(gallery, FACES), 1),
        judge=ByHits(among=PICTURED, once_in=1e4),
        lacks=(Lacks(partial(gallery, Closed()), "climbs the gradient"),),
    ),
    AttackCase(
        attack=KktReconstruction(candidates=40, steps=300),
        silent=Sitting(partial(weights_alone, FixedNetwork()), 3),
        naked=Sitting(weights_alone, 3),
        reaches=0.75,
        null=permuted_exposure,
        small=Sitting(weights_alone, 1),
        judge=ByScore(),
        lacks=(Lacks(partial(weights_alone, FixedNetwork(last=True)), "and this is another model"),),
        label="small",
    ),
)
