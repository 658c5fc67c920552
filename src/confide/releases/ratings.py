"""You hold ratings, and want the safer file."""

from __future__ import annotations

from dataclasses import replace

from confide.audits import ratings as audits
from confide.audits.making import HowMade
from confide.audits.settings import Settings
from confide.audits.spec import Subject
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.ratings import Ratings, read_ratings
from confide.inputs.reading import reading_of
from confide.releases.interactions import InteractionsFile
from confide.releases.spec import ReleaseSpec
from confide.views.interactions import Interactions


def read(held: Ratings) -> InteractionsFile:
    """Read the ratings.

    Raises:
        DataError: if they cannot be read, or a released file is given: what is protected is the records.
    """
    if held.released is not None:
        raise DataError("protect takes one table: give the released file itself as the records.")
    data = read_ratings(held)

    def audited(reread: Interactions | None, mechanism: AnyMechanism | None, settings: Settings) -> Subject:
        shown = data if reread is None else replace(data, released=reread)
        return audits.subject_of(held, shown, settings=settings, how=HowMade(mechanism))

    return InteractionsFile(
        table=held.records,
        reading=reading_of(held),
        source=data.source,
        records=data.records,
        people=data.people,
        items=data.items,
        counted=data.counted,
        audited=audited,
    )


SPEC = ReleaseSpec(audit=audits.SPEC, read=read)
