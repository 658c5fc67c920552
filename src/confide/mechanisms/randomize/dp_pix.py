"""Fan: Image Pixelization with Differential Privacy (DBSec 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.core.arrays import Floats, Ints, Rng
from confide.core.budget import Budget, Unit
from confide.core.claims import Claim
from confide.core.errors import PromiseError
from confide.core.nouns import Outcome
from confide.mechanisms.anonymize.mosaic import one_colour, spread
from confide.mechanisms.noise.coins import rate_below
from confide.mechanisms.noise.discrete_laplace import discrete_laplace
from confide.mechanisms.noise.source import Noise, outcome, refuse_unknown, words_of
from confide.mechanisms.noise.words import secure_words
from confide.views.images import Pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class DPPix:
    """Releases a mosaic with Laplace noise on each block's mean.

    *Statement.* Each picture's release is epsilon-differentially private for any m of its pixels, whatever
    values these take, m being the `at_most` of the budget's unit. It is no promise about the person: a face
    has thousands of pixels, and epsilon for all of them is as many times larger.

    *Proof.* Of the changed pixels let m_B be in block B, which has n_B pixels within the picture. The sum of
    these n_B pixels, a whole number, moves by at most 255 m_B in each of c colours. To each sum whole numbers
    k are added, with P(k) in proportion to exp(-|k| epsilon / (255 m c)). So B's part of the log-likelihood
    ratio is at most c times 255 m_B epsilon / (255 m c) = epsilon m_B / m. The blocks' parts add up to
    epsilon at most. Dividing by n_B, rounding and clipping to 0..255 is post-processing. For the mean the
    noise has the scale 255 m c / (n_B epsilon): in a grey picture, where n_B = b^2, Fan's 255 m / (b^2
    epsilon). All is computed in whole numbers, and the rate is rounded down.

    *Conditions.* Size and mode of the picture are public.

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
    noise: Noise = "secure"

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
        refuse_unknown(self.noise)
        for colours in (1, 3):  # drawing nothing refuses a rate that cannot be drawn
            discrete_laplace(0, rate=self._rate(colours), words=secure_words)

    @classmethod
    def of(cls, *, epsilon: float, side: int, pixels: int, noise: Noise = "secure") -> DPPix:
        """The mechanism that hides any `pixels` pixels of a picture at this epsilon."""
        return cls(budget=Budget(epsilon, unit=Unit.pixels(at_most=pixels)), side=side, noise=noise)

    def __call__(self, data: Pictures, *, rng: Rng | None) -> Outcome[Pictures]:
        sums = self._sums(data)
        rate = self._rate(3 if sums.ndim > 3 else 1)
        drawn = discrete_laplace(sums.size, rate=rate, words=words_of(self.noise, rng))
        counts = self._shaped_counts(data)
        # The nearest whole number to the mean, in whole numbers.
        levels = (2 * (sums + drawn.reshape(sums.shape)) + counts) // (2 * counts)
        blocks = np.clip(levels, 0, 255).astype(np.uint8)
        view = Pictures(spread(blocks, self.side, like=data.pixels), data.person)
        return outcome(self.noise, view, self.budget, f"DPPix({self.budget.epsilon:g}, {self.side})")

    def claims(self, view: Pictures) -> tuple[Claim, ...]:
        """Each block of the release has one colour; that noise was added rests on the proof."""
        return (one_colour(view.pixels, self.side),)

    def means(self, data: Pictures) -> Floats:
        """Each block's mean over its pixels within the picture: for tests, never for publication."""
        return self._sums(data) / self._shaped_counts(data)

    def scale(self, data: Pictures) -> Floats:
        """The scale of each mean's noise, float64 [1, rows, columns(, 1)]."""
        colours = 3 if data.pixels.ndim > 3 else 1
        return 1 / (float(self._rate(colours)) * self._shaped_counts(data))

    def _rate(self, colours: int) -> Fraction:
        """Of the noise on a sum: one pixel changes all its colours."""
        return rate_below(Fraction(self.budget.epsilon) / (255 * (self.budget.unit.at_most or 1) * colours))

    def _sums(self, data: Pictures) -> Ints:
        """The sum of each block's pixels, int64 [n, rows, columns(, 3)]."""
        rows, columns = (np.arange(0, size, self.side) for size in data.pixels.shape[1:3])
        down = np.add.reduceat(data.pixels, rows, axis=1, dtype=np.int64)
        return np.add.reduceat(down, columns, axis=2)

    def _shaped_counts(self, data: Pictures) -> Ints:
        """How many of a block's pixels are within the picture, int64 [1, rows, columns(, 1)]."""
        h, w, *colours = data.pixels.shape[1:]
        rows, columns = (np.minimum(self.side, size - np.arange(0, size, self.side)) for size in (h, w))
        return (rows[:, None] * columns).reshape(1, len(rows), len(columns), *(1,) * len(colours))
