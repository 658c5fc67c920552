"""How released pictures were made, as the adversary knows it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from confide.audits.making import UNRELEASED, HowMade, how_made
from confide.audits.protections import Protection
from confide.core.errors import DataError
from confide.inputs.images import Images, ImagesData
from confide.inputs.picture_files import named
from confide.inputs.worked_out.images import not_as, worked_out
from confide.inputs.worked_out.making import Making
from confide.mechanisms.in_order import steps_of


def made_of(held: Images, album: ImagesData, protections: Mapping[str, Protection]) -> HowMade:
    """How the released pictures were made: by their sidecar, as is said, or as a comparison shows.

    Raises:
        DataError: as `how_made`; where nobody knows how they were made; or for pictures that are otherwise
            than is said.
    """
    released = album.released
    if released is None:
        return UNRELEASED

    def work_out() -> Making:
        found = worked_out(album.pictures, released)
        if found is None:
            raise DataError(
                "nobody says how the released pictures were obscured, and a comparison with the originals "
                "does not show it. An adversary that does not know it would be too weak: say it with "
                "--made-by, for example --made-by mosaic:16."
            )
        return found

    how = how_made(
        held.released,
        held.made_by,
        protections,
        kind="images",
        work_out=work_out,
        contrasts=lambda mechanism: (),  # pictures are compared below, and named by their files
        rows=lambda: np.arange(len(released)),
    )
    if held.made_by is not None and how.mechanism is not None:
        wrong = not_as(steps_of(how.mechanism), album.pictures, released)
        if len(wrong):
            raise DataError(
                f"--made-by says {held.made_by}, and released pictures are otherwise: "
                f"{named([album.files[row] for row in wrong])}. Correct it, or leave it out, and the audit "
                "works it out."
            )
    return how
