"""Geiping, Bauermeister, Dröge, Moeller: Inverting Gradients (NeurIPS 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.reconstruction.updates._claims import matched_guess, need_numbers
from confide.attacks.reconstruction.updates._labels import label_counts, labels_of
from confide.core.arrays import Ints, Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.updates import KnownInputs
from confide.views.shared_gradient import SharedGradient


@dataclass(frozen=True, slots=True, kw_only=True)
class InvertingGradients:
    """Cosine gradient inversion: looks for smooth pictures whose gradient points the way of the shared one.

    As in deep leakage the adversary moves made-up records, but it compares directions: the length of a
    gradient says how well a record is fitted, its direction which record it is. So it works on trained
    networks too. It minimises 1 - cosine + variation * TV, by Adam on the signs of slopes, within the range
    of the inputs. The total variation prefers smooth pictures; other records have none. Labels are read from
    the last layer.

    What comes out is near and seldom exact. The score is minus the logarithm of 1 - cosine.

    Args:
        variation: the weight of the total variation.
        starts: how many random beginnings are tried at most.
        steps: of Adam, for each.
        rate: its first one, in ranges of a feature.
    """

    name: ClassVar[str] = "inverting-gradients"
    title: ClassVar[str] = later("Which smooth pictures would have moved the model the same way?")
    paper: ClassVar[Paper] = Paper(
        authors="Jonas Geiping and Hartmut Bauermeister and Hannah Dröge and Michael Moeller",
        title="Inverting Gradients - How Easy Is It to Break Privacy in Federated Learning?",
        venue="Advances in Neural Information Processing Systems (NeurIPS)",
        year=2020,
        url="https://arxiv.org/abs/2003.14053",
    )

    variation: float = 1e-4
    starts: int = 1
    steps: int = 600
    rate: float = 0.1

    def __call__(self, case: Case[SharedGradient, KnownInputs, Ints], *, rng: Rng) -> Guess:
        # Here and not above: torch takes seconds to import, and a list of attacks needs none.
        from confide.attacks.reconstruction.updates._gradient_matching import by_cosine

        need_numbers(case.view, self.name)
        labels = labels_of(label_counts(case.view, case.known))
        found = by_cosine(
            case.view, case.known, labels, variation=self.variation, starts=self.starts, steps=self.steps,
            rate=self.rate, rng=rng,
        )  # fmt: skip
        return matched_guess(found.x, found.labels, found.left, len(case.targets))
