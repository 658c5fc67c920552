"""Background knowledge for reconstruction from contingency tables: other people, and how tables are made."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import Mechanism
from confide.views.crosstabs import Crosstabs
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Population:
    """The adversary's background in the game on contingency tables.

    Args:
        mechanism: made the tables (Kerckhoffs' principle).
        people: other people of the population; none of them is in the release or asked about.
    """

    mechanism: Mechanism[Crosstabs]
    people: Table

    def need_people(self, attack: str) -> Table:
        """The other people, of whom there must be some.

        Raises:
            KnowledgeError: if there is nobody.
        """
        if not len(self.people):
            raise KnowledgeError(
                keep("{attack} needs other people of the population: let it know some.", attack=attack)
            )
        return self.people
