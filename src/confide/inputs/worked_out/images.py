"""What was done to pictures before they were released: a mosaic, a blur, P3, or noise on blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from confide.core.arrays import Floats, Ints
from confide.core.claims import Verifiable
from confide.core.nouns import AnyMechanism
from confide.inputs.worked_out.making import RULED, Making, Step
from confide.mechanisms.anonymize.gaussian_blur import GaussianBlur
from confide.mechanisms.anonymize.mosaic import Mosaic
from confide.mechanisms.anonymize.p3 import P3
from confide.mechanisms.in_order import in_order
from confide.mechanisms.randomize.dp_pix import DPPix
from confide.views.images import Pictures

MOST = 20
"""Pictures that are compared: each candidate is applied to all of them."""
EXACT = 1.0
"""Grey levels by which pictures may be off on average: what another rounding makes."""
NEAR = 5.0
"""Grey levels that a file format with loss may add. A candidate must then explain most of the change."""
MOST_OF_IT = 0.3
"""At most this part of the change may be left unexplained."""
BLURS = tuple(float(f"{sigma:.3g}") for sigma in np.geomspace(0.3, 64, 48))
THRESHOLDS = (*range(1, 31), 35, 40, 45, 50, 60, 70, 80, 90, 100)
SCALES = np.geomspace(0.5, 5_000, 50)
FINER = np.geomspace(0.8, 1.25, 60)
MOST_NOISY = 100
"""Pictures in which noise is measured."""
MISFIT = 0.12
"""The largest distance of Kolmogorov and Smirnov at which the noise of blocks is Laplace noise."""
PIXELS = 16
"""How many pixels a promise of noise on blocks hides by default; only epsilon divided by them counts."""


def worked_out(original: Pictures, released: Pictures) -> Making | None:
    """What was done, by a comparison of each picture with its release; None where nothing explains it.

    Args:
        original, released: the same pictures, row by row.
    """
    rows = np.unique(np.linspace(0, len(original) - 1, min(len(original), MOST)).astype(np.int64))
    before, after = Pictures(original.pixels[rows]), Pictures(released.pixels[rows])
    change = _off(before, after)
    if change == 0:
        return Making()
    side = _side(after)
    best: tuple[float, Step] | None = None
    for mechanism, step in _candidates(before, after, side):
        off = _off(mechanism(before, rng=np.random.default_rng(0)).view, after)
        if best is None or off < best[0]:
            best = off, step
        if off == 0:
            break
    if best is not None and best[0] <= EXACT:
        return Making(steps=(best[1],))
    noisy = None if side is None else _noise(original, released, side)
    if noisy is not None:
        return Making(steps=(noisy,))
    near = best is not None and best[0] <= min(NEAR, MOST_OF_IT * change)
    return Making(steps=(best[1],)) if best is not None and near else None


def not_as(steps: Sequence[AnyMechanism], original: Pictures, released: Pictures) -> Ints:
    """Pictures that are not as these steps make them, among those that are compared: int64, rising.

    A mechanism with noise says of its blocks alone what they are; where most pictures are as they should be,
    none counts as otherwise.

    Args:
        steps: one after the other.
        original, released: the same pictures, row by row.
    """
    rows = np.unique(np.linspace(0, len(original) - 1, min(len(original), MOST)).astype(np.int64))
    made, shown = Pictures(original.pixels[rows]), Pictures(released.pixels[rows])
    if any(step.budget is not None for step in steps):
        claims = [step for step in steps if isinstance(step, Verifiable)]
        wrong = [not all(c.holds for s in claims for c in s.claims(Pictures(p[None]))) for p in shown.pixels]
    else:
        for step in steps:
            made = step(made, rng=np.random.default_rng(0)).view
        change = np.maximum(MOST_OF_IT * _each(Pictures(original.pixels[rows]), shown), EXACT)
        wrong = _each(made, shown) > np.minimum(NEAR, change)
    found = rows[np.asarray(wrong, np.bool_)]
    return found if len(found) > (1 - RULED) * len(rows) else found[:0]


def _each(one: Pictures, other: Pictures) -> Floats:
    """The mean difference in grey levels of each picture."""
    apart = np.abs(one.pixels.astype(np.float64) - other.pixels)
    return apart.reshape(len(apart), -1).mean(axis=1)


def _off(one: Pictures, other: Pictures) -> float:
    """The mean difference in grey levels."""
    return float(np.abs(one.pixels.astype(np.float64) - other.pixels).mean())


def _candidates(before: Pictures, after: Pictures, side: int | None) -> Iterator[tuple[AnyMechanism, Step]]:
    if side is not None:
        mosaic = Mosaic(side=side)
        said = f"Pictures were made a mosaic of blocks of {side} pixels"
        yield mosaic, Step(f"mosaic:{side}", f"{said}.")
        sigma = _blur(lambda s: _off(mosaic(_blurred(before, s), rng=None).view, after))
        both = f"blur:{sigma:g}+mosaic:{side}"
        yield (
            in_order([GaussianBlur(sigma=sigma), mosaic]),
            Step(both, f"{said}, after a blur of {sigma:g} pixels."),
        )
        return
    sigma = _blur(lambda s: _off(_blurred(before, s), after))
    yield GaussianBlur(sigma=sigma), Step(f"blur:{sigma:g}", f"Pictures were blurred by {sigma:g} pixels.")
    few_before, few_after = (Pictures(p.pixels[:5]) for p in (before, after))
    threshold = min(THRESHOLDS, key=lambda t: _off(P3(threshold=t)(few_before, rng=None).view, few_after))
    text = f"Coefficients of pictures above {threshold} were cut off (P3)."
    yield P3(threshold=threshold), Step(f"p3:{threshold}", text)


def _blurred(data: Pictures, sigma: float) -> Pictures:
    return GaussianBlur(sigma=sigma)(data, rng=None).view


def _blur(off: Callable[[float], float]) -> float:
    """The width of a blur that leaves the least difference, with three digits."""
    best = min(BLURS, key=off)
    finer = {float(f"{best * by:.3g}") for by in np.linspace(0.9, 1.1, 21)} | {float(f"{best:.1g}"), best}
    return min(sorted(finer, key=lambda s: len(f"{s:g}")), key=off)


def _side(after: Pictures) -> int | None:
    """The side of the largest blocks that have one colour in all pictures; None where there are none."""
    h, w = after.pixels.shape[1:3]
    for side in range(max(h, w), 1, -1):
        if all(bool(claim.holds) for claim in Mosaic(side=side).claims(after)):
            return side
    return None


def _noise(original: Pictures, released: Pictures, side: int) -> Step | None:
    """Laplace noise on the means of blocks, cut off at black and white."""
    rows = slice(None, None, max(1, len(original) // MOST_NOISY))
    before, after = Pictures(original.pixels[rows]), Pictures(released.pixels[rows])
    pix = DPPix.of(epsilon=1.0, side=side, pixels=PIXELS, noise="rehearsal")
    means = pix.means(before)
    shown = after.pixels[:, ::side, ::side].astype(np.float64)
    # In units of the noise that epsilon 1 would need: blocks at the border have more.
    unit = np.broadcast_to(pix.scale(before), means.shape).ravel()
    mean, seen = means.ravel(), shown.ravel()
    each = unit / unit.min()
    coarse = max(SCALES, key=lambda s: _likelihood(mean, seen, each * s))
    scale = float(max(coarse * FINER, key=lambda s: _likelihood(mean, seen, each * s)))
    # The distance is taken of where each block stands in its own law: uniform, if the law is right.
    rng = np.random.default_rng(0)
    low, high = _below(mean, seen, each * scale)
    place = np.sort(low + rng.random(len(low)) * (high - low))
    apart = float(np.abs(place - (np.arange(len(place)) + 0.5) / len(place)).max())
    if apart > MISFIT + 1.36 / np.sqrt(len(place)):
        return None
    epsilon = float(f"{unit.min() / scale:.3g}")
    text = f"dp-pix:{epsilon:g},{side}"
    return Step(text, f"Blocks of {side} pixels carry Laplace noise of {scale:.3g} grey levels.")


def _below(mean: Floats, seen: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """The chance that a block is below what is seen of it, and that it is not above."""
    low, high = (_laplace((seen + by - mean) / scale) for by in (-0.5, 0.5))
    return np.where(seen <= 0, 0.0, low), np.where(seen >= 255, 1.0, high)


def _likelihood(mean: Floats, seen: Floats, scale: Floats) -> float:
    low, high = _below(mean, seen, scale)
    return float(np.log(np.maximum(high - low, 1e-12)).sum())


def _laplace(z: Floats) -> Floats:
    tail = np.exp(-np.abs(z)) / 2
    return np.where(z < 0, tail, 1 - tail)
