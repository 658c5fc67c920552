"""Published contingency tables, as a user holds them: read, and put into blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Annotated, Any

from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import HOLD, HOW, KNOWS, Flag, OptionalColumn
from confide.core.flags import Table as TableFile
from confide.core.language import t
from confide.inputs.crosstab_blocks import (
    Absent,
    ReadTable,
    domains_of,
    unrounded,
    view_of,
    with_unlisted,
)
from confide.inputs.crosstab_files import (
    TOTALS,
    PublishedTable,
    blocks_of,
    read_published,
    refuse_cells_twice,
)
from confide.inputs.crosstab_marks import Hidden, Span
from confide.inputs.crosstab_means import Means, by_means, refuse_means
from confide.inputs.crosstab_people import BlockPeople, read_people
from confide.inputs.crosstab_releases import earlier_releases, refuse_other_blocks
from confide.inputs.crosstab_spellings import refuse_subtotals, refuse_two_spellings, told_apart
from confide.inputs.crosstab_totals import refuse_unnamed_totals
from confide.inputs.crosstab_variables import merged, refuse_one_variable_twice
from confide.inputs.numbers import parse_whole
from confide.inputs.reading import Separator, reading_of
from confide.mechanisms.statistics.crosstab_rounding import RoundedCounts
from confide.views.crosstabs import Crosstabs as View

FEWEST = 40
"""Questions at least, as in other audits: an interval needs some."""


@dataclass(frozen=True, slots=True, eq=False)
class Crosstabs:
    """Published contingency tables of the same people, suppressed cells marked.

    A csv file is long, one row a cell: columns of values and a column `count`. Or it is wide: the first
    column holds one variable, the header the values of another, and the corner both names, as `sex / age`.
    Total, Sum and All stand for all values. Several files are one release.

    The adversary sees the tables alone. It proves records: that somebody with exactly these values was
    counted, whatever the data are that the tables were made from. And it bounds the hidden cells.

    With earlier releases of the same tables it also subtracts: who came or left between two of them is in one
    and not in the other, and the difference is a table of few people.

    With the people behind the tables every claim is held against them. The same tables are then counted again
    with some people held out, and the adversary is asked who was counted.

    Args:
        tables: The published tables: .csv files; in Python also data frames, several in a list.
        data: The people behind the tables, one row each, with the variables of the tables as columns.
        hidden: What marks hide: '<5', '1..4', 'any' count; or of one mark alone 'x=1..4'. Repeatable. With
            '<5' it is 1 to 4 if a zero is published anywhere, else 0 to 4.
        rounded: The base that all counts were rounded to, as 5; if chance decided up or down, '5,random'.
        before: An earlier release of the same tables: a file, or a folder of files; in Python also a list
            of frames. Repeatable, the first release first.
        count: The column of counts of a long file.
        mean: A column of means over the people of each cell, as of their ages, beside the counts. Repeatable.
        block: The column that says in which block, as an area, a cell or a person is.
        same: Two names of one variable, as 'sex=gender', where tables call it differently. Repeatable.
        different: Two variables, or two values of one, that look like one and are not, as 'smokes,drinks' or
            'a,A'. Repeatable.
        total: A word that stands for all values of a variable, beside Total, Sum and All. Repeatable.
        not_total: A value that looks like a total or a subtotal and is none. Repeatable.
        absent: What a combination that a table does not list means: zero, or unknown.
        seconds: How long each kind of proof is sought; what is not decided then is not safe.
        targets: About how many times the adversary is asked whether somebody was counted, with data.
        separator: What stands between the values of csv files, such as ; or tab, where that is not seen.

    Raises:
        DataError: for numbers out of range, or a meaning of marks that cannot be read.

    Source: Dinur, Nissim 2003; Liu et al. 2025.
    """

    tables: Annotated[Any, Flag(group=HOLD, argument=True, several=True, metavar="TABLES")]
    _: KW_ONLY
    data: TableFile | None = None
    hidden: Annotated[str | Sequence[str], Flag(group=KNOWS, metavar="MEANING")] = ()
    rounded: Annotated[str | None, Flag(group=KNOWS, metavar="BASE")] = None
    before: Annotated[Sequence[Any], Flag(group=KNOWS, metavar="RELEASE")] = ()
    count: Annotated[str, Flag(group=HOLD, metavar="COLUMN")] = "count"
    mean: Annotated[str | Sequence[str], Flag(group=HOLD, metavar="COLUMN")] = ()
    block: OptionalColumn = None
    same: Annotated[str | Sequence[str], Flag(group=HOLD, metavar="NAME=NAME")] = ()
    different: Annotated[str | Sequence[str], Flag(group=HOLD, metavar="NAME,NAME")] = ()
    total: Annotated[str | Sequence[str], Flag(group=HOLD, metavar="VALUE")] = ()
    not_total: Annotated[str | Sequence[str], Flag(group=HOLD, metavar="VALUE")] = ()
    absent: Annotated[Absent, Flag(group=KNOWS)] = "zero"
    seconds: Annotated[float, Flag(group=HOW, metavar="SECONDS")] = 60.0
    targets: Annotated[int, Flag(group=HOW, least=FEWEST)] = 400
    separator: Separator = None

    def __post_init__(self) -> None:
        check_fields(self)
        _ = reading_of(self), self.marks, self.rounding
        if self.absent not in ("zero", "unknown"):
            raise DataError(f"absent is {self.absent!r:.40}: choose zero or unknown.")
        if not 0 < self.seconds < 1e6:
            raise DataError(f"seconds is {self.seconds}: give a number above 0 and below a million.")
        if self.targets < FEWEST:
            raise DataError(f"targets is {self.targets}: ask {FEWEST} times or more.")

    @property
    def marks(self) -> Hidden:
        """What the user says about marks."""
        return Hidden.parse(_several(self.hidden))

    @property
    def totals(self) -> frozenset[str]:
        """The words that stand for all values, in small letters."""
        more, none = (
            {text.strip().lower() for text in _several(given)} for given in (self.total, self.not_total)
        )
        return (TOTALS | more) - none

    @property
    def rounding(self) -> RoundedCounts | None:
        """How the counts were rounded; None if they were not."""
        if self.rounded is None:
            return None
        base, _, how = self.rounded.partition(",")
        if how.strip() not in ("", "nearest", "random"):
            raise DataError(f"rounded is {self.rounded!r:.40}: write a base, as 5, or '5,random'.")
        at_random = how.strip() == "random"
        return RoundedCounts(base=parse_whole(base.strip()), at_random=at_random, noise="rehearsal")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrosstabsData:
    """The tables of each block, and the people behind them if they are given.

    Args:
        blocks: name -> its tables; one without a name where there are no blocks.
        spans: what the marks hide that were met.
        zeros: whether a zero is published, so that `<5` hides 1 to 4.
        zeros_written: whether a table writes one, and not only leaves combinations out.
        added: how many combinations were not listed, and read as zero.
        people: who is behind the tables; None where nobody says.
        name: of the release.
        earlier: earlier releases by name, the first one first: the tables of each block, over the variables
            of all releases.
        means: what published means say of hidden counts, which the tables hold narrowed. None where no means
            are given.
        marked: how many cells are hidden, before means narrow them.
    """

    blocks: Mapping[str, View]
    spans: tuple[Span, ...]
    zeros: bool
    zeros_written: bool
    added: int
    people: BlockPeople | None
    name: str
    earlier: Mapping[str, Mapping[str, View]] = field(default_factory=dict[str, Mapping[str, View]])
    means: Means | None = None
    marked: int = 0

    @property
    def hidden(self) -> tuple[int, int] | None:
        """The range of counts that are hidden; None if there is none, or any count may be."""
        if not self.spans or any(span.high is None for span in self.spans):
            return None
        lows, highs = ([span.least(self.zeros) for span in self.spans], [s.high or 0 for s in self.spans])
        return min(lows), max(highs)

    @property
    def every(self) -> list[tuple[str, str, View]]:
        """The tables of all releases, by release and block; the present release has no name."""
        now = [("", block, view) for block, view in self.blocks.items()]
        return now + [
            (release, block, view.only(view.tables))
            for release, blocks in self.earlier.items()
            for block, view in blocks.items()
        ]

    @property
    def varied(self) -> bool:
        """Whether a mark may hide any count, in several blocks with other cells hidden in each."""
        return len(self.blocks) > 1 and any(span.high is None for span in self.spans)

    @property
    def cells(self) -> int:
        """How many cells there are, in all blocks."""
        return sum(len(view) for view in self.blocks.values())


def read_crosstabs(held: Crosstabs) -> CrosstabsData:
    """Read the tables, and the people behind them.

    Raises:
        DataError: for a file, a cell or a mark that cannot be read, and people who do not fit the tables.
    """

    def published(given: object) -> list[PublishedTable]:
        return read_published(
            given,
            count=held.count,
            block=held.block,
            separator=held.separator,
            totals=held.totals,
            means=_several(held.mean),
        )

    now = published(held.tables)
    releases = earlier_releases(held.before, held.tables, read=published)
    refuse_other_blocks(now, releases)
    # Read together: a variable, a mark and a block mean the same in all releases.
    tables = merged([*now, *(one for release in releases for one in release.tables)], _several(held.same))
    refuse_cells_twice(tables)
    refuse_means(tables, _several(held.mean))
    domains = domains_of(tables)
    read = [
        ReadTable(one, [held.marks.read(c.text, where=one.where(c)) for c in one.cells]) for one in tables
    ]
    # A count at the base's distance may stand behind a rounded one.
    slack = 0 if held.rounding is None else held.rounding.base - 1
    refuse_unnamed_totals(read, _several(held.not_total), slack=slack)
    apart, different = told_apart(tables, _several(held.different))
    refuse_two_spellings(tables, apart)
    refuse_subtotals(read, _several(held.not_total))
    names = list(blocks_of(tables))
    added: list[int] = []
    full = [with_unlisted(one, domains, names, held.absent, added) for one in read]
    zeros = any(count == 0 for one in full for count in one.counts)

    def viewed(part: Sequence[ReadTable]) -> dict[str, View]:
        blocks = {name: view_of(name, part, domains, zeros) for name in names}
        return (
            blocks if held.rounding is None else {n: unrounded(v, held.rounding) for n, v in blocks.items()}
        )

    wide = viewed(full[: len(now)])
    earlier, at = dict[str, dict[str, View]](), len(now)
    for release in releases:
        earlier[release.name] = viewed(full[at : at + len(release.tables)])
        at += len(release.tables)
    for blocks in (wide, *earlier.values()):
        refuse_one_variable_twice(blocks, tables, different)
    # A record of the present release has its own variables, whatever earlier ones had.
    blocks = {name: view.only(view.tables) for name, view in wide.items()} if earlier else wide
    told = Means()
    if held.mean:
        blocks = {name: by_means(view, now, name, told) for name, view in blocks.items()}
    spans = tuple(dict.fromkeys(count for one in read for count in one.counts if isinstance(count, Span)))
    domains = next(iter(blocks.values())).domains
    found = None
    if held.data is not None:
        found = read_people(held.data, domains, held.block, list(blocks), held.separator)
    data = CrosstabsData(
        blocks=blocks,
        spans=spans,
        zeros=zeros,
        zeros_written=any(count == 0 for one in read for count in one.counts),
        added=sum(added),
        people=found,
        name=now[0].name if len(now) == 1 else t("{n} tables", n=len(now)),
        earlier=earlier,
        means=told if held.mean else None,
        marked=sum(int(one.hidden.sum()) for v in wide.values() for one in v.tables),
    )
    if found is not None:
        for name, view in blocks.items():
            found.need_fit(name, view)
    return data


def _several(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
