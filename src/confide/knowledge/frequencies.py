"""Background knowledge for tracing from statistics: a reference sample, and the mechanism."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import AnyMechanism
from confide.views.frequencies import Genotypes, Measurements


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """The adversary's background in the game on statistics.

    Args:
        mechanism: made the statistics (Kerckhoffs' principle).
        people: a sample of the population from which the pool came; none of them is in the pool, and none
            is a target.
    """

    mechanism: AnyMechanism
    people: Genotypes | Measurements

    def genotypes(self, attack: str, *, least: int = 2) -> Genotypes:
        """The genotypes of the reference, of which an attack needs at least `least`.

        Raises:
            KnowledgeError: if there are fewer, or the reference holds measurements.
        """
        if not isinstance(self.people, Genotypes):
            raise KnowledgeError(
                keep("{attack} needs genotypes: give measurements to means-lr.", attack=attack)
            )
        self._enough(attack, least)
        return self.people

    def measurements(self, attack: str, *, least: int = 2) -> Measurements:
        """The measurements of the reference, of which an attack needs at least `least`.

        Raises:
            KnowledgeError: if there are fewer, or the reference holds genotypes.
        """
        if not isinstance(self.people, Measurements):
            raise KnowledgeError(
                keep("{attack} needs measurements: give genotypes to frequency-lr.", attack=attack)
            )
        self._enough(attack, least)
        return self.people

    def _enough(self, attack: str, least: int) -> None:
        if len(self.people) < least:
            raise KnowledgeError(
                keep(
                    "{attack} needs a reference of {least} people, but knows {people}: give more of the "
                    "population.",
                    attack=attack,
                    least=least,
                    people=len(self.people),
                )
            )
