"""You hold likes, and want the safer file."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from confide.audits import likes as audits
from confide.audits.making import HowMade
from confide.audits.settings import Settings
from confide.audits.spec import Subject
from confide.core.errors import DataError
from confide.core.nouns import AnyMechanism
from confide.inputs.columns import coded
from confide.inputs.likes import Likes, read_likes
from confide.inputs.reading import reading_of
from confide.inputs.tables import read_table
from confide.releases.interactions import InteractionsFile
from confide.releases.spec import ReleaseSpec
from confide.views.interactions import Interactions


def read(held: Likes) -> InteractionsFile:
    """Read everybody's likes; the audit asks about the people whose trait is known, whose table stays.

    Raises:
        DataError: if they cannot be read, or a released table is given: what is protected is the records.
    """
    if held.released is not None:
        raise DataError("protect takes one table of likes: give the released table itself as the records.")
    data = read_likes(held)
    frame = read_table(
        held.records, name="the records", reading=reading_of(held), ids=(held.user, held.item)
    ).frame
    who, what = coded(frame[held.user]), coded(frame[held.item])

    def audited(reread: Interactions | None, mechanism: AnyMechanism | None, settings: Settings) -> Subject:
        if reread is None:
            return audits.subject_of(held, data, settings=settings)
        columns = {
            held.user: who.labels.gather(reread.person),
            held.item: what.labels.gather(reread.item),
        }
        again = replace(held, released=pl.DataFrame(columns))
        return audits.subject_of(
            again, read_likes(again, sure=True), settings=settings, how=HowMade(mechanism)
        )

    return InteractionsFile(
        table=held.records,
        reading=reading_of(held),
        source=data.source,
        records=Interactions.of(who.codes, what.codes, people=len(who.labels), items=len(what.labels)),
        people=who.labels,
        items=what.labels,
        counted=data.left_out,
        audited=audited,
    )


SPEC = ReleaseSpec(audit=audits.SPEC, read=read)
