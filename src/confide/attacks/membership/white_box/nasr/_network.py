"""Attack network of Nasr et al.: an encoder for each input, and a classifier over them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from confide.attacks.membership.white_box._known_members import KnownMembers
from confide.attacks.membership.white_box.nasr._components import Outer, Part
from confide.core.arrays import Array, Floats, Rng
from confide.learners.torch.training import one_thread

# The share of the numbers between two layers that training drops at random: known members are few.
DROPPED = 0.2
# The share of the known targets that decides when to stop.
HELD_OUT = 0.2
# Training stops after this many epochs without a gain on those held out.
PATIENCE = 10
BATCH = 64
# The scale of a gradient's direction, beside other inputs of about 1. A direction is specific to its person.
# On a larger scale the network memorises it, instead of learning what members have in common.
QUIET = 0.1


class Sizes(Protocol):
    """Size of the network and length of its training: see `Nasr`."""

    @property
    def kernels(self) -> int: ...
    @property
    def encoder(self) -> tuple[int, ...]: ...
    @property
    def classifier(self) -> tuple[int, ...]: ...
    @property
    def epochs(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...


def learnt(
    tables: Sequence[Array], parts: Sequence[Part], lesson: KnownMembers, sizes: Sizes, *, rng: Rng
) -> Floats:
    """Train one network on the known members; its log-odds for all other targets, float64[t'].

    Args:
        tables: what is seen, each [n, f]; the first also reaches the classifier unchanged.
        parts: the gradients of some layers.
        lesson: the known members.
        sizes: of the network.
        rng: its first weights, batches, dropout, and who is held out.
    """
    seed, splitting = rng.spawn(2)
    coins = torch.Generator().manual_seed(int(seed.integers(2**63)))
    seen = [torch.from_numpy(np.asarray(table, np.float32)) for table in tables]
    pairs = [_tensors(part) for part in parts]
    train, held_out = _split(lesson, rng=splitting)
    with one_thread():
        network = AttackNetwork(seen, pairs, sizes, coins)
        member = torch.zeros(len(seen[0])).index_fill(0, torch.from_numpy(lesson.rows[lesson.member]), 1.0)
        _train(
            network, (seen, pairs), member, torch.from_numpy(train), torch.from_numpy(held_out), sizes, coins
        )
        with torch.inference_mode():
            others = torch.from_numpy(lesson.others).split(1024)
            found = [network(*_rows(seen, pairs, rows)) for rows in others]
    return torch.cat(found).double().numpy() if found else np.empty(0)


class AttackNetwork(nn.Module):
    """Attack network: tables [b, f] and gradients (units [b, u], inputs [b, v]) or ([b, w],) -> log-odds [b].

    All its random numbers come from `coins`; torch's global generator is left alone.
    """

    def __init__(
        self, tables: list[Tensor], parts: list[tuple[Tensor, ...]], sizes: Sizes, coins: torch.Generator
    ) -> None:
        super().__init__()
        self._coins = coins
        self.tables = nn.ModuleList(self._stack(t.shape[1], sizes.encoder) for t in tables)
        self.kernels = nn.ModuleList(
            Kernels(p[1].shape[1], sizes.kernels, coins) for p in parts if len(p) == 2
        )
        self.parts = nn.ModuleList(
            self._stack(p[0].shape[1] * (sizes.kernels if len(p) == 2 else 1), sizes.encoder) for p in parts
        )
        width = tables[0].shape[1] + (len(tables) + len(parts)) * sizes.encoder[-1]
        self.classifier = self._stack(width, sizes.classifier)
        self.last = dense(sizes.classifier[-1], 1, coins)

    def forward(self, tables: list[Tensor], parts: list[tuple[Tensor, ...]]) -> Tensor:
        seen = [tables[0], *(self._through(e, t) for e, t in zip(self.tables, tables, strict=True))]
        kernels = iter(self.kernels)
        for encoder, part in zip(self.parts, parts, strict=True):
            flat = part[0] if len(part) == 1 else next(kernels)(*part)
            seen.append(self._through(encoder, flat))
        return self.last(self._through(self.classifier, torch.cat(seen, dim=1)))[:, 0]

    def _stack(self, width: int, widths: Sequence[int]) -> nn.ModuleList:
        pairs = zip((width, *widths), widths, strict=False)
        return nn.ModuleList(dense(i, o, self._coins) for i, o in pairs)

    def _through(self, layers: nn.Module, x: Tensor) -> Tensor:
        for layer in layers.children():
            x = layer(x).relu()
            if self.training:
                # torch's own dropout takes no generator.
                kept = torch.rand(x.shape, generator=self._coins) >= DROPPED
                x = x * kept / (1 - DROPPED)
        return x


class Kernels(nn.Module):
    """Kernels over every unit's weight row: units [b, u] and inputs [b, v] -> [b, u K].

    The row of unit i is units[i] * inputs, so the kernel's answer is units[i] * (kernel . inputs). The
    convolution is done without the matrix.
    """

    def __init__(self, inputs: int, kernels: int, coins: torch.Generator) -> None:
        super().__init__()
        self.kernels = dense(inputs, kernels, coins)

    def forward(self, units: Tensor, inputs: Tensor) -> Tensor:
        along = functional.linear(inputs, self.kernels.weight)
        return (units[:, :, None] * along[:, None, :] + self.kernels.bias).relu().flatten(1)


def _train(
    network: AttackNetwork,
    seen: tuple[list[Tensor], list[tuple[Tensor, ...]]],
    member: Tensor,
    train: Tensor,
    held_out: Tensor,
    sizes: Sizes,
    coins: torch.Generator,
) -> None:
    """Train in place; the network ends as it was after its best epoch on those held out."""
    optimiser = torch.optim.Adam(network.parameters(), lr=sizes.learning_rate, fused=True)
    loss = functional.binary_cross_entropy_with_logits
    # Early stopping: the best weights so far are kept in a copy.
    best, since, kept = float("inf"), 0, [p.detach().clone() for p in network.parameters()]
    for _ in range(sizes.epochs):
        network.train()
        for batch in train[torch.randperm(len(train), generator=coins)].split(BATCH):
            optimiser.zero_grad()
            loss(network(*_rows(*seen, batch)), member[batch]).backward()
            optimiser.step()
        network.eval()
        with torch.inference_mode():
            now = float(loss(network(*_rows(*seen, held_out)), member[held_out]))
        since = 0 if now < best else since + 1
        if not since:
            best, kept = now, [p.detach().clone() for p in network.parameters()]
        if since >= PATIENCE:
            break
    network.eval()
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), kept, strict=True):
            parameter.copy_(value)


def _split(lesson: KnownMembers, *, rng: Rng) -> tuple[Array, Array]:
    """Rows to train on and rows held out, with the same share of members and non-members."""
    train: list[Array] = []
    held_out: list[Array] = []
    for rows in (lesson.rows[lesson.member], lesson.rows[~lesson.member]):
        rows = rng.permutation(rows)
        # At least one of each side, or the stopping rule would see one side only.
        cut = max(1, round(HELD_OUT * len(rows)))
        held_out.append(rows[:cut])
        train.append(rows[cut:])
    return np.concatenate(train), np.concatenate(held_out)


def _tensors(part: Part) -> tuple[Tensor, ...]:
    """A direction with numbers of about `QUIET`, whatever its length."""
    sides = (part.units, part.inputs) if isinstance(part, Outer) else (part.numbers,)
    return tuple(torch.from_numpy(side * np.float32(QUIET * np.sqrt(side.shape[1]))) for side in sides)


def _rows(
    tables: list[Tensor], parts: list[tuple[Tensor, ...]], rows: Tensor
) -> tuple[list[Tensor], list[tuple[Tensor, ...]]]:
    return [t[rows] for t in tables], [tuple(side[rows] for side in part) for part in parts]


def dense(inputs: int, outputs: int, coins: torch.Generator) -> nn.Linear:
    """A linear layer with Kaiming initialisation, from the given generator."""
    # Made on the meta device, a layer does not draw from torch's global generator.
    layer = nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")
    with torch.no_grad():
        layer.weight.normal_(0.0, (2.0 / inputs) ** 0.5, generator=coins)
        layer.bias.zero_()
    return layer
