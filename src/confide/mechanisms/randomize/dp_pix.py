"""Fan: Image Pixelization with Differential Privacy (DBSec 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from confide.core.arrays import Floats, Rng
from confide.core.budget import Budget, Unit
from confide.core.claims import Claim
from confide.core.errors import PromiseError
from confide.core.nouns import Release
from confide.mechanisms.anonymize.mosaic import block_means, one_colour, spread
from confide.mechanisms.noise.gaussian import secure_normal
from confide.views.images import Pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class DPPix:
    """Releases a mosaic with Laplace noise on each block's mean.

    *Statement.* Each picture's release is epsilon-differentially private for any m of its pixels, whatever
    values these take, m being the `at_most` of the budget's unit. It is no promise about the person: a face
    has thousands of pixels, and epsilon for all of them is as many times larger.

    *Proof.* Of the changed pixels let m_B be in block B, which has n_B pixels within the picture. Its mean,
    over these n_B alone, moves by at most 255 m_B / n_B in each of c colours. Its noise is Laplace of scale
    255 m c / (n_B epsilon), so B's part of the log-likelihood ratio is at most c times (255 m_B / n_B) /
    scale = epsilon m_B / m. The blocks' parts add up to epsilon at most. Clipping to 0..255 and rounding is
    post-processing. Within a grey picture n_B = b^2, and the scale is Fan's 255 m / (b^2 epsilon).

    *Conditions.* Size and mode of the picture are public. The proof takes arithmetic as exact;
    `secure_normal` says what floating point may leak.

    Args:
        budget: epsilon, with delta = 0, hiding `Unit.pixels(at_most=m)`.
        side: b, of a block, in pixels.
        noise: "secure" is drawn from the operating system's cryptographic source, for a real release.
            "rehearsal" is drawn from `rng`, and anyone who knows the seed can replay it: for audits and tests
            only.

    Raises:
        PromiseError: if the budget or a setting cannot be kept.
    """

    budget: Budget
    side: int = 16
    noise: Literal["secure", "rehearsal"] = "secure"

    def __post_init__(self) -> None:
        if self.budget.unit.kind != "pixels":
            raise PromiseError(
                f"noise on blocks hides pixels of a picture, not {self.budget.unit}: give "
                "Unit.pixels(at_most=...)."
            )
        if not self.budget.epsilon > 0 or self.budget.delta:
            raise PromiseError(f"Laplace noise keeps no {self.budget}: give epsilon above 0 and delta 0.")
        if self.side < 1:
            raise PromiseError(f"the side of a block is {self.side} pixels: give 1 or more.")
        if self.noise not in ("secure", "rehearsal"):
            raise PromiseError(f"noise is {self.noise!r}: say 'secure' or 'rehearsal'.")

    @classmethod
    def of(
        cls, *, epsilon: float, side: int, pixels: int, noise: Literal["secure", "rehearsal"] = "secure"
    ) -> DPPix:
        """The mechanism that hides any `pixels` pixels of a picture at this epsilon."""
        return cls(budget=Budget(epsilon, unit=Unit.pixels(at_most=pixels)), side=side, noise=noise)

    def __call__(self, data: Pictures, *, rng: Rng | None) -> Release[Pictures]:
        means = self.means(data)
        noisy = means + self.scale(data) * self._laplace(means.shape, rng)
        blocks = np.round(np.clip(noisy, 0, 255)).astype(np.uint8)
        view = Pictures(spread(blocks, self.side, like=data.pixels), data.person)
        return Release(view, self.budget, f"DPPix({self.budget.epsilon:g}, {self.side})")

    def claims(self, view: Pictures) -> tuple[Claim, ...]:
        """Each block of the release has one colour; that noise was added rests on the proof."""
        return (one_colour(view.pixels, self.side),)

    def means(self, data: Pictures) -> Floats:
        """Each block's mean over its pixels within the picture: for tests, never for publication."""
        n, h, w, *colours = data.pixels.shape
        # Padded with 0, which adds nothing to a sum; the mean divides by the pixels within the picture.
        whole = np.zeros((n, h + -h % self.side, w + -w % self.side, *colours), np.uint8)
        whole[:, :h, :w] = data.pixels
        inside = self._counts(h, w).reshape(1, *self._counts(h, w).shape, *(1,) * len(colours))
        return block_means(whole, self.side) * self.side**2 / inside

    def scale(self, data: Pictures) -> Floats:
        """The scale of each block's noise, float64 [1, rows, columns(, 1)]."""
        h, w, *colours = data.pixels.shape[1:]
        counts = self._counts(h, w)
        # One pixel changes all its colours.
        m, c = self.budget.unit.at_most or 1, 3 if colours else 1
        scale = 255 * m * c / (counts * self.budget.epsilon)
        return scale.reshape(1, *counts.shape, *(1,) * len(colours))

    def _counts(self, h: int, w: int) -> Floats:
        """The number of a block's pixels that are within the picture."""
        rows, columns = (
            np.minimum(self.side, size - np.arange(0, size, self.side)).astype(np.float64) for size in (h, w)
        )
        return rows[:, None] * columns

    def _laplace(self, shape: tuple[int, ...], rng: Rng | None) -> Floats:
        if self.noise == "rehearsal":
            if rng is None:
                raise PromiseError("a rehearsal's noise comes from `rng`: give one.")
            return rng.laplace(size=shape)
        return secure_laplace(shape)


def secure_laplace(shape: tuple[int, ...]) -> Floats:
    """Laplace numbers of scale 1 from the operating system's cryptographic source.

    With a, b, c, d standard normal, ab - cd is Laplace of scale 1: it has the characteristic function 1 / (1
    + t^2). So what `secure_normal` says of floating point is true here too.
    """
    a, b, c, d = secure_normal((4, *shape))
    return a * b - c * d
