"""Training far beyond the last mistake: normalised gradient descent on a homogeneous network of one layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from confide.core.arrays import Rng
from confide.core.errors import ModelError
from confide.learners.torch.training import one_thread
from confide.models.hidden_layer import flat, signs
from confide.models.torch.model import TorchModel
from confide.views.records import Records

FIT = 5.0
"""From this margin on the logistic loss is an exponential one, and steps are normalised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginDescent:
    """Normalised gradient descent: trains one hidden layer of ReLU units on towards the largest margin.

    Full-batch gradient descent on the logistic loss, without weight decay, from small first weights. Once
    everything is learnt the gradient vanishes with the loss, and a step of fixed size would take for ever to
    get near a KKT point of the margin problem. So steps are divided by the loss, and by the margin, under
    which the weights' direction converges as it does with plain steps (Lyu, Li: Gradient Descent Maximizes
    the Margin of Homogeneous Neural Networks, 2020).

    Args:
        hidden: the units of the hidden layer, which has biases; the one output has none.
        steps: full-batch steps.
        rate: the size of a step; a smaller one follows the gradient's flow more closely.
        start: the deviation of the hidden layer's first weights.

    >>> import numpy as np
    >>> x = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> learner = MarginDescent(hidden=20, steps=300)
    >>> model = learner.fit(Records(x, np.array([0, 0, 1, 1])), rng=np.random.default_rng(0))
    >>> model.labels(x.astype(np.float32)).tolist()
    [0, 0, 1, 1]
    """

    hidden: int = 500
    steps: int = 8_000
    rate: float = 0.05
    start: float = 1e-4
    task: Literal["classification"] = "classification"

    def fit(self, records: Records, *, rng: Rng) -> TorchModel:
        """Train one network; its first weights come from `rng`.

        Raises:
            ModelError: if training leaves the numbers, or learns not every record.
        """
        x = torch.from_numpy(flat(records.x)).float()
        sign = torch.from_numpy(signs(records.y)).float()
        first = rng.normal(0, self.start, (self.hidden, x.shape[1] + 1))
        outgoing = torch.from_numpy(rng.normal(0, self.hidden**-0.5, self.hidden)).float()
        with one_thread(), torch.inference_mode():
            rows = torch.cat([x, torch.ones(len(x), 1)], dim=1)
            incoming, outgoing, least = self._trained(rows, sign, torch.from_numpy(first).float(), outgoing)
        if not least > 0:
            raise ModelError(
                f"after {self.steps:,} steps the smallest margin is {least:.2g}, so that records are on the "
                "wrong side: give more steps, more hidden units, or a smaller rate."
            )
        net = nn.Sequential(
            nn.Linear(x.shape[1], self.hidden), nn.ReLU(), nn.Linear(self.hidden, 1, bias=False)
        )
        state = {"0.weight": incoming[:, :-1], "0.bias": incoming[:, -1], "2.weight": outgoing[None]}
        net.load_state_dict({name: value.clone() for name, value in state.items()})
        return TorchModel(net)

    def _trained(
        self, rows: Tensor, sign: Tensor, incoming: Tensor, outgoing: Tensor
    ) -> tuple[Tensor, Tensor, float]:
        """The weights of both layers, and the smallest margin."""
        least = 0.0
        for _ in range(self.steps):
            before = rows @ incoming.T
            after = before.relu()
            margins = (sign * (after @ outgoing)).double()
            least = float(margins.min())
            # The derivatives of the losses; far beyond the margin only their proportions are left.
            pull = torch.softmax(-margins, 0) if least > FIT else torch.sigmoid(-margins) / len(rows)
            each = sign * pull.float()
            slope = (each[:, None] * outgoing) * (before > 0)
            size = self.rate / max(1.0, least)
            incoming, outgoing = incoming + size * (slope.T @ rows), outgoing + size * (after.T @ each)
        return incoming, outgoing, least
