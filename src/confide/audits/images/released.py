"""Released pictures: how they were made, in words, and whether they look like it."""

from __future__ import annotations

import numpy as np

from confide.audits.protections import UNPROTECTED
from confide.audits.release import AuditedRelease
from confide.core.claims import Verifiable
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.images import ImagesData
from confide.mechanisms.anchors.published import Published
from confide.mechanisms.in_order import InOrder


def known_or_refused(album: ImagesData, made_by: AnyMechanism | None) -> AnyMechanism | None:
    """How released pictures were made; None where nothing was released before.

    Raises:
        DataError: if nobody says it. Only pictures that equal the originals surely were published as is.
    """
    if album.released is None or made_by is not None:
        return made_by
    if np.array_equal(album.released.pixels, album.pictures.pixels):
        return Published()
    raise DataError(
        "nobody says how the released pictures were obscured, and an adversary that does not know it would "
        "be too weak: say it with --made-by, for example --made-by mosaic:16."
    )


def obscured_by(release: AuditedRelease, made_by: AnyMechanism | None) -> str:
    """What obscured the pictures, in words: the mechanisms of the released ones, then the protection."""
    steps = made_by.steps if isinstance(made_by, InOrder) else (made_by,)
    before = [type(step).__name__ for step in steps if step is not None and not isinstance(step, Published)]
    own = [] if release.name == UNPROTECTED else [release.name]
    return ", then ".join([*(f"{name}, as released" for name in before), *own]) or "nothing"


def doubts(album: ImagesData, made_by: AnyMechanism | None) -> tuple[str, ...]:
    """A warning where the released pictures are not as the adversary believes."""
    if album.released is None or not isinstance(made_by, Verifiable):
        return ()
    return tuple(
        "The released pictures were not made as the adversary believes: it is not true that "
        f"{claim.text}. A real adversary may know better, and recognise more people than this one."
        for claim in made_by.claims(album.released)
        if not claim.holds
    )
