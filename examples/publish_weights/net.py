"""The network that is to be published: its architecture, its training, and made-up records.

python net.py    writes data/train.npz and data/holdout.npz, trains the network, saves data/net.safetensors
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_model
from torch import nn

COLUMNS, CLASSES, PEOPLE = 30, 4, 500


def architecture() -> nn.Module:
    """A network with one hidden layer, its weights drawn at random."""
    return nn.Sequential(nn.Linear(COLUMNS, 64), nn.ReLU(), nn.Linear(64, CLASSES))


def train(X: np.ndarray, y: np.ndarray, *, rng: np.random.Generator) -> nn.Module:
    """The training as it is: Adam, 40 epochs of batches of 64. The audit trains its references with it."""
    torch.manual_seed(int(rng.integers(2**31)))
    net = architecture()
    steps = torch.optim.Adam(net.parameters(), 3e-3)
    x, labels = torch.as_tensor(X), torch.as_tensor(y)
    for _ in range(40):
        for rows in torch.randperm(len(x)).split(64):
            steps.zero_grad()
            nn.functional.cross_entropy(net(x[rows]), labels[rows]).backward()
            steps.step()
    return net


def main() -> None:
    """Make the records, train the network on half of them, and save it."""
    Path("data").mkdir(exist_ok=True)
    rng = np.random.default_rng(3)
    rule = rng.normal(size=(COLUMNS, CLASSES))
    for name in ("holdout", "train"):
        x = rng.normal(size=(PEOPLE, COLUMNS)).astype(np.float32)
        y = (x @ rule + rng.gumbel(scale=4, size=(PEOPLE, CLASSES))).argmax(1)
        np.savez(f"data/{name}.npz", X=x, y=y)
    save_model(train(x, y, rng=rng), "data/net.safetensors")


if __name__ == "__main__":
    main()
