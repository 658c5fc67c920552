"""You hold pictures of people: can somebody who has other pictures of them recognise them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from confide.attacks.linkage.images import ALL, ClearTrained, Recogniser, SmallCNN
from confide.audits.images.closed_set import CLEAR, CLOSED, RETRAINED, ClosedSet
from confide.audits.images.exhibits import (
    deblurring_table,
    if_all_are_known,
    people_table,
    recognised_as,
    recognition_table,
)
from confide.audits.images.protections import PROTECTIONS
from confide.audits.images.released import doubts, known_or_refused, obscured_by
from confide.audits.protections import made_by
from confide.audits.release import AuditedRelease, PlannedGame
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.estimate import Estimate, Measured
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.games.linkage.images import ImageRecognition
from confide.inputs.images import Images, ImagesData, read_images
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.anonymize.gaussian_blur import GaussianBlur
from confide.mechanisms.in_order import in_order
from confide.report import Exhibit
from confide.utility.images import SSIM, left_of

MANY, FEW = 5, 20
"""How often pictures are divided: few of them more often, so that there is something to measure."""
ENOUGH = 60
"""From this number of released pictures on they are many."""
USABLE = "recognised by a machine that learned from clear pictures"


def read(held: Images, *, settings: Settings) -> ImagesSubject:
    """Read and check the pictures.

    Raises:
        DataError: if the pictures or their names cannot be used, or nobody says how released ones were made.
    """
    made = made_by(held.released, held.made_by, PROTECTIONS)
    return subject_of(held, read_images(held), settings=settings, made_by=made)


def subject_of(
    held: Images, album: ImagesData, *, settings: Settings, made_by: AnyMechanism | None = None
) -> ImagesSubject:
    """Decide in how many worlds the pictures are divided.

    Args:
        made_by: how released pictures were made, as the adversary knows it.

    Raises:
        DataError: if nobody says how released pictures were made.
    """
    made_by = known_or_refused(album, made_by)
    released = (1 - held.gallery) * len(album.pictures)
    worlds = held.worlds or (MANY if released >= ENOUGH else FEW)
    return ImagesSubject(album, held.gallery, worlds, settings, made_by)


@dataclass(frozen=True, slots=True)
class ImagesSubject:
    """Pictures, read and named, and how they are divided between the adversary and the release."""

    album: ImagesData
    gallery: float
    worlds: int
    settings: Settings
    made_by: AnyMechanism | None = None
    _closed: dict[str, ClosedSet] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.album.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        def game(closed: bool) -> ImageRecognition:
            return ImageRecognition(
                mechanism=mechanism,
                pictures=self.album.pictures,
                gallery=self.gallery,
                closed=closed,
                released=self.album.released,
                made_by=None if self.made_by is None else known,
            )

        known = self._known(mechanism)

        # what is compared comes from the closed set alone, so the clear pictures need no attack beside it
        idle = isinstance(mechanism, Published) and bool(self.settings.protections)
        return [
            PlannedGame(game=game(closed=False), attacks=() if idle else asked, worlds=self.worlds),
            PlannedGame(game=game(closed=True)),
        ]

    def context(self, release: AuditedRelease, count: Count) -> Context:
        album, promise = self.album, self._known(release.mechanism).budget
        n, h, w = album.pictures.pixels.shape[:3]
        colour = "colour" if album.pictures.pixels.ndim == 4 else "grey"
        about = {
            "pictures": f"{count(n)} of {count(len(album.people))} people, {h}x{w}, {colour}",
            "obscured by": obscured_by(release, self.made_by),
            "divided": f"{self.gallery:.0%} of each person's pictures in the gallery, in each of "
            f"{self.worlds} rounds",
        }
        if promise is not None:
            about["promised"] = f"{promise}; nothing about the picture as a whole"
        alone = f"{count(album.alone)} people with a single picture were left out: each side needs one."
        return Context(
            about=about,
            adversary=(
                f"The adversary has {self.gallery:.0%} of the pictures of half of the people, clear and with "
                "names. The other half are unknown to it.",
                "It knows how the pictures were obscured, and can do the same to its own.",
            ),
            notes=[alone] * (album.alone > 0),
            warnings=(*doubts(self.album, self.made_by), *if_all_are_known(self._closed_set(release))),
            skipped=self._closed_set(release).skipped,
        )

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        found, blur = self._closed_set(release), self._known(release.mechanism)
        return (
            recognition_table(found, self.album),
            *([deblurring_table(blur, found)] if isinstance(blur, GaussianBlur) else ()),
            people_table(found, self.album),
        )

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        return recognised_as(self._closed_set(release), self.album)

    def risk(self, release: AuditedRelease, plain: AuditedRelease) -> Estimate:
        return self._closed_set(release).rate(RETRAINED, k=1)

    def utility(self, release: AuditedRelease) -> Measured:
        world = release.dealt(CLOSED)[0]
        usable = self._closed_set(release).rate(CLEAR, k=1)
        return {**left_of(world.source, world.case.view), USABLE: usable}

    def _known(self, mechanism: AnyMechanism) -> AnyMechanism:
        """How the release of this mechanism was made in all."""
        return mechanism if self.made_by is None else in_order([self.made_by, mechanism])

    def _closed_set(self, release: AuditedRelease) -> ClosedSet:
        """Everybody in the gallery; the network takes part if it is named, or if nothing is."""
        if release.name not in self._closed:
            named = any(isinstance(a, SmallCNN) for a in release.attacks)
            self._closed[release.name] = ClosedSet(release, network=self.settings.attacks is None or named)
        return self._closed[release.name]


SPEC = AuditSpec(
    name="images",
    question="Can a machine recognise people in released pictures?",
    goal="linkage of images",
    record=Images,
    read=read,
    attacks=(Recogniser, ClearTrained),
    known=ALL,
    protections=PROTECTIONS,
    risk="recognised by a machine that learned from pictures obscured the same way",
    across=SSIM,
)
