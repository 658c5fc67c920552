"""Solutions of the decoder's system: the setting that was chosen, and the scores under a ridge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from confide.attacks.membership.white_box.decoder._known_nonmembers import flagged, set_apart
from confide.attacks.membership.white_box.decoder._linear_inverse import (
    Spectrum,
    likelihood_ratio,
    size_of_member,
)
from confide.attacks.membership.white_box.decoder._training_sums import Target
from confide.core.arrays import Bools, Floats, Rng

# The ridges that are tried, in units of the mean squared gradient.
GRID = tuple(10.0 ** (k / 2) for k in range(-16, 1))
# The fit may use up at most this share of the equations; beyond it noise would be explained too.
SPENT = 0.7
# Members differ in how large their part is. The test is for one that is somewhat smaller than average.
TYPICAL = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is chosen: target, temperature of the gradients, weights of blocks, ridge; and by what."""

    target: Target
    temperature: float
    weights: Floats
    ridge: float
    by: str = "by the evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A system under a setting, and bool[m], which of m candidates it is about (`clear`)."""

    spectrum: Spectrum
    setting: Setting
    clear: Bools

    @property
    def explained(self) -> float:
        """The share of the target that the candidates' gradients explain."""
        return self.spectrum.explained(self.setting.ridge)

    def scores(self) -> Floats:
        """The score of each candidate, float64[m]; NaN where the gradient is not finite."""
        answer = np.full(len(self.clear), np.nan)
        answer[self.clear] = scores_of(self.spectrum, self.setting.ridge)
        return answer

    @property
    def known(self) -> int:
        """How many known non-members are beside the candidates."""
        return 0 if self.spectrum.beside is None else len(self.spectrum.beside.along)

    def flagged(self, ridge: float) -> float:
        """The share of the candidates that score above 99 % of the known non-members."""
        return flagged(scores_of(self.spectrum, ridge), scores_beside(self.spectrum, ridge))

    def sizes(self) -> Floats:
        """The coefficient of each candidate in units of a member's, float64[m]; NaN likewise."""
        ridge = self.setting.ridge
        c, unsure = self.spectrum.coefficients(ridge), self.spectrum.unsure(ridge)
        answer = np.full(len(self.clear), np.nan)
        # A size of 0 means that nothing was learned; the coefficients are then 0 too.
        answer[self.clear] = c / (size_of_member(c, unsure) or 1.0)
        return answer


# A spectrum, and a setting that is tried on it.
Tried: TypeAlias = tuple[Spectrum, Setting]


def chosen(tried: Sequence[Tried], *, rng: Rng) -> Tried:
    """The likeliest setting; or another ridge or temperature, if known non-members show that more stand out.

    Args:
        tried: the spectra with the setting that is likeliest for each, the likeliest of all first.
        rng: draws sets of known non-members.
    """
    if tried[0][0].beside is None:
        return tried[0]
    settings = [tried[0]]
    settings += [
        (spectrum, replace(setting, ridge=ridge, by="by known non-members"))
        for spectrum, setting in tried
        for ridge in GRID
        if sound(spectrum, ridge)
    ]
    own = np.stack([scores_of(spectrum, setting.ridge) for spectrum, setting in settings])
    known = np.stack([scores_beside(spectrum, setting.ridge) for spectrum, setting in settings])
    return settings[set_apart(own, known, 0, rng=rng)]


def scores_of(spectrum: Spectrum, ridge: float) -> Floats:
    """The score of each candidate, float64[m]."""
    c, unsure = spectrum.coefficients(ridge), spectrum.unsure(ridge)
    return likelihood_ratio(c, unsure, TYPICAL * size_of_member(c, unsure))


def scores_beside(spectrum: Spectrum, ridge: float) -> Floats:
    """The score of each known non-member, float64[N], as if it alone were one more candidate."""
    # A member is as large as among the candidates, whom one more would hardly change.
    size = size_of_member(spectrum.coefficients(ridge), spectrum.unsure(ridge))
    return likelihood_ratio(*spectrum.added(ridge), TYPICAL * size)


def sound(spectrum: Spectrum, ridge: float) -> bool:
    """Does this ridge leave noise alone, and do members add to the target instead of taking from it?"""
    size = size_of_member(spectrum.coefficients(ridge), spectrum.unsure(ridge))
    return size > 0 and spectrum.spent(ridge) <= SPENT
