"""Our own formulation; nearest: Haim, Vardi, Yehudai, Shamir, Irani: Reconstructing Training Data (2022)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from confide.attacks.membership.white_box.decoder._known_nonmembers import FEWEST, known_nonmembers
from confide.attacks.membership.white_box.decoder._linear_inverse import Spectrum
from confide.attacks.membership.white_box.decoder._remarks import EXPLAINED, remarks_on
from confide.attacks.membership.white_box.decoder._solution import (
    GRID,
    Setting,
    Solution,
    Tried,
    chosen,
    sound,
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
from confide.core.arrays import Bools, Rng
from confide.core.diagnostics import Diagnostics
from confide.core.errors import DataError, KnowledgeError
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.models import Background
from confide.views.records import Records

# The temperatures that are tried: in a well fitted model gradients at 1 are tiny and ragged.
TEMPERATURES = (1.0, 1.5)
# This one is tried too where known non-members choose: the evidence likes hot gradients too much.
HOTTER = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """Gradient decoder: finds the records whose gradients the parameters are made of.

    Training adds up its members' gradients in the parameters. With weight decay, at the end of training, sum
    over members of g_i + n lambda theta = 0. From a known start, start - theta is a sum of gradients too. So
    the adversary takes the gradient g_i of every candidate in the published model and solves t = sum c_i g_i,
    where t is minus the weights, or the displacement. c_i is about the same size for all members, and about 0
    for all others. The adversary needs no reference model, only a list of candidates; members who are not on
    it act as noise. A model that answers all people in the same way may still give its members away here.

    The system is solved as a Gaussian one, c = (K + ridge)^-1 G t with the Gram matrix K of the gradients.
    Score: the log-likelihood ratio of c_i = s against c_i = 0, all other c_j unknown, up to one factor: (c_i
    - (1 - u_i) s / 2) / u_i. Here u_i = ridge ((K + ridge)^-1)_ii says how little was learned about this
    record, and s, the size of a member, comes from the c themselves. The weight of each layer is one over the
    noise in it. Ridge and temperature are those under which the published parameters are most likely (the
    evidence). No label is used. Known non-members (a population) are known zeros of the system and add no
    unknown to it. Each is tested as if it alone were one more candidate, in closed form. The card says how
    many candidates stand out from them, and where clearly more do under another ridge or temperature, that
    is taken.

    Our own formulation. Related work: stationarity for reconstruction (Balle, Cherubin, Hayes 2022; Haim et
    al. 2022), the inverse-Hessian attack (Suri, Zhang, Evans 2024), gradient likelihood ratios (Leemann,
    Pawelczyk, Kasneci 2023), and KKT coefficients as scores (ImpMIA 2025).

    Args:
        target: "weights"; "displacement", the way from the oldest published state, with gradients of the last
            state; or "update", the same way as one step or a few, with gradients of the oldest state. "auto"
            tries all that there are and takes the one that the gradients explain best.
        ridge: in units of the mean squared gradient; None to choose by the evidence.
        temperature: of the softmax in the gradients; None to choose between 1 and 1.5 by the evidence.
        layers: the names of the layers to look at; None for all.
        layer_weights: by the noise in each layer ("learnt"), or "equal".
        most: candidates for which the whole Gram matrix is computed; it takes about 60 m^2 bytes. With more,
            gradients are sketched.
        sketch: the numbers that a gradient is then summed into.
    """

    name: ClassVar[str] = "decoder"
    title: ClassVar[str] = later("Is the record's gradient among those that the parameters are made of?")
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
        known = known_nonmembers(case, rng=drawing)
        solution = self.solve(case.view, case.targets, known, rng=solving)
        return Guess(None, solution.scores(), self.diagnostics(solution, values=case.known.classes < 2))

    def solve(self, view: WhiteBox, people: Records, known: Records | None, *, rng: Rng) -> Solution:
        """The system under the best setting; of several targets, the one that is explained best.

        Args:
            view: the released model.
            people: the candidates.
            known: known non-members, none of them among the candidates.
            rng: draws who is looked at and the sketch, where there are too many candidates, and sets of known
                non-members.
        """
        found = sums(view, self.target, self.layers, self.name)
        clear = clear_of(found, people)
        people, known = people.take(clear), _usable(found, known)
        choosing, hashing, drawing = rng.spawn(3)
        whole = len(people) <= self.most
        # With more, the setting is chosen on as many candidates as fit into a Gram matrix.
        some = people.take(np.sort(choosing.permutation(len(people))[: self.most // 2]))
        best: tuple[float, Spectrum, Setting] | None = None
        for target, each in found.items():
            tried = self._tried(target, each, people if whole else some, known)
            # Known non-members have no say in the target: what the evidence would have taken is the same.
            explained = tried[0][0].explained(tried[0][1].ridge)
            if best is None or explained > best[0]:
                best = explained, *(chosen(tried, rng=drawing) if self.ridge is None else tried[0])
        assert best is not None, "there is always a target"
        _, spectrum, setting = best
        if not whole:
            spectrum = self._spectrum(found[setting.target], people, setting, hashing, known)
        return Solution(spectrum=spectrum, setting=setting, clear=clear)

    def again(self, view: WhiteBox, people: Records, setting: Setting, *, rng: Rng) -> Solution:
        """The system of another model, under a setting that was chosen before."""
        found = sums(view, setting.target, self.layers, self.name)
        clear = clear_of(found, people)
        spectrum = self._spectrum(found[setting.target], people.take(clear), setting, rng)
        return Solution(spectrum=spectrum, setting=setting, clear=clear)

    def _spectrum(
        self, found: Sum, people: Records, setting: Setting, rng: Rng, known: Records | None = None
    ) -> Spectrum:
        soft = softened(found, setting.temperature)
        if len(people) <= self.most:
            return system_of(soft, people, known).spectrum(setting.weights)
        return sketch_of(soft, people, setting.weights, known=known, width=self.sketch, rng=rng)

    def _tried(self, target: Target, found: Sum, people: Records, known: Records | None) -> list[Tried]:
        """The likeliest setting at each temperature, the likeliest of all first."""
        tried: list[Tried] = []
        for temperature in TEMPERATURES if self.temperature is None else (self.temperature,):
            try:
                tried.append(self._at(temperature, target, found, people, known))
            except KnowledgeError:
                # A view that shows gradients only at temperature 1 is used at that.
                if not tried:
                    raise
                break
        tried.sort(key=lambda one: -one[0].evidence(one[1].ridge))
        spectrum, setting = tried[0]
        choosing = known is not None and self.ridge is None and len(tried) == len(TEMPERATURES)
        if choosing and spectrum.explained(setting.ridge) < EXPLAINED:
            tried.append(self._at(HOTTER, target, found, people, known))
        return tried

    def _at(
        self, temperature: float, target: Target, found: Sum, people: Records, known: Records | None
    ) -> Tried:
        system = system_of(softened(found, temperature), people, known)
        learnt = self.layer_weights == "learnt"
        weights = system.learnt_weights() if learnt else np.ones(len(system.grams))
        spectrum = system.spectrum(weights)
        ridge, by = self._ridge(spectrum), "by the evidence" if self.ridge is None else "given"
        return spectrum, Setting(target=target, temperature=temperature, weights=weights, ridge=ridge, by=by)

    def _ridge(self, spectrum: Spectrum) -> float:
        """The most likely ridge of those that leave noise alone and give members a positive part.

        Far from a stationary point the most likely of all ridges may explain next to nothing.
        """
        if self.ridge is not None:
            return self.ridge
        return max(GRID, key=lambda ridge: (sound(spectrum, ridge), spectrum.evidence(ridge)))

    def diagnostics(self, solution: Solution, *, values: bool) -> Diagnostics:
        """The card's remarks; `values` where the model predicts values instead of classes."""
        return remarks_on(solution, sketch=self.sketch, most=self.most, values=values)


def _usable(found: Mapping[Target, Sum], known: Records | None) -> Records | None:
    """The known non-members whose gradient is finite, if those are still enough."""
    clear = np.empty(0, np.bool_) if known is None else clear_of(found, known)
    return None if known is None or clear.sum() < FEWEST else known.take(clear)


def clear_of(found: Mapping[Target, Sum], people: Records) -> Bools:
    """bool[m]: whose gradient is finite?"""
    products = next(iter(found.values())).along(people)
    return np.asarray(np.isfinite(products).all(axis=1))
