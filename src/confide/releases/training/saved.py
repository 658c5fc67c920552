"""A trained model in a folder: weights, and a card that says how records are encoded and what is promised."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.arrays import Array, Floats
from confide.core.budget import ANY_NUMBER, Budget
from confide.core.errors import ModelError
from confide.core.version import VERSION
from confide.mechanisms.learn.public_columns import Categories, Column, Number, PublicColumns
from confide.models.linear import LinearModel

CARD, WEIGHTS = "model.json", "model.safetensors"
SCHEMA = "confide.model/1"


@dataclass(frozen=True, slots=True, eq=False)
class SavedModel:
    """A model that was trained by `confide train`; it answers frames with the columns that trained it.

    Args:
        card: what stands in model.json.
        columns: how records are encoded.
        classes_: the labels, in the order of the answers' columns.
        logits: encoded records -> float64[n, C].
        module: the PyTorch module, where it is one.
    """

    card: Mapping[str, Any]
    columns: PublicColumns
    classes_: Array
    logits: Callable[[Floats], Floats]
    module: Any = None

    def predict_proba(self, x: Any) -> Floats:
        """The probability of each class, float64[n, C]."""
        logits = self.logits(self.columns(x))
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shifted / shifted.sum(axis=1, keepdims=True)

    def predict(self, x: Any) -> Array:
        """The most likely class of each record, [n]."""
        return self.classes_[self.predict_proba(x).argmax(axis=1)]


def card_of(
    *,
    model: str,
    columns: PublicColumns,
    label: str,
    classes: Array,
    promise: Budget,
    rehearsal: bool,
    plan: str,
) -> dict[str, Any]:
    """What model.json says."""
    return {
        "schema": SCHEMA,
        "model": model,
        "label": label,
        "classes": classes.tolist(),
        "columns": {name: _said(column) for name, column in columns.columns.items()},
        "promise": {
            "epsilon": None if rehearsal else promise.epsilon,
            "delta": None if rehearsal else promise.delta,
            "unit": {
                "kind": promise.unit.kind,
                "column": promise.unit.column,
                "at_most": None if promise.unit.at_most == ANY_NUMBER else promise.unit.at_most,
            },
            "text": f"nothing: it is a rehearsal of {promise}" if rehearsal else str(promise),
        },
        "noise": "rehearsal: from a seed, so that this model keeps no promise" if rehearsal else "secure",
        "training": plan,
        "version": VERSION,
    }


def load(folder: Path | str, architecture: Any = None) -> SavedModel:
    """Load a model that `confide train` wrote; nothing in it can run code.

    Args:
        folder: of the model.
        architecture: the function build(features, classes) of a PyTorch module.

    Raises:
        ModelError: if it is no such folder, or the module is another one.
    """
    folder = Path(folder)
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        columns = PublicColumns({name: _read(said) for name, said in card["columns"].items()})
        classes, model = np.asarray(card["classes"]), str(card["model"])
        if card["schema"] != SCHEMA:
            raise ModelError(f"{folder / CARD} is of schema {card['schema']!r:.40}, and this reads {SCHEMA}.")
    except OSError as error:
        raise ModelError(
            f"{folder / CARD} cannot be read ({error.strerror}): name a model's folder."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder / CARD} is no card of a model: train it again.") from error
    if model == "logistic":
        return SavedModel(card, columns, classes, _linear(folder, columns).predict)
    return _module(folder, card, columns, classes, architecture)


def _linear(folder: Path, columns: PublicColumns) -> LinearModel:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        rows = load_file(folder / WEIGHTS)["weights"]
    except (OSError, SafetensorError, KeyError) as error:
        raise ModelError(f"{folder / WEIGHTS} holds no weights of a regression: train it again.") from error
    if rows.ndim != 2 or rows.shape[1] != len(columns.names) + 1:
        raise ModelError(f"{folder / WEIGHTS} has weights of another model: train it again.")
    return LinearModel(np.asarray(rows, np.float64), radius=columns.radius)


def _module(
    folder: Path, card: Mapping[str, Any], columns: PublicColumns, classes: Array, architecture: Any
) -> SavedModel:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if architecture is None:
        raise ModelError(f"{folder} holds weights alone: give the function {card['model']} as architecture.")
    net = architecture(len(columns.names), len(classes))
    try:
        net.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(
            f"{folder / WEIGHTS} does not fit this architecture: give {card['model']}."
        ) from error
    net.eval()

    def logits(x: Floats) -> Floats:
        with torch.no_grad():
            return net(torch.as_tensor(x, dtype=torch.float32)).double().numpy()

    return SavedModel(card, columns, classes, logits, net)


def _said(column: Column) -> dict[str, Any]:
    return {"values": list(column.levels)} if isinstance(column, Categories) else asdict(column)


def _read(said: Mapping[str, Any]) -> Column:
    return Categories(tuple(said["values"])) if "values" in said else Number(**said)
