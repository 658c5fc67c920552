"""Machanavajjhala, Gehrke, Kifer, Venkitasubramaniam: l-Diversity (ICDE 2006), the homogeneity attack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from confide.attacks.attribute.table._agreement import agreed
from confide.core.arrays import Rng
from confide.core.language import later
from confide.core.nouns import Case, Guess
from confide.core.paper import Paper
from confide.knowledge.table import TableKnowledge
from confide.views.table import Table

DIVERSITY = Paper(
    authors="Ashwin Machanavajjhala and Johannes Gehrke and Daniel Kifer and Muthuramakrishnan "
    "Venkitasubramaniam",
    title="l-Diversity: Privacy Beyond k-Anonymity",
    venue="IEEE International Conference on Data Engineering (ICDE)",
    year=2006,
    url="https://doi.org/10.1109/ICDE.2006.1",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Homogeneity:
    """Homogeneity attack: claims the secret only where all records that may be a person's agree on it.

    The adversary takes all records that match what it knows. If they all hold one value, that is the
    person's, however many records there are: k-anonymity hides the record and gives away the secret. Rows
    that are suppressed in all known columns match everybody and are left out. So a claim about a person in
    the release is certain if the facts are right, the secret column is not changed, and the person is not
    one of those rows. Score: the number of records that agree; 0 where it makes no claim.

    Source: Machanavajjhala, Gehrke, Kifer, Venkitasubramaniam 2006, section 2.
    """

    name: ClassVar[str] = "homogeneity"
    title: ClassVar[str] = later("Do all records that may be a person's agree?")
    paper: ClassVar[Paper] = DIVERSITY

    def __call__(self, case: Case[Table, TableKnowledge, Table], *, rng: Rng) -> Guess:
        return agreed(case, excluded=None)
