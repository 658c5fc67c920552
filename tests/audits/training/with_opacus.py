"""A trainer by opacus, in its two modes, that shows its steps to a tap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from confide.learners.tap import TrainingPlan
from confide.views.records import Records


@dataclass(frozen=True)
class Opacus:
    """DP-SGD by opacus on an MLP.

    Args:
        multiplier: of the noise.
        ghost: by ghost norms, which never hold one record's gradient; else by hooks.
        rate, steps, clip, hidden: as usual.
    """

    multiplier: float
    ghost: bool = False
    rate: float = 0.2
    steps: int = 40
    clip: float = 1.0
    hidden: int = 24

    def __call__(self, data: Records, tap: Any, *, rng: np.random.Generator) -> Any:
        import torch
        from opacus.grad_sample import GradSampleModule, GradSampleModuleFastGradientClipping
        from opacus.optimizers import DPOptimizer, DPOptimizerFastGradientClipping
        from opacus.utils.fast_gradient_clipping_utils import DPLossFastGradientClipping

        torch.manual_seed(int(rng.integers(2**31)))
        n, batch = len(data), self.rate * len(data)
        x, y = torch.as_tensor(data.x, dtype=torch.float32), torch.as_tensor(data.y)
        net = torch.nn.Sequential(
            torch.nn.Linear(x.shape[1], self.hidden), torch.nn.Tanh(), torch.nn.Linear(self.hidden, 10)
        )
        made = {"noise_multiplier": self.multiplier, "max_grad_norm": self.clip, "expected_batch_size": batch}
        plain = torch.optim.SGD(net.parameters(), lr=0.5)
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        if self.ghost:
            model: Any = GradSampleModuleFastGradientClipping(
                net, max_grad_norm=self.clip, use_ghost_clipping=True, loss_reduction="sum"
            )
            optimizer: Any = DPOptimizerFastGradientClipping(
                plain, loss_reduction="sum", generator=generator, **made
            )
        else:
            model = GradSampleModule(net, loss_reduction="sum")
            optimizer = DPOptimizer(plain, loss_reduction="sum", generator=generator, **made)
        each = torch.nn.CrossEntropyLoss(reduction="sum")
        criterion: Any = (
            DPLossFastGradientClipping(model, optimizer, each, loss_reduction="sum") if self.ghost else each
        )
        tap.plan(
            TrainingPlan(
                rate=self.rate, multiplier=self.multiplier, clip=self.clip, steps=self.steps, batch=batch
            ),
            net,
        )
        weights = [p for p in model.parameters() if p.requires_grad]
        for _ in range(self.steps):
            rows = np.flatnonzero(rng.random(n) < self.rate)
            optimizer.zero_grad(set_to_none=True)
            if self.ghost:
                self._by_ghost(
                    net, weights, criterion(model(x[rows]), y[rows]), (x[rows], y[rows]), rows, tap
                )
                optimizer.accumulate()
            else:
                criterion(model(x[rows]), y[rows]).backward()
                flat = torch.cat([p.grad_sample.reshape(len(rows), -1) for p in weights], dim=1)
                for p, part in zip(weights, self._parts(tap.gradients(rows, flat), weights), strict=True):
                    p.grad_sample = part
                optimizer.clip_and_accumulate()
            clipped = torch.cat([p.summed_grad.reshape(-1) for p in weights]).clone()
            optimizer.add_noise()
            noised = torch.cat([p.grad.reshape(-1) for p in weights]).clone()
            # The sum of losses is not scaled by opacus: we divide by the expected batch.
            for p in weights:
                p.grad /= batch
            tap.noised(clipped, noised, torch.cat([p.grad.reshape(-1) for p in weights]))
            plain.step()
            for p in weights:
                p.summed_grad = None
        return net

    def _by_ghost(self, net: Any, weights: Any, loss: Any, batch: Any, rows: Any, tap: Any) -> None:
        """Two passes by opacus; the tap gets gradients by vmap, and only looks at them."""
        from torch.func import functional_call, grad, vmap
        from torch.nn.functional import cross_entropy

        names = dict(net.named_parameters())
        plain = {name: p.detach() for name, p in names.items()}

        def one(values: Any, a: Any, b: Any) -> Any:
            return cross_entropy(functional_call(net, values, (a[None],)), b[None])

        import torch

        with _unhooked(net):
            each = vmap(grad(one), in_dims=(None, 0, 0))(plain, *batch)
        tap.gradients(rows, torch.cat([each[name].reshape(len(rows), -1) for name in names], dim=1))
        loss.backward()

    @staticmethod
    def _parts(flat: Any, weights: Any) -> list[Any]:
        ends = np.cumsum([p.numel() for p in weights])[:-1].tolist()
        return [
            part.reshape(-1, *p.shape)
            for part, p in zip(flat.tensor_split(ends, dim=1), weights, strict=True)
        ]


class _unhooked:  # noqa: N801
    """Takes the hooks of a wrapped module off while it is called by vmap."""

    def __init__(self, net: Any) -> None:
        self.net = net

    def __enter__(self) -> None:
        self.kept = [(m, m._forward_hooks, m._backward_hooks) for m in self.net.modules()]
        for m, _, _ in self.kept:
            m._forward_hooks, m._backward_hooks = type(m._forward_hooks)(), type(m._backward_hooks)()

    def __exit__(self, *_: object) -> None:
        for m, forward, backward in self.kept:
            m._forward_hooks, m._backward_hooks = forward, backward
