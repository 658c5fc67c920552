"""Machanavajjhala, Gehrke, Kifer, Venkitasubramaniam: l-Diversity (ICDE 2006), background knowledge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.attribute.table._agreement import agreed
from confide.attacks.attribute.table.homogeneity import DIVERSITY
from confide.core.arrays import Rng
from confide.core.errors import KnowledgeError
from confide.core.language import keep, later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundKnowledge:
    """Background-knowledge attack: the homogeneity attack after values that cannot hold are ruled out.

    The adversary knows of each person some values of the secret that are not theirs ("this neighbour has no
    heart disease"). It leaves records with those values out, and claims the secret where all others agree.
    The game draws these values the same way for people in the release and out of it. Score: the number of
    records that agree; 0 where it makes no claim.

    Source: Machanavajjhala, Gehrke, Kifer, Venkitasubramaniam 2006, section 2.
    """

    name: ClassVar[str] = "background-knowledge"
    title: ClassVar[str] = later("Do the records agree once values that cannot hold are ruled out?")
    paper: ClassVar[Paper] = DIVERSITY

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        if case.known.excluded is None:
            raise KnowledgeError(
                keep(
                    "{attack} needs values of the secret that are known not to hold: let some be excluded.",
                    attack=self.name,
                )
            )
        return agreed(case, excluded=case.known.excluded)
