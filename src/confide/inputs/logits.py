"""Logits as a user holds them: answers of models that they trained themselves, and who trained each model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl

from confide.core.arrays import Bools, Floats, Ints
from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOLD, KNOWS, Flag, Held
from confide.core.who import standing
from confide.inputs.arrays_given import as_array
from confide.inputs.npz import arrays_in, read_npz
from confide.measure.special import normal_cdf

TURNED = 1e-6
"""By chance alone fewer than one set of logits in a million is lower for the records that trained."""


@dataclass(frozen=True, slots=True, eq=False)
class Logits:
    """Answers of M models that you trained yourself about the same n records, and which records trained each.

    One of the models is audited, and the adversary has the others as reference models. This is what papers on
    membership inference compute, and what their repositories keep.

    Args:
        phi: An .npz file with the arrays phi and keep, and perhaps y; in Python also the array phi. It holds
            the logit of the true class, log(p / (1 - p)), of each model on each record, float[M, n]; or all
            logits, float[M, n, C], with the labels y.
        keep: bool[M, n]: did record i train model j?
        y: Of all logits the class codes, int[n].
        target: The number of the model that is audited, from 0 on.
        coins: Whether a fair coin decided for each record whether it trained the target. Then no blind
            adversary is needed, and a bound on epsilon can be certified.

    Raises:
        DataError: if a value is of another type.
    """

    phi: Held
    keep: Annotated[Any, Flag(python_only=True)] = None
    y: Annotated[Any, Flag(python_only=True)] = None
    target: Annotated[int, Flag(group=HOLD, least=0)] = 0
    coins: Annotated[bool, Flag(group=KNOWS)] = False

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogitsData:
    """Logits that were read.

    Args:
        name: what to call them.
        outputs: float64[M, n, C]; of the true class alone, C is 2 and every label 1.
        keep: bool[M, n].
        y: class codes int64[n].
        target: which model is audited.
        coins: whether a fair coin decided who trained it.
        whole: whether all logits were given.
        who: where each record stands.
    """

    name: str
    outputs: Floats
    keep: Bools
    y: Ints
    target: int
    coins: bool
    whole: bool
    who: pl.DataFrame

    @property
    def references(self) -> list[int]:
        """The numbers of the other models."""
        return [j for j in range(len(self.keep)) if j != self.target]


def read_logits(held: Logits) -> LogitsData:
    """Read and check them.

    Raises:
        DataError: one sentence on what is wrong and what to do.
    """
    name, phi, keep, y = _given(held)
    phi = _numbers(phi, "phi", name)
    if phi.ndim not in (2, 3) or not phi.size:
        raise DataError(
            f"{name}: phi has the shape {phi.shape}: give [models, records] or [models, records, classes]."
        )
    keep = _truths(keep, phi.shape[:2], name)
    if not 0 <= held.target < len(phi):
        raise DataError(
            f"target is {held.target}: the {len(phi)} models are numbered from 0 to {len(phi) - 1}."
        )
    inside = int(keep[held.target].sum())
    if not 0 < inside < keep.shape[1]:
        raise DataError(
            f"{name}: keep says that {'all' if inside else 'none'} of the records trained model "
            f"{held.target}: give records of both kinds, or check which row is which model."
        )
    _need_models_apart(phi, held.target, name)
    whole = phi.ndim == 3
    outputs, labels = _all(phi, y, name) if whole else _of_the_true_class(phi, y, name)
    _need_upright(outputs, keep, labels, name)
    rows = np.arange(1, keep.shape[1] + 1)
    return LogitsData(
        name=name,
        outputs=outputs,
        keep=keep,
        y=labels,
        target=held.target,
        coins=held.coins,
        whole=whole,
        who=standing(name, row=rows),
    )


def _given(held: Logits) -> tuple[str, Any, Any, Any]:
    """What to call it, phi, keep and y."""
    if isinstance(held.phi, str | Path):
        path = Path(held.phi)
        if held.keep is not None or held.y is not None:
            raise DataError(
                f"{path.name} holds the arrays itself: leave out keep and y, or give phi as an array."
            )
        if path.suffix.lower() != ".npz":
            raise DataError(f"{path.name} is no .npz file: save phi and keep with numpy.savez.")
        phi, keep = read_npz(path, "phi", "keep")
        y = read_npz(path, "y")[0] if "y" in arrays_in(path) else None
        return path.name, phi, keep, y
    if held.keep is None:
        raise DataError(
            "keep is missing: say for each model which records trained it, bool[models, records]."
        )
    return "logits", held.phi, held.keep, held.y


def _numbers(values: Any, what: str, name: str) -> Floats:
    array = as_array(values, name=f"{name}: {what}")
    if array.dtype.kind not in "fiu":
        raise DataError(f"{name}: {what} is of type {array.dtype}: give numbers.")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise DataError(
            f"{name}: {what}{list(at)} is {array[at]}: a probability of 0 or 1 has no logit; compute logits "
            "from the model's scores, log(p) - log(sum of the others), in float64."
        )
    return array


def _truths(values: Any, shape: tuple[int, ...], name: str) -> Bools:
    keep = as_array(values, name=f"{name}: keep")
    if keep.shape != shape:
        raise DataError(
            f"{name}: keep has the shape {keep.shape}, and phi is of {shape[0]} models and {shape[1]} "
            "records: give one truth value for each model and record."
        )
    if keep.dtype.kind not in "biu" or not np.isin(keep, (0, 1)).all():
        raise DataError(
            f"{name}: keep holds more than 0 and 1: say of each record whether it trained the model."
        )
    return keep.astype(np.bool_)


def _all(phi: Floats, y: Any, name: str) -> tuple[Floats, Ints]:
    """All logits with their labels; probabilities become logits."""
    if y is None:
        raise DataError(
            f"{name}: phi holds all logits, and y is missing: give the class code of each record."
        )
    labels = as_array(y, name=f"{name}: y")
    classes = phi.shape[2]
    if labels.shape != phi.shape[1:2] or labels.dtype.kind not in "iu":
        raise DataError(f"{name}: y is {labels.dtype}{list(labels.shape)}: give {phi.shape[1]} class codes.")
    if classes < 2 or labels.min() < 0 or labels.max() >= classes:
        raise DataError(
            f"{name}: y holds {labels.min()} to {labels.max()}, and phi has {classes} classes from 0 on."
        )
    if (phi >= 0).all() and np.allclose(phi.sum(2), 1, atol=1e-3):
        raise DataError(
            f"{name}: phi holds probabilities, which sum to 1: give logits, such as their logarithms."
        )
    return phi, labels.astype(np.int64)


def _of_the_true_class(phi: Floats, y: Any, name: str) -> tuple[Floats, Ints]:
    """The logit of the true class against all others, as the second of two classes."""
    if y is not None:
        raise DataError(f"{name}: phi is of the true class alone, and y says which that is: leave out y.")
    if (phi >= 0).all() and (phi <= 1).all():
        raise DataError(
            f"{name}: phi is between 0 and 1 throughout, as probabilities are: give log(p / (1 - p))."
        )
    return np.stack([np.zeros_like(phi), phi], 2), np.ones(phi.shape[1], np.int64)


def _need_models_apart(phi: Floats, target: int, name: str) -> None:
    same = [j for j in range(len(phi)) if j != target and np.array_equal(phi[j], phi[target])]
    if same:
        raise DataError(
            f"{name}: model {same[0]} answers exactly as model {target}, the target: give each model once."
        )


def _need_upright(outputs: Floats, keep: Bools, y: Ints, name: str) -> None:
    """Refuse logits that are lower for records that trained: losses, or a `keep` that is turned round.

    Raises:
        DataError: because an audit of them would find nothing, whatever the models give away.
    """
    from confide.models.signals import true_logit

    right = np.stack([true_logit(model, y) for model in outputs])
    # Each record by itself: how much higher where it trained than where it did not.
    both = keep.any(0) & ~keep.all(0)
    inside = np.where(keep, right, 0).sum(0) / np.maximum(keep.sum(0), 1)
    outside = np.where(keep, 0, right).sum(0) / np.maximum((~keep).sum(0), 1)
    higher, n = int((inside > outside)[both].sum()), int(both.sum())
    if n and float(normal_cdf((2 * higher - n) / np.sqrt(n))) < TURNED:
        raise DataError(
            f"{name}: {n - higher:,} of {n:,} records have a lower logit in models that they trained: give "
            "the logit of the true class and no loss, and check that keep is 1 for who trained the model."
        )
