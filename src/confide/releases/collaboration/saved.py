"""The model of a collaboration in one .npz file: parameters, and a card that says what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from confide.core.access import BlackBox
from confide.core.arrays import Array, Floats
from confide.core.atomic import atomic_write
from confide.core.errors import DataError
from confide.inputs.local_training import LocalTraining
from confide.inputs.public_schema import PublicSchema, parsed_public
from confide.mechanisms.federate.students import probabilities

SCHEMA = "confide.collaboration/1"
CARD, PARAMETERS = "card", "parameters"


@dataclass(frozen=True, slots=True, eq=False)
class CollaborativeModel:
    """A model that parties trained together; it answers frames with the columns of the plan's schema.

    Args:
        card: what the file says of it: plan, protocol, promise, and whom the promise trusts.
        public: how records are encoded.
        view: answers encoded records.
    """

    card: Mapping[str, Any]
    public: PublicSchema
    view: BlackBox

    def predict_proba(self, x: Any) -> Floats:
        """The probability of each class, float64[n, C]."""
        return probabilities(self.view, np.asarray(self.public.columns(x), np.float32))

    def predict(self, x: Any) -> Array:
        """The most likely class of each record, [n]."""
        return np.unique(np.asarray(list(self.public.classes)))[self.predict_proba(x).argmax(axis=1)]


def save(path: Path, parameters: Array, card: Mapping[str, Any]) -> None:
    """Write the model, whole or not at all, for its owner to read."""
    said = np.array(json.dumps(card, ensure_ascii=False))
    with atomic_write(path) as draft, draft.open("wb") as file:
        np.savez(file, parameters=parameters, card=said)  # the names of CARD and PARAMETERS


def is_saved(path: Path) -> bool:
    """Whether a file is a model that `save` wrote."""
    try:
        _ = card_in(path)
    except DataError:
        return False
    return True


def card_in(path: Path) -> Mapping[str, Any]:
    """The card of a model.

    Raises:
        DataError: if the file is none.
    """
    return _read(path)[1]


def load(path: str | Path) -> CollaborativeModel:
    """Read a model that `confide collaborate` wrote; nothing in it is unpickled.

    Raises:
        DataError: if the file is none, or was changed.
        ModelError: if the function that built its module is not there any more.
    """
    parameters, card = _read(Path(path))
    try:
        public = parsed_public(card["columns"], label=card["label"], path=Path(path))
        training = LocalTraining(**card["learner"])
    except (KeyError, TypeError) as error:
        raise DataError(f"{path} is no model of a collaboration: its card was changed.") from error
    learner = training.learner(features=card["features"], classes=len(public.classes))
    return CollaborativeModel(card, public, learner.model(parameters))


def _read(path: Path) -> tuple[Array, Mapping[str, Any]]:
    try:
        with np.load(path, allow_pickle=False) as held:
            parameters, card = held[PARAMETERS], json.loads(str(held[CARD]))
    except (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError) as error:
        raise DataError(
            f"{path} is no model of a collaboration: give a file of `confide collaborate`."
        ) from error
    if not isinstance(card, dict) or card.get("schema") != SCHEMA or parameters.ndim != 1:
        raise DataError(f"{path} is no model of a collaboration: give a file of `confide collaborate`.")
    return parameters, card
