"""The games of an audit of pictures: half of the people known to the adversary, and all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from confide.audits.release import PlannedGame, protected
from confide.audits.settings import Settings
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.games.linkage.images import ImageRecognition
from confide.inputs.images import Images, ImagesData
from confide.mechanisms.anchors.published import Published

MANY, FEW = 5, 20
"""How often pictures are divided: few of them more often, so that there is something to measure."""
ENOUGH = 60
"""From this number of released pictures on they are many."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Games:
    """What is played on a release: the open set, where half of the people are known, and the closed one.

    Args:
        open, closed: the two games.
        worlds: how many worlds of the open one are dealt; of the closed one, where nobody is held out, one.
    """

    open: ImageRecognition
    closed: ImageRecognition
    worlds: int

    def planned(
        self, mechanism: AnyMechanism, asked: Sequence[AnyAttack], settings: Settings
    ) -> tuple[PlannedGame, PlannedGame]:
        """Both games on the release of this mechanism; the attacks play in the open one."""
        # What is compared comes from the closed set alone, so the clear pictures need no attack beside it.
        idle = isinstance(mechanism, Published) and bool(settings.protections)
        return (
            PlannedGame(
                game=protected(self.open, mechanism),
                attacks=() if idle else asked,
                worlds=self.worlds,
                person=self.open.pictures.person,
            ),
            PlannedGame(game=protected(self.closed, mechanism)),
        )


def games_on(held: Images, album: ImagesData, *, made_by: AnyMechanism | None) -> Games:
    """Both games on these pictures as they are, and in how many worlds.

    Args:
        made_by: how released pictures were made, as the adversary knows it.
    """

    def game(closed: bool) -> ImageRecognition:
        return ImageRecognition(
            mechanism=Published(),
            pictures=album.pictures,
            gallery=held.gallery,
            closed=closed,
            released=album.released,
            made_by=made_by,
        )

    released = (1 - held.gallery) * len(album.pictures)
    return Games(
        open=game(closed=False),
        closed=game(closed=True),
        worlds=held.worlds or (MANY if released >= ENOUGH else FEW),
    )
