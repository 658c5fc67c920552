"""Our own formulation; nearest: Haim, Vardi, Yehudai, Shamir, Irani: Reconstructing Training Data (2022)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

import numpy as np

from confide.attacks.membership.white_box.decoder._known_nonmembers import FEWEST, flagged, with_strangers
from confide.attacks.membership.white_box.decoder._linear_inverse import (
    Spectrum,
    likelihood_ratio,
    size_of_member,
)
from confide.attacks.membership.white_box.decoder._training_sums import (
    Sum,
    Target,
    sketch_of,
    softened,
    sums,
    system_of,
)
from confide.core.access import WhiteBox
from confide.core.arrays import Bools, Floats, Rng
from confide.core.diagnostics import Curve, Diagnostics
from confide.core.errors import DataError, KnowledgeError
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records

GRID = tuple(10.0 ** (k / 2) for k in range(-16, 1))
"""The ridges that are tried, in units of the mean squared gradient."""
TEMPERATURES = (1.0, 1.5)
"""The temperatures that are tried."""
HOTTER = 2.0
"""... and this one, where known non-members choose: the evidence likes hot gradients too much."""
STANDS_OUT = 0.02
"""In a regression: conclusive only if more candidates stand above 99 % of the known non-members."""
WHAT = {
    "weights": "the weights",
    "displacement": "the way from the oldest published state",
    "update": "the update of the oldest published state",
}
EXPLAINED = 0.45
"""Conclusive only if the candidates' gradients explain this share of the target (`docs/decoder.md`) ..."""
SPENT = 0.7
"""... and noise would not be explained to a larger share than this."""
TYPICAL = 0.75
"""Members differ in how large their part is: the test is for one that is somewhat smaller than average."""


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
    """A system under a setting, and which of m candidates it is about (`clear`, bool[m])."""

    spectrum: Spectrum
    setting: Setting
    clear: Bools

    @property
    def explained(self) -> float:
        """The share of the target that the candidates' gradients explain."""
        return self.spectrum.explained(self.setting.ridge)

    def scores(self, ridge: float | None = None) -> Floats:
        """The score of each candidate, float64[m]; NaN where the gradient is not finite."""
        answer = np.full(len(self.clear), np.nan)
        answer[self.clear] = scores_of(self.spectrum, self.setting.ridge if ridge is None else ridge)
        return answer

    def sizes(self) -> Floats:
        """The coefficient of each candidate in units of a member's, float64[m]; NaN likewise."""
        ridge = self.setting.ridge
        c, unsure = self.spectrum.coefficients(ridge), self.spectrum.unsure(ridge)
        answer = np.full(len(self.clear), np.nan)
        answer[self.clear] = c / (size_of_member(c, unsure) or 1.0)
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """Training adds its members' gradients up in the parameters: whose are they made of?

    With weight decay, at the end of training, sum over members of g_i + n lambda theta = 0. From a known
    start, start - theta is a sum of gradients too. So the adversary takes the gradient g_i of every candidate
    in the published model and solves t = sum c_i g_i, where t is minus the weights, or the displacement: c_i
    is about one size for members, and about 0 for all others. He needs no reference model, only a list of
    candidates; members who are not on it act as noise. A model that answers alike for everybody may still
    give its members away here.

    The system is solved as a Gaussian one, c = (K + ridge)^-1 G t with the Gram matrix K of the gradients.
    Score: the log likelihood ratio of c_i = s against c_i = 0, all other c_j unknown, up to one factor:
    (c_i - (1 - u_i) s / 2) / u_i, where u_i = ridge ((K + ridge)^-1)_ii says how little was learnt about this
    record, and s, the size of a member, comes from the c themselves. The weight of each layer is one over
    the noise in it; ridge and temperature are those under which the published parameters are likeliest (the
    evidence). No label is used. With known non-members (a population) the card also says how many candidates
    stand out from them; and where the gradients explain too little for the evidence to be trusted, ridge and
    temperature are those under which most candidates do.

    Our own formulation. Its relatives: stationarity for reconstruction (Balle, Cherubin, Hayes 2022; Haim et
    al. 2022), the inverse-Hessian attack (Suri, Zhang, Evans 2024), gradient likelihood ratios (Leemann,
    Pawelczyk, Kasneci 2023), and KKT coefficients as scores (ImpMIA 2025).

    Args:
        target: the weights; the displacement from the oldest published state, with gradients of now; or that
            displacement as an update of a step or a few, with gradients of then. "auto" tries all that there
            are, and takes the one that the gradients explain best.
        ridge: in units of the mean squared gradient; None to choose by the evidence.
        temperature: of the softmax in the gradients; None to choose between 1 and 1.5 by the evidence.
        layers: the names of the layers to look at; None for all.
        layer_weights: by the noise in each layer ("learnt"), or "equal".
        most: candidates (known non-members among them) for the whole Gram matrix, which takes some 60 m^2
            bytes; with more, gradients are sketched.
        sketch: the numbers that a gradient is summed into then.
    """

    name: ClassVar[str] = "decoder"
    title: ClassVar[str] = "Is the record's gradient among those that the parameters are made of?"
    paper: ClassVar[Paper] = Paper(
        authors="The confide developers",
        title="The gradient decoder: membership as a linear inverse problem",
        venue="confide; nearest: Haim et al. 2022, Reconstructing Training Data from Trained Neural Networks",
        year=2026,
        url="https://arxiv.org/abs/2206.07758",
    )

    target: Target = "auto"
    ridge: float | None = None
    temperature: float | None = None
    layers: tuple[str, ...] | None = None
    layer_weights: Literal["learnt", "equal"] = "learnt"
    most: int = 8_000
    sketch: int = 8_192

    def __post_init__(self) -> None:
        if self.target not in get_args(Target):
            raise DataError(f"target is {self.target!r}: choose from {', '.join(get_args(Target))}.")
        numbers = {
            "ridge": self.ridge,
            "temperature": self.temperature,
            "most": self.most,
            "sketch": self.sketch,
        }
        for name, value in numbers.items():
            if value is not None and not value > 0:
                raise DataError(f"{name} is {value}: give a number above 0.")

    def __call__(self, case: Case[WhiteBox, Background, Records], *, rng: Rng) -> Guess:
        drawing, solving = rng.spawn(2)
        people = with_strangers(case, rng=drawing)
        n = len(case.targets)
        solution = self.solve(case.view, people, strangers=len(people) - n, rng=solving)
        return Guess(
            None, solution.scores()[:n], self.diagnostics(solution, n, values=case.known.classes < 2)
        )

    def solve(self, view: WhiteBox, people: Records, *, strangers: int, rng: Rng) -> Solution:
        """The system under the best setting; of two targets, the one that is explained better.

        Args:
            strangers: so many of the people, the last ones, are known non-members.
        """
        found = sums(view, self.target, self.layers, self.name)
        clear = clear_of(found, people)
        outside = int(clear[len(clear) - strangers :].sum())
        people, best = people.take(clear), None
        for target, each in found.items():
            choosing, hashing = rng.spawn(2)
            if len(people) <= self.most:
                spectrum, setting = self._best(target, each, people, outside)
            else:
                some = people.take(np.sort(choosing.permutation(len(people))[: self.most // 2]))
                setting = self._best(target, each, some, 0)[1]
                spectrum = self._spectrum(each, people, setting, hashing)
            if best is None or spectrum.explained(setting.ridge) > best.explained:
                best = Solution(spectrum=spectrum, setting=setting, clear=clear)
        assert best is not None, "there is always a target"
        return best

    def again(self, view: WhiteBox, people: Records, setting: Setting, *, rng: Rng) -> Solution:
        """The system of another model, under a setting that is chosen already."""
        found = sums(view, setting.target, self.layers, self.name)
        clear = clear_of(found, people)
        spectrum = self._spectrum(found[setting.target], people.take(clear), setting, rng)
        return Solution(spectrum=spectrum, setting=setting, clear=clear)

    def _spectrum(self, found: Sum, people: Records, setting: Setting, rng: Rng) -> Spectrum:
        soft = softened(found, setting.temperature)
        if len(people) <= self.most:
            return system_of(soft, people).spectrum(setting.weights)
        return sketch_of(soft, people, setting.weights, width=self.sketch, rng=rng)

    def _best(self, target: Target, found: Sum, people: Records, strangers: int) -> tuple[Spectrum, Setting]:
        """The likeliest setting; where that explains too little, the one that sets most candidates apart."""
        tried: list[tuple[Spectrum, Setting]] = []
        for temperature in TEMPERATURES if self.temperature is None else (self.temperature,):
            try:
                tried.append(self._tried(target, found, people, temperature))
            except KnowledgeError:
                if not tried:
                    raise
                break
        spectrum, setting = max(tried, key=lambda one: one[0].evidence(one[1].ridge))
        if self.ridge is not None or strangers < FEWEST or spectrum.explained(setting.ridge) >= EXPLAINED:
            return spectrum, setting
        if self.temperature is None and len(tried) == len(TEMPERATURES):
            tried.append(self._tried(target, found, people, HOTTER))
        return set_apart(tried, len(people) - strangers)

    def _tried(
        self, target: Target, found: Sum, people: Records, temperature: float
    ) -> tuple[Spectrum, Setting]:
        system = system_of(softened(found, temperature), people)
        learnt = self.layer_weights == "learnt"
        weights = system.learnt_weights() if learnt else np.ones(len(system.grams))
        spectrum = system.spectrum(weights)
        ridge, by = self._ridge(spectrum), "by the evidence" if self.ridge is None else "given"
        return spectrum, Setting(target=target, temperature=temperature, weights=weights, ridge=ridge, by=by)

    def _ridge(self, spectrum: Spectrum) -> float:
        """The likeliest ridge of those that leave noise alone and give members a part: they add, never take.

        Far from stationary the likeliest of all may be one that explains next to nothing.
        """
        if self.ridge is not None:
            return self.ridge
        return max(GRID, key=lambda ridge: (_sound(spectrum, ridge), spectrum.evidence(ridge)))

    def diagnostics(self, solution: Solution, n: int, *, values: bool) -> Diagnostics:
        """What the card says; `values` where the model predicts values, not classes."""
        setting, strangers = solution.setting, len(solution.clear) - n
        explained, among = max(solution.explained, 0.0), int(solution.clear.sum())
        sketched = f" (gradients sketched in {self.sketch} numbers, as there are more than {self.most})"
        beside = f" and {strangers} known non-members" if strangers else ""
        remarks = [
            f"It looked for the gradients of {n} candidates{beside} in {WHAT[setting.target]}"
            f"{sketched if among > self.most else ''}.",
            f"Ridge {setting.ridge:.1g} ({setting.by}), gradients at "
            f"temperature {setting.temperature:g}; no label was used.",
            f"The candidates' gradients explain {explained:.0%} of the target, chance deducted.",
            "He cannot know how many of the members are among the candidates; those missing act as noise.",
        ]
        shares: list[float] = []
        stands_out = 0.0
        if strangers:
            shares = [flagged(solution.scores(ridge), n) for ridge in GRID]
            stands_out = flagged(solution.scores(), n)
            above = "of the candidates stand above 99% of the known non-members; by chance, 1%."
            remarks.append(f"{stands_out:.1%} {above}")
        doubt = ""
        spectrum = solution.spectrum
        if explained < EXPLAINED:
            doubt = (
                f"{1 - explained:.0%} of the target is left unexplained. The model is far from stationary, "
                "or has noise in its weights, or most members are not among the candidates: give a known "
                "start (checkpoints), or the whole list."
            )
        elif spectrum.parameters < among or spectrum.spent(setting.ridge) > SPENT:
            doubt = (
                f"{spectrum.parameters:.0f} numbers are too few to tell {among} candidates apart: give fewer "
                "candidates, or look at more layers (or a wider `sketch`)."
            )
        elif values and stands_out <= STANDS_OUT:
            doubt = (
                "in a regression the share explained tells too little, and no candidate stands out from "
                "known non-members: give a population where there is none."
            )
        if doubt:
            remarks.append(f"Not conclusive: {doubt}")
        return Diagnostics(tuple(remarks), not doubt, (_curve(solution, shares),))


def clear_of(found: Mapping[Target, Sum], people: Records) -> Bools:
    """Whose gradient is finite, bool[m]."""
    products = next(iter(found.values())).along(people)
    return np.asarray(np.isfinite(products).all(axis=1))


def set_apart(tried: list[tuple[Spectrum, Setting]], n: int) -> tuple[Spectrum, Setting]:
    """The temperature and the ridge under which most of the first n stand above the others."""
    share = {
        (at, ridge): flagged(scores_of(spectrum, ridge), n)
        for at, (spectrum, _) in enumerate(tried)
        for ridge in GRID
        if _sound(spectrum, ridge)
    }
    if not share:
        return tried[0]
    at, ridge = max(share, key=lambda one: share[one])
    spectrum, setting = tried[at]
    return spectrum, replace(setting, ridge=ridge, by="by known non-members")


def scores_of(spectrum: Spectrum, ridge: float) -> Floats:
    """The score of each candidate, float64[m]."""
    c, unsure = spectrum.coefficients(ridge), spectrum.unsure(ridge)
    return likelihood_ratio(c, unsure, TYPICAL * size_of_member(c, unsure))


def _sound(spectrum: Spectrum, ridge: float) -> bool:
    size = size_of_member(spectrum.coefficients(ridge), spectrum.unsure(ridge))
    return size > 0 and spectrum.spent(ridge) <= SPENT


def _curve(solution: Solution, shares: list[float]) -> Curve:
    title, y_title = "Candidates that stand above 99% of the known non-members", "share of candidates"
    if not shares:
        evidence = np.array([solution.spectrum.evidence(ridge) for ridge in GRID])
        shares = ((evidence - evidence.max()) / len(solution.clear)).tolist()
        title, y_title = "How likely the parameters are under each ridge", "log evidence a candidate"
    return Curve(title, "ridge", y_title, GRID, tuple(shares), solution.setting.ridge)
