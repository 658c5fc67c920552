"""Background knowledge for face recognition: a gallery of clear pictures with names."""

from __future__ import annotations

from dataclasses import dataclass

from confide.core.errors import DataError
from confide.core.nouns import Mechanism
from confide.views.images import Pictures


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Gallery: clear pictures with names, and the mechanism that obscured the released ones.

    Args:
        clear: named pictures of the candidates; `clear.person` holds codes 0, 1, ... without a gap.
        mechanism: obscured the released pictures (Kerckhoffs' principle); the adversary can apply it too.

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
        """The number of candidates."""
        return 0 if self.clear.person is None else int(self.clear.person.max(initial=-1)) + 1
