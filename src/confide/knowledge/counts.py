"""Background knowledge for membership in counts: other people's traces, and the mechanism."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.errors import KnowledgeError
from confide.core.language import keep
from confide.core.nouns import Mechanism
from confide.views.counts import Counts
from confide.views.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """The adversary's background in the game on counts.

    Args:
        mechanism: made the counts (Kerckhoffs' principle).
        people: the traces of people who may be in the group or not; none of them is a target.
        group: about how many people were counted.
    """

    mechanism: Mechanism[Counts]
    people: Traces
    group: int

    def need_people(self, attack: str, *, least: int = 2) -> Traces:
        """The traces of other people, of which an attack needs at least `least`.

        Raises:
            KnowledgeError: if there are fewer of them.
        """
        if self.people.people < least:
            raise KnowledgeError(
                keep(
                    "{attack} needs the traces of {least} other people, but knows those of {people}: let it "
                    "know a larger share of them.",
                    attack=attack,
                    least=least,
                    people=self.people.people,
                )
            )
        return self.people
