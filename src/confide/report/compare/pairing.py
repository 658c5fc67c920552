"""The people of two audits, matched by who they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from confide.core.arrays import Ints
from confide.core.evidence import Evidence
from confide.measure.influence import Influence, auc_influence, tpr_influence
from confide.report.compare.files import Data, Files
from confide.report.compare.page_types import Pairing
from confide.report.measured import MeasuredRelease

_PLACE = "\0"
"""Between file and row in a key: no name of a file holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The people of one attack on one release.

    Args:
        evidence: as it was kept.
        person: int64[rows], whom each row is about; one number is one person on both sides.
        keys: columns `target` and `key`: who each target is, as far as somebody says it.
    """

    evidence: Evidence
    person: Ints
    keys: pl.DataFrame
    _influences: dict[float | None, Influence | None] = field(default_factory=dict)

    @property
    def people(self) -> Ints:
        """Each person once."""
        return np.unique(self.person)

    def influence(self, fpr: float | None) -> Influence | None:
        """Of each person, on the rate or, for None, on the AUC."""
        if fpr not in self._influences:
            numbered = self.evidence.table.with_columns(pl.Series("person", self.person))
            found = Evidence(numbered)
            self._influences[fpr] = auc_influence(found) if fpr is None else tpr_influence(found, fpr=fpr)
        return self._influences[fpr]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPeople:
    """The people of two releases, in which one number stands for one person, whatever attack asked.

    Args:
        by: how they were matched: "id", "row", or empty where they could not be.
        data: of files of one name, where nothing but file and row could match people.
        before, after: by attack.
    """

    by: str
    before: Mapping[str, Asked]
    after: Mapping[str, Asked]
    data: Data = "unknown"

    def counts(self, before: str, after: str) -> tuple[int, int, int]:
        """How many people an attack asked about before, one after, and both."""
        first, second = self.before[before].people, self.after[after].people
        return len(first), len(second), len(np.intersect1d(first, second))

    def pairing(self, before: str, after: str) -> Pairing:
        """What is known of the people of two attacks."""
        first, second, both = self.counts(before, after)
        if not self.by or (self.by == "id" and not both):
            # Ids of which none is in both may be other names of the same people.
            return "unknown"
        if not both:
            return "other people"
        return "the same people" if first == second == both else "some of the same people"


def share_people(
    before: MeasuredRelease, after: MeasuredRelease, attacks: Sequence[str], *, files: Files
) -> SharedPeople:
    """Match the people of two releases: by id where both have ids, else by file and row.

    A row is a person of its own in one file. So people are matched by rows only if both audits name the same
    files; in a file of another name, or of one name and other data, the same row may be anybody.

    Args:
        attacks: of which both have the evidence.
        files: of both, with their sums.
    """
    who = [{a: side.who[a] for a in attacks if a in side.who} for side in (before, after)]
    by = _matched_by(*([pl.concat(w.values(), how="diagonal_relaxed")] if w else [] for w in who))
    data: Data = files.data(_named(who)) if by == "row" else "unknown"
    by = "" if data == "other data" else by
    keyed = [
        {a: _keys(side.evidence[a], w.get(a), by) for a in attacks}
        for side, w in zip((before, after), who, strict=True)
    ]
    names = pl.concat([k.select("key") for side in keyed for k in side.values()])["key"].unique()
    number = pl.DataFrame({"key": names, "number": np.arange(len(names))})
    # Numbers of their own for those whom nobody names: apart on both sides, the same for all attacks.
    most = 1 + max(int(e.person.max(initial=0)) for e in before.evidence.values())
    asked = [
        {a: _asked(side.evidence[a], keys, number, start=len(names) + i * most) for a, keys in each.items()}
        for i, (side, each) in enumerate(zip((before, after), keyed, strict=True))
    ]
    return SharedPeople(by=by, before=asked[0], after=asked[1], data=data)


def _named(who: Sequence[Mapping[str, pl.DataFrame]]) -> set[str]:
    """The names of all files that hold people."""
    each = [table["file"] for side in who for table in side.values()]
    return {name for names in each for name in names.drop_nulls().unique()}


def _matched_by(first: Sequence[pl.DataFrame], second: Sequence[pl.DataFrame]) -> str:
    if not first or not second:
        return ""
    both = first[0], second[0]
    if all("id" in w.columns and not w["id"].null_count() for w in both):
        return "id"
    files = [set(w["file"].drop_nulls().to_list()) if "file" in w.columns else set[str]() for w in both]
    rows = all("row" in w.columns and w["row"].null_count() < len(w) for w in both)
    # Files that are no tables, as pictures, stand for a person each.
    alone = all("row" not in w.columns and "file" in w.columns for w in both)
    return "row" if (rows and files[0] == files[1]) or alone else ""


def _keys(evidence: Evidence, who: pl.DataFrame | None, by: str) -> pl.DataFrame:
    """For each target who it is: target, person of the evidence, key; without targets that nobody names."""
    if who is None or not by:
        return pl.DataFrame(schema={"target": pl.Int64, "person": pl.Int64, "key": pl.String})
    if by == "id":
        named = who.select("target", key=pl.col("id").cast(pl.String))
    elif "row" in who.columns:
        named = who.select("target", key=pl.concat_str("file", "row", separator=_PLACE))
    else:
        named = who.select("target", key="file")
    person = evidence.table.select("target").with_columns(person=pl.Series(evidence.person))
    return (
        person.unique("target", keep="first", maintain_order=True)
        .join(named.drop_nulls().unique("target", keep="first"), on="target", how="inner")
        .select("target", "person", "key")
    )


def _asked(evidence: Evidence, keyed: pl.DataFrame, number: pl.DataFrame, *, start: int) -> Asked:
    """The evidence with the shared number of each person."""
    # A person with several rows of a file is one: the first of its numbers stands for all.
    code = keyed.join(number, on="key").group_by("person").agg(pl.col("number").min())
    rows = pl.DataFrame({"person": evidence.person}).join(
        code, on="person", how="left", maintain_order="left"
    )
    own = pl.Series(evidence.person + start)
    person: Ints = rows["number"].fill_null(own).cast(pl.Int64).to_numpy()
    return Asked(evidence=evidence, person=person, keys=keyed.select("target", "key"))
