"""Whether a row's view depends on the other rows of a batch: then one record more moves others' gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from confide.core.errors import ModelError
from confide.mechanisms.learn.dpsgd.masks import drawing
from confide.mechanisms.learn.dpsgd.tensors import Augment

FAR = 1000
"""An outlier is this many times the largest number of a batch: means over a batch show it."""


def check_views(augment: Augment, x: Tensor) -> None:
    """Refuse an `augment` whose view of a row is not made of that row and the generator alone.

    At three places a row, and then all other rows, are replaced by outliers, under the same draws. The views
    of all that were not replaced must stay.

    Args:
        augment: makes the views.
        x: rows of a whole batch [b, ...], since small ones may be treated otherwise.

    Raises:
        ModelError: with what was found, and what to do.
    """

    def views(rows: Tensor) -> Tensor:
        with drawing(0, x.device) as generator:
            return augment(rows.clone(), generator)

    count = len(x)
    first = views(x)
    if not isinstance(first, Tensor) or first.ndim < 1 or len(first) != count:
        shape = tuple(first.shape) if isinstance(first, Tensor) else type(first).__name__
        raise ModelError(
            f"augment made {shape} of {count} rows: return one view of each row, [{count}, ...]."
        )
    if not _same(first, views(x)):
        raise ModelError(
            "augment draws random numbers of its own, which somebody else may replay: draw them from the "
            "generator that it is given, such as torch.rand(..., generator=generator)."
        )
    least, most = _outliers(x)
    for place in sorted({0, count // 2, count - 1}) if count > 1 else []:
        alone = torch.arange(count, device=x.device) == place
        for replaced, by in ((alone, x[place - 1]), (alone, most), (~alone, least), (~alone, most)):
            other = x.clone()
            other[replaced] = by
            found = views(other)
            if found.shape != first.shape or not _same(found[~replaced], first[~replaced]):
                raise ModelError(
                    "augment's view of a row depends on the other rows of the batch, as mixtures of rows and "
                    "statistics of a batch do, so that no row has a gradient of its own: make each view of "
                    "its row alone."
                )


def _outliers(x: Tensor) -> tuple[Tensor, Tensor]:
    """Rows far below and above all others; of the least and the largest number where they are no reals."""
    if not x.is_floating_point():
        return x.amin().expand_as(x[0]), x.amax().expand_as(x[0])
    far = FAR * (1 + float(x[torch.isfinite(x)].abs().amax() if bool(torch.isfinite(x).any()) else 0))
    return torch.full_like(x[0], -far), torch.full_like(x[0], far)


def _same(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    if not one.is_floating_point():
        return torch.equal(one, other)
    return torch.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)
