"""You hold pictures of people: can somebody who has other pictures of them recognise them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from confide.attacks.linkage.images import ALL, ClearTrained, Recogniser, SmallCNN
from confide.audits.images.closed_set import CLEAR, CLOSED, RETRAINED, ClosedSet
from confide.audits.images.context import context_of
from confide.audits.images.exhibits import deblurring_table, people_table, recognised_as, recognition_table
from confide.audits.images.games import Games, games_on
from confide.audits.images.making import made_of
from confide.audits.images.protections import PROTECTIONS
from confide.audits.making import UNRELEASED, HowMade
from confide.audits.release import AuditedRelease, PlannedGame, made_in_all
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Context, Count
from confide.core.estimate import Estimate, Measured
from confide.core.language import later
from confide.core.nouns import AnyAttack, AnyMechanism
from confide.inputs.images import Images, ImagesData, read_images
from confide.mechanisms.anonymize.gaussian_blur import GaussianBlur
from confide.report import Exhibit
from confide.utility.images import SSIM, left_of

USABLE = later("recognised by a machine that learned from clear pictures")


def read(held: Images, *, settings: Settings) -> ImagesSubject:
    """Read and check the pictures.

    Raises:
        DataError: if the pictures or their names cannot be used, or nobody knows how released ones were made.
    """
    album = read_images(held)
    return subject_of(held, album, settings=settings, how=made_of(held, album, PROTECTIONS))


def subject_of(
    held: Images, album: ImagesData, *, settings: Settings, how: HowMade = UNRELEASED
) -> ImagesSubject:
    """Decide in how many worlds the pictures are divided.

    Args:
        how: released pictures were made, as the adversary knows it.
    """
    return ImagesSubject(album, games_on(held, album, made_by=how.mechanism), settings, how)


@dataclass(frozen=True, slots=True)
class ImagesSubject:
    """Pictures, read and named, and the two games that are played on them."""

    album: ImagesData
    planned: Games
    settings: Settings
    how: HowMade = UNRELEASED

    @property
    def name(self) -> str:
        return self.album.name

    def games(self, mechanism: AnyMechanism, asked: Sequence[AnyAttack]) -> Sequence[PlannedGame]:
        return self.planned.planned(mechanism, asked, self.settings)

    def context(self, release: AuditedRelease, count: Count) -> Context:
        return context_of(self.planned, self.album, self.how, self._closed_set(release), release, count)

    def exhibits(self, release: AuditedRelease) -> Sequence[Exhibit]:
        found, blur = self._closed_set(release), made_in_all(self.planned.closed, release.mechanism)
        return (
            recognition_table(found, self.album),
            *([deblurring_table(blur, found)] if isinstance(blur, GaussianBlur) else ()),
            people_table(found, self.album),
        )

    def targets(self, release: AuditedRelease) -> pl.DataFrame:
        return recognised_as(self._closed_set(release), self.album)

    def risk(self, release: AuditedRelease, plain: AuditedRelease, *, confidence: float) -> Estimate:
        return self._closed_set(release).rate(RETRAINED, k=1, confidence=confidence)

    def utility(self, release: AuditedRelease) -> Measured:
        world = release.dealt(CLOSED)[0]
        usable = self._closed_set(release).rate(CLEAR, k=1)
        return {**left_of(world.source, world.case.view), USABLE: usable}

    def _closed_set(self, release: AuditedRelease) -> ClosedSet:
        """Everybody in the gallery; the network takes part if it is named, or if nothing is."""
        named = any(isinstance(a, SmallCNN) for a in release.attacks)
        network = self.settings.attacks is None or named
        return release.once("closed set", lambda: ClosedSet(release, network=network))


SPEC = AuditSpec(
    name="images",
    question="Can a machine recognise people in released pictures?",
    goal="linkage of images",
    record=Images,
    read=read,
    attacks=(Recogniser, ClearTrained),
    known=ALL,
    protections=PROTECTIONS,
    risk=later("recognised by a machine that learned from pictures obscured the same way"),
    across=SSIM,
)
