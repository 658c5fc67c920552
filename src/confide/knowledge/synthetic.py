"""Background knowledge for attacks on synthetic data: other people's rows, and what made the file."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import Mechanism
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticKnowledge:
    """The adversary's background in the games on synthetic data.

    Args:
        reference: a precise table of other people of the same law, under the domains of the synthetic one.
            None of them was given to what made the file, and none is a target. None where the adversary knows
            nobody else.
        generator: what made the file, rows -> synthetic rows (Kerckhoffs' principle); None where nobody says.
        rows: about how many rows the generator was given; None where nobody says.
    """

    reference: Table | None = None
    generator: Mechanism[Table] | None = None
    rows: int | None = None

    def need_reference(self, attack: str, *, least: int = 2) -> Table:
        """The rows of other people, of which an attack needs at least `least`.

        Raises:
            KnowledgeError: if there are fewer.
        """
        known = 0 if self.reference is None else len(self.reference)
        if self.reference is None or known < least:
            raise KnowledgeError(
                keep(
                    "{attack} compares with a reference of {least:d} rows of other people or more, and "
                    "knows {known:d}: give rows that the generator did not get (--control).",
                    attack=attack,
                    least=least,
                    known=known,
                )
            )
        return self.reference

    def need_generator(self, attack: str) -> tuple[Mechanism[Table], int]:
        """The generator, and how many rows it was given.

        Raises:
            KnowledgeError: if one of them is not known.
        """
        if self.generator is None or self.rows is None:
            raise KnowledgeError(
                keep(
                    "{attack} makes synthetic rows of its own: say what made the file (--generator or "
                    "--mechanism).",
                    attack=attack,
                )
            )
        return self.generator, self.rows


@dataclass(frozen=True, slots=True, eq=False)
class AllButOne:
    """The background that differential privacy allows: all rows of the table but one person's.

    Args:
        rest: a precise table of everybody else's rows.
    """

    rest: Table
