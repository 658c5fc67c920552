"""Haim, Vardi, Yehudai, Shamir, Irani: Reconstructing Training Data from Trained Neural Networks (2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from confide.attacks.reconstruction.model._differences import directions
from confide.core.access import WhiteBox
from confide.core.arrays import Floats, Ints, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.rebuilding import KnownRange
from confide.models.hidden_layer import HiddenLayer, hidden_layer_of

UNEXPLAINED = 0.5
"""Candidates that leave more of the weights than this explain nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KktReconstruction:
    """KKT reconstruction: makes records whose gradients add up to a network's weights. Research.

    The adversary holds the weights of a homogeneous network and knows no record. Trained long enough with the
    logistic loss, such a network converges in direction to a KKT point of the margin problem: the weights are
    the sum of lambda_i y_i grad f(x_i) over the training records, with lambda_i of at least 0, and 0 for
    records beyond the margin. The adversary looks for records and multipliers that fulfil this equation, by
    descending |weights - sum of lambda_i y_i grad f(x_i)|^2 with a smooth derivative in place of the ReLU's.

    The equation has many solutions that are no training records, and from random records, as in the paper, a
    short descent finds one of those. Here it starts elsewhere (our own formulation): units that disagree on
    one record differ by a multiple of [x, 1], so that directions which differences between units share are
    first candidates. Every candidate is claimed of everybody: the adversary cannot say whose record it is.

    Research: it reads networks of one hidden layer of ReLU units, with biases there alone and one output, of
    up to some hundred training records. Where it finds nothing that says nothing about safety: the network
    may be far from a KKT point, or the descent end in another solution.

    Args:
        candidates: how many records are tried at most, each with both labels; give twice the training
            records or more.
        steps: of the descent.
        rate: its first step, in ranges of a feature.
        sharpness: of the smooth derivative.
        start: from differences between units, or from random records.
    """

    name: ClassVar[str] = "kkt"
    title: ClassVar[str] = later("Can training records be solved for from a network's weights alone?")
    paper: ClassVar[Paper] = Paper(
        authors="Niv Haim and Gal Vardi and Gilad Yehudai and Ohad Shamir and Michal Irani",
        title="Reconstructing Training Data from Trained Neural Networks",
        venue="Advances in Neural Information Processing Systems (NeurIPS)",
        year=2022,
        url="https://arxiv.org/abs/2206.07758",
    )

    candidates: int = 200
    steps: int = 1_000
    rate: float = 0.01
    sharpness: float = 20.0
    start: Literal["differences", "random"] = "differences"

    def __call__(self, case: Case[WhiteBox, KnownRange, Ints], *, rng: Rng) -> Guess:
        # Here and not above: torch takes seconds to import, and a list of attacks needs none.
        from confide.attacks.reconstruction.model._descent import descended

        net = hidden_layer_of(case.view)
        if net is None:
            raise KnowledgeError(
                keep(
                    "{attack} reads an nn.Sequential of one hidden layer of ReLU units, with biases there "
                    "alone and one output, and this is another model. That is no sign that records are safe.",
                    attack=self.name,
                )
            )
        if not net.incoming[:, -1].any():
            raise KnowledgeError(
                keep(
                    "{attack} needs a hidden layer with biases: without them a record is known up to a "
                    "factor. That is no sign that records are safe.",
                    attack=self.name,
                )
            )
        found = descended(
            net, self._first(net, case.known, rng), case.known,
            steps=self.steps, rate=self.rate, sharpness=self.sharpness,
        )  # fmt: skip
        claims = np.column_stack([found.x, found.sign > 0])
        remarks = (
            keep(
                "The candidates leave {share:.2g} of the length of the weights unexplained. Records that "
                "trained no network can leave as little.",
                share=float(found.residual),
            ),
        )
        # The same claims about everybody: a view, no copies.
        value = np.broadcast_to(claims, (len(case.targets), *claims.shape))
        conclusive = bool(len(claims)) and found.residual < UNEXPLAINED
        return Guess(value, np.zeros(len(case.targets)), Diagnostics(remarks, conclusive=conclusive))

    def _first(self, net: HiddenLayer, known: KnownRange, rng: Rng) -> Floats:
        """The first candidates, float64[m, d], within the range."""
        features, width = net.incoming.shape[1] - 1, known.high - known.low
        if self.start == "random":
            middle = np.clip(0.0, known.low, known.high)
            return middle + 0.05 * width * rng.standard_normal((self.candidates, features))
        shared = directions(net, most=self.candidates)
        x = shared[:, :-1] / shared[:, -1:]
        with np.errstate(divide="ignore"):
            # The length of a direction's end is the least certain number about it.
            room = np.where(x > 0, known.high / x, np.where(x < 0, known.low / x, np.inf))
        # Noise in a few features must not make the rest small.
        most = np.minimum(np.quantile(np.where(room > 0, room, np.inf), 0.02, axis=1), 1.0)
        return x * most[:, None]
