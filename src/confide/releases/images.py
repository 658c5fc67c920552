"""You hold pictures of people, and want the safer pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from confide.audits import images as audits
from confide.audits.making import HowMade
from confide.audits.settings import Settings
from confide.audits.spec import Subject
from confide.core.arrays import Ints
from confide.core.claims import Claim
from confide.core.errors import DataError, PromiseError
from confide.core.nouns import AnyMechanism
from confide.inputs.albums import AlbumSource
from confide.inputs.images import Images, ImagesData, read_images
from confide.releases.pictures import PicturesFile, copies
from confide.releases.spec import ReleaseSpec
from confide.views.images import Pictures


def read(held: Images) -> ImagesRelease:
    """Read all pictures, those of people with a single one among them.

    Raises:
        DataError: if they cannot be read, or released ones are given: what is protected is the originals.
    """
    if held.released is not None:
        raise DataError("protect takes one album: give the released pictures themselves as the pictures.")
    data = read_images(held)
    return ImagesRelease(held, data, PicturesFile(album=data.album))


@dataclass(frozen=True, slots=True)
class ImagesRelease:
    """Pictures, read and named, and their folder or file.

    Args:
        held: the record.
        data: of the people with two pictures or more: the audit asks about them alone.
        file: all pictures.
    """

    held: Images
    data: ImagesData
    file: PicturesFile

    @property
    def source(self) -> AlbumSource:
        return self.data.album.source

    @property
    def given(self) -> Pictures:
        return self.data.album.pictures.nameless()

    @property
    def as_read(self) -> tuple[str, ...]:
        return ()

    def rows(self, mechanism: AnyMechanism) -> Ints:
        person = self.data.album.pictures.person
        assert person is not None
        return person

    def write(self, view: Pictures, numbers: Ints | None, path: Path) -> None:
        self.file.write(view, numbers, path)

    def reread(self, path: Path, numbers: Ints | None) -> Pictures:
        return self.file.reread(path, numbers)

    def same(self, view: Pictures, reread: Pictures) -> Claim:
        return self.file.same(view, reread)

    def counts(self, view: Pictures) -> Mapping[str, int]:
        return self.file.counts(view)

    def key(self, numbers: Ints, mechanism: AnyMechanism) -> Sequence[tuple[str, int]]:
        return self.file.key(numbers)

    def dropped(self, view: Pictures) -> Sequence[str]:
        return ()

    def notes(self, view: Pictures, mechanism: AnyMechanism) -> Sequence[str]:
        """What a promise about pixels says about whole pictures."""
        promise = mechanism.budget
        if promise is None:
            return ()
        if self.source.resized:
            raise PromiseError(
                f"the promise would be about {promise.unit} after --resize, which mixes pixels of the "
                "original: resize the pictures first, and protect the resized ones without --resize."
            )
        pixels = self.given.pixels
        whole, twice = pixels.shape[1] * pixels.shape[2], copies(pixels)
        all_of_it = promise.epsilon * whole / (promise.unit.at_most or 1)
        notes = [
            f"The promise hides {promise.unit}, and no face: a picture has {whole:,} pixels, and all of them "
            f"together are hidden with epsilon {all_of_it:,.4g}."
        ]
        if twice:
            notes.append(
                f"{twice:,} pictures equal an earlier one. Each gets noise of its own, so epsilon is k times "
                "larger for a picture that is there k times."
            )
        return notes

    def subject(self, reread: Pictures | None, mechanism: AnyMechanism | None, settings: Settings) -> Subject:
        data = self.data
        if reread is not None:  # the sidecar says what was found, and must not name the original
            data = replace(data, released=reread.take(data.rows), name="the protected pictures")
        return audits.subject_of(self.held, data, settings=settings, how=HowMade(mechanism))


SPEC = ReleaseSpec(
    audit=audits.SPEC,
    read=read,
    named="picture",
    kept="Pictures have the names, sub-folders or people of the original: these may say who is in them.",
    form=(
        "A folder of pictures stays a folder, an .npz file an .npz file. Lossy formats become PNG. Nothing "
        "but pixels is written. Files get new random numbers as names, in one folder, and rows a random "
        "order (--ids keep: names, sub-folders and y stay)."
    ),
)
