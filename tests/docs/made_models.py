"""Models and records that two pages of the documentation take for granted, made small and offline."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

STEPS = """
from sklearn.base import BaseEstimator, TransformerMixin


class Halve(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return X / 2
"""
TOKENS, LENGTH = 40, 8


def write_own_step() -> None:
    """own.skops: a pipeline with a step of the reader's own."""
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    Path("mypkg/steps.py").write_text(STEPS)
    importlib.invalidate_caches()
    halve: Any = importlib.import_module("mypkg.steps").Halve
    table = pl.read_parquet("train.parquet")
    numbers, labels = table.drop("income").to_numpy(), table["income"].to_list()
    skops.io.dump(make_pipeline(halve(), LogisticRegression()).fit(numbers, labels), "own.skops")


def write_photos(module: str) -> None:
    """photos/: pictures of two classes; photos.safetensors: the page's own network, trained on them.

    Args:
        module: the text of photos.py.
    """
    import torch
    from safetensors.torch import save_model

    own: dict[str, Any] = {}
    exec(compile(module, "photos.py", "exec"), own)
    rng = np.random.default_rng(0)
    for side in ("train", "holdout"):
        for number in range(96):
            place = Path("photos", side, ("cat", "dog")[number % 2])
            place.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 120, (16, 16, 3)) + 100 * (number % 2)
            Image.fromarray(pixels.astype(np.uint8)).save(place / f"{number}.png")
    files = sorted(Path("photos/train").rglob("*.png"))
    x = torch.stack([own["transform"](Image.open(file)) for file in files])
    y = torch.tensor([file.parent.name == "dog" for file in files]).long()
    net = own["Net"]()
    _fit(net, lambda: torch.nn.functional.cross_entropy(net(x), y))
    save_model(net, "photos.safetensors")


def write_classifier() -> None:
    """my-classifier/: a tiny BERT, trained a little; ids-train.npz and ids-holdout.npz."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    rng = np.random.default_rng(0)
    for side in ("holdout", "train"):
        y = rng.integers(0, 2, 96)
        X = rng.integers(4, TOKENS, (96, LENGTH))
        X[:, 0], X[:, 6:] = 1 + y, 0  # the label, and padding
        np.savez(f"ids-{side}.npz", X=X, y=y)
    torch.manual_seed(0)
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=TOKENS,
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            max_position_embeddings=LENGTH,
            num_labels=2,
        )
    )
    ids, labels = torch.tensor(X), torch.tensor(y)  # pyright: ignore[reportPossiblyUnboundVariable]
    _fit(model, lambda: model(input_ids=ids, attention_mask=ids.ne(0).long(), labels=labels).loss)
    model.save_pretrained("my-classifier")


def _fit(net: Any, loss: Any) -> None:
    import torch

    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(40):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
