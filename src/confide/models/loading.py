"""Loading of models as views: from objects, import paths, and files that hold no code; never from pickles."""

from __future__ import annotations

import difflib
import importlib
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from confide.core.access import BlackBox, LabelOnly, Task, WhiteBox
from confide.core.arrays import Batch
from confide.core.errors import ConfideError, ModelError
from confide.models.guard import Guard, guarded_error
from confide.models.kinds import Kind
from confide.models.replies import Classes, need_classes

if TYPE_CHECKING:
    from torch import nn

# Reading these formats can run any code; each has a safe way instead.
_ONNX = "export it with `torch.onnx.export`, or give an import path to a function that builds and loads it"
_SKOPS = "write it with `skops.io.dump`, or give an import path to a function that loads it"
_INSTEAD = {
    ".pkl": _SKOPS,
    ".pickle": _SKOPS,
    ".joblib": _SKOPS,
    ".pt": _ONNX,
    ".pth": _ONNX,
    ".ckpt": _ONNX,
    ".h5": "export it to ONNX (tf2onnx), or give an import path to a function that loads it",
    ".keras": "export it to ONNX (tf2onnx), or give an import path to a function that loads it",
}
BOOSTERS = (".txt", ".json", ".ubj")
"""How files of boosters end: LightGBM's text, and XGBoost's JSON in two forms. They hold numbers alone."""
_IMPORT_PATH = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def as_view(
    model: object,
    *,
    task: Task | None = None,
    classes: Classes = None,
    answers: Kind | None = None,
    probe: Batch | None = None,
    output: str | None = None,
) -> LabelOnly | BlackBox | WhiteBox:
    """Build the strongest view on a model.

    A torch module becomes a `TorchModel`. A fitted estimator becomes a `SklearnModel`, a linear model or
    network of scikit-learn a `SklearnInside`, and a classifier without scores `SklearnLabels`. Any other
    object that has a `predict` or can be called becomes a `RemoteModel`, or `RemoteLabels` if it answers
    with labels. A view stays as it is; one from an ONNX file gets the task, classes and answers that are
    given here.

    Args:
        model: see above.
        task: classification or regression, if the model itself does not show it.
        classes: the labels in the order of their codes, or how many classes the labels need.
        answers: the kind of a callable's answers; by default decided from its answers to `probe`.
        probe: records for a first query; the more there are, the surer is what the answers mean.
        output: the name of the output to use, where an ONNX graph has several.

    Raises:
        ModelError: if the model cannot be queried, or its classes do not fit the labels.
    """
    from confide.models.onnx import OnnxLabels, OnnxModel
    from confide.models.remote import Line, remote

    if is_module(model):
        from confide.models.torch.model import TorchModel

        view = TorchModel(model, task=task or "classification")
        if view.task == "classification":
            view = view.with_logits(answers, probe)
        # One small query shows now what would otherwise fail after an hour of training references.
        if probe is not None and view.task == "classification":
            need_classes(view.predict(probe[:64]).shape[1], classes, name=_shown(model))
        return view
    if booster_in(model):
        from confide.models.boosted import boosted

        model = boosted(model)
    if is_estimator(model):
        from confide.models.sklearn.abilities import has_scores
        from confide.models.sklearn.inside import sklearn_view
        from confide.models.sklearn.model import SklearnLabels

        found = sklearn_view(model, task=task, classes=classes)
        return found if found.task == "regression" or has_scores(model) else SklearnLabels(found)
    if isinstance(model, OnnxModel):
        complete = replace(
            model,
            task=task or model.task,
            classes=classes,
            answers=answers or model.answers,
            output=output or model.output,
        )
        if probe is None or not len(probe):
            return complete
        if complete.task == "classification" and complete.meaning(probe).kind == "labels":
            return OnnxLabels(complete)
        complete.predict(probe)
        return complete
    # A class has the methods of a view too, but nothing to answer with.
    if isinstance(model, LabelOnly) and not inspect.isclass(model):
        return model
    # An object with `predict_proba` or `predict`, or a function itself. Scores say more than labels.
    named = [] if task == "regression" else ["predict_proba"]
    predict = next((getattr(model, n) for n in (*named, "predict") if hasattr(model, n)), model)
    # Calling a class would make a model, not ask one.
    if inspect.isclass(model) or not callable(predict):
        raise ModelError(
            f"{_shown(model)} is not a model that can be queried: give a torch module, a fitted estimator, "
            "or a function `predict(X)` that answers for each record."
        )
    own = own_classes(model) if getattr(predict, "__name__", "") != "predict" else None
    return remote(Line(predict), task=task, classes=classes, answers=answers, probe=probe, own=own)


def load_model(
    spec: str,
    *,
    task: Task | None = None,
    classes: Classes = None,
    answers: Kind | None = None,
    probe: Batch | None = None,
) -> LabelOnly | BlackBox | WhiteBox:
    """Load the model that `spec` names and build a view on it.

    Args:
        spec: "model.onnx", "model.skops" or an import path such as "mypkg.mymodel:net". An import path names
            a model, a `predict(X)`, or a function without arguments that returns one of these; the working
            folder is searched too.
        task, classes, answers, probe: as in `as_view`.

    Raises:
        ModelError: if there is no such model, or it is in a format that can run code when read.
    """
    found = load_object(spec)
    return as_view(found, task=task, classes=classes, answers=answers, probe=probe)


def load_object(spec: str) -> object:
    """Load the object that `spec` names: a module, an estimator, a function, or a view for an ONNX file.

    Args:
        spec: as in `load_model`.

    Raises:
        ModelError: if there is no such model, or it is in a format that can run code when read.
    """
    path = Path(spec)
    suffix = path.suffix.lower()
    if suffix in _INSTEAD:
        raise ModelError(f"{spec} is refused, because {suffix} files can run any code: {_INSTEAD[suffix]}.")
    if suffix in (".onnx", ".skops", *BOOSTERS):
        if not path.is_file():
            raise ModelError(f"there is no file {spec}: check the path.")
        if suffix in BOOSTERS:
            from confide.models.boosted import load_booster

            return load_booster(path)
        if suffix == ".onnx":
            from confide.models.onnx import load_onnx

            return load_onnx(path)
        from confide.models.skops.reading import load_skops

        return load_skops(path).estimator
    found = import_object(spec)
    return _called(found, spec) if _takes_nothing(found) else found


def load_train(spec: str) -> Callable[..., object]:
    """Load the function `train(X, y, *, rng) -> model` that `spec` ("mypkg.mymodel:train") names.

    Raises:
        ModelError: if there is no such function, or it cannot be called in this way.
    """
    train = import_object(spec)
    try:
        # Bound without a call: training to find a wrong signature would be a waste.
        inspect.signature(train).bind(None, None, rng=None)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"{spec} cannot be called as train(X, y, rng=...) ({error}): write `def train(X, y, *, rng):` "
            "and return the trained model."
        ) from error
    return train


def import_object(spec: str) -> Any:
    """Import the object that an import path names, from the working folder if it is there.

    Raises:
        ModelError: if the path is malformed, the module cannot be imported, or has no such name.
    """
    if not _IMPORT_PATH.fullmatch(spec):
        raise ModelError(
            f"{spec!r} is neither a .onnx, .skops, .txt, .json or .ubj file nor an import path: write it "
            "like mypkg.mymodel:net."
        )
    name, _, attribute = spec.partition(":")
    _search_here(name)
    try:
        found: Any = Guard(f"importing {name}")(lambda: importlib.import_module(name))
    except ConfideError:
        raise
    except Exception as error:
        raise _not_imported(name, error) from error
    for step in attribute.split("."):
        if not hasattr(found, step):
            there = [n for n in dir(found) if not n.startswith("_")]
            near = difflib.get_close_matches(step, there, n=3) or there[:8]
            raise ModelError(f"{name} has no {step!r}: it has {', '.join(near) or 'nothing'}.")
        found = getattr(found, step)
    return found


def is_module(model: object) -> TypeGuard[nn.Module]:
    """Whether an object is a torch module; it does not load torch, because a module exists only with it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def is_estimator(model: object) -> bool:
    """Whether an object is a scikit-learn estimator, or has the methods of one."""
    base = sys.modules.get("sklearn.base")
    if base is not None and isinstance(model, base.BaseEstimator):
        return True
    # Estimators of other packages follow the interface of scikit-learn without its base class.
    return hasattr(model, "predict_proba") and hasattr(model, "classes_") and not inspect.isclass(model)


def booster_in(model: object) -> bool:
    """Whether an object is a booster of LightGBM or XGBoost; neither is loaded for it."""
    packages = (sys.modules.get(name) for name in ("lightgbm", "xgboost"))
    return any(package is not None and isinstance(model, package.Booster) for package in packages)


def own_classes(model: object) -> list[object] | None:
    """The `classes_` of an object, in the order of its columns; None if it has none."""
    own: Any = getattr(model, "classes_", None)
    return None if own is None else [c.item() if hasattr(c, "item") else c for c in own]


def _not_imported(name: str, error: Exception) -> ModelError:
    # Only a missing part of the path itself; a module that the user's code imports is another error.
    if isinstance(error, ModuleNotFoundError) and error.name and (name + ".").startswith(error.name + "."):
        return ModelError(
            f"there is no module {error.name!r}, neither installed nor in {Path.cwd()}: "
            "check the name, or start in the folder that contains it."
        )
    return ModelError(f"importing {name} fails ({guarded_error(error)}): try `python -c 'import {name}'`.")


def _takes_nothing(found: object) -> bool:
    if not (inspect.isfunction(found) or inspect.ismethod(found)):
        return False
    return not inspect.signature(found).parameters


def _called(function: Callable[[], object], spec: str) -> object:
    try:
        return Guard(f"{spec}()")(function)
    except ConfideError:
        raise
    except Exception as error:
        raise ModelError(
            f"{spec}() fails ({guarded_error(error)}): call it by hand; it must return the model."
        ) from error


def _shown(model: object) -> str:
    if inspect.isclass(model):
        return f"the class {model.__name__}"
    return f"the model ({type(model).__name__})"


def _search_here(name: str) -> None:
    """Put the working folder first on `sys.path` if the named module is in it, as `python -m` does.

    It stays there. Worker processes get a copy of `sys.path` and must find the user's modules when functions
    and models are sent to them. A function can also import more modules when it is called. For an installed
    module the folder is not searched: any file in it could then stand in for a part of that module.
    """
    here = str(Path.cwd())
    importlib.invalidate_caches()
    if PathFinder.find_spec(name.partition(".")[0], [here]) is not None:
        sys.path[:] = [here, *(folder for folder in sys.path if folder != here)]
