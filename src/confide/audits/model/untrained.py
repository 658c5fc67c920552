"""Models that seem never to have been trained: that nothing is found in them says nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np

from confide.audits.model.accuracy import right_on
from confide.core.language import later, t
from confide.inputs.model_data import ModelData
from confide.models.checkpoints import parameters_of
from confide.models.guard import Guard
from confide.models.importing import import_object, is_import_path
from confide.models.loading import is_module
from confide.report.rates import percent

UNTRAINED = later("a model that seems never to have been trained")
"""What no audit of such a model can settle, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untrained:
    """Why a model seems never to have been trained, and what to do, a text each."""

    why: str
    step: str


def seems_untrained(data: ModelData) -> Untrained | None:
    """Why a model that was given without weights seems never to have been trained; None if it does not.

    A class that draws other weights each time it makes a module is an architecture. A module, or what a class
    or a function made, counts as trained only if it is certainly right about more members than guessing.
    """
    if data.held.weights is not None:
        return None
    maker, module = _maker(data), is_module(getattr(data.asked, "module", None))
    weights = t(
        "Give the trained weights (`--weights`) and audit again: this model seems never to have been "
        "trained, and then this audit says nothing about the one that will be released."
    )
    if _draws_anew(maker, data.model):
        why = t(
            "The class that was given draws other weights each time it makes a model, so nobody's records "
            "trained this one, and that an attack finds nothing in it says nothing: give the trained weights "
            "(`--weights`)."
        )
        return Untrained(why=why, step=weights)
    kinds = len(np.unique(data.targets.y)) if data.classes is not None else 0
    right = right_on(data) if (module or maker is not None) and kinds > 1 else None
    # The low end: only what is certainly better than guessing counts.
    if right is None or right[0].low > 1 / kinds:
        return None
    share = percent(round(right[0].value, 2))
    if module:
        why = t(
            "The model is right about {share} of its members, no more than guessing, so it seems never to "
            "have been trained, and that an attack finds nothing in it says nothing: give the trained "
            "weights (`--weights`).",
            share=share,
        )
        return Untrained(why=why, step=weights)
    why = t(
        "The model is right about {share} of its members, no more than guessing, so it seems never to have "
        "been trained, and that an attack finds nothing in it says nothing: let what makes the model give "
        "the trained one.",
        share=share,
    )
    step = t(
        "Let what makes the model give the trained one, and audit again: this one seems never to have been "
        "trained, and then this audit says nothing about the one that will be released."
    )
    return Untrained(why=why, step=step)


def _maker(data: ModelData) -> object | None:
    """The class or function that made the model; None where the model was given itself, or is a file."""
    given: object = data.held.model
    if isinstance(given, str | Path):
        given = import_object(str(given)) if is_import_path(given) else data.model
    # A method of an object is another object each time it is looked up.
    same = given is data.model or (inspect.ismethod(given) and given == data.model)
    return None if same else given


def _draws_anew(maker: object | None, model: object) -> bool:
    """Whether a class makes a torch module with other parameters when it is called once more."""
    kind = maker
    while isinstance(kind, partial):
        kind = cast("object", kind.func)
    if not (inspect.isclass(kind) and is_module(model)):
        return False
    from torch.random import fork_rng, initial_seed, manual_seed

    try:
        # The user's own random numbers go on as if nothing had happened.
        with fork_rng(devices=[]):
            # The guard put them back after the first call, so the second one would draw the same.
            manual_seed(initial_seed() ^ 1)
            other = Guard(f"{kind.__name__}()")(cast("Callable[[], object]", maker))
        return is_module(other) and parameters_of(other) != parameters_of(model)
    except Exception:  # one that can be made only once shows itself by what it is right about
        return False
