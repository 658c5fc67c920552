"""The gallery: clear pictures of candidates, which somebody who wants to recognise people already has."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.errors import DataError
from confide.core.nouns import Mechanism
from confide.views.images import Pictures


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """What the adversary knows: clear pictures with names, and how the released ones were obscured.

    Args:
        clear: labelled pictures of the candidates; `clear.person` holds codes 0, 1, ... without a gap.
        mechanism: by Kerckhoffs' rule he can obscure pictures the same way himself.

    Raises:
        DataError: if the clear pictures carry no names.
    """

    clear: Pictures
    mechanism: Mechanism[Pictures]

    def __post_init__(self) -> None:
        if self.clear.person is None:
            raise DataError("the gallery's pictures carry no names: give `person`, a code for each.")

    @property
    def people(self) -> int:
        """How many candidates there are."""
        return 0 if self.clear.person is None else int(self.clear.person.max(initial=-1)) + 1
