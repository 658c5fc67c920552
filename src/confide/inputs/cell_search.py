"""Cells of a column searched for identifiers by presidio's patterns, and for names by the user's models.

Only how many cells hold a kind is kept, and no value. A number without letters and signs has the form of some
country's number by chance: where cells are bare numbers, a kind counts only if half of these cells are of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from confide.inputs.identifier_names import plain
from confide.inputs.names_in_text import NameModels, load_names
from confide.inputs.presidio_patterns import CERTAIN, Hit, Patterns, installed, load_patterns
from confide.inputs.spread import spread

CELLS = 1_000
"""Cells of a column that are searched: some five to ten seconds for a column of long texts."""
LONGEST = 2_000
"""Characters of a cell that are searched."""
HALF = 0.5
"""The share of bare numbers that must be of one kind: by chance it is about one in ten."""
TEXT = (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True, slots=True)
class KindFound:
    """How many cells hold a kind of identifier.

    Args:
        kind: in words.
        cells: that hold it.
        whole: those of them that hold nothing else.
        looked_at: cells that were searched.
    """

    kind: str
    cells: int
    whole: int
    looked_at: int


@dataclass(frozen=True, slots=True)
class Searched:
    """What cells were searched for, and by what.

    Args:
        presidio: the version of presidio-analyzer; empty if it was not used.
        models: of spaCy, by which names within texts were looked for.
        skipped: how often a pattern took so long on a cell that presidio gave it up.
    """

    presidio: str = ""
    models: tuple[str, ...] = ()
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class CellSearch:
    """Presidio's patterns and the user's models of names.

    Args:
        patterns: of presidio.
        models: of spaCy.
    """

    patterns: Patterns
    models: NameModels

    def kinds(self, there: pl.Series) -> tuple[KindFound, ...]:
        """The kinds of identifiers that the cells of a column of text or whole numbers hold.

        Args:
            there: a column without its missing values.
        """
        if not (there.dtype in TEXT or there.dtype.is_integer()):
            return ()
        counts = _texts(there)
        near = plain(there.name).replace("_", " ")
        hits = {text: self.patterns.hits(text, near=near) for text in counts}
        if there.dtype.is_integer():  # an amount has the form of a weak pattern
            hits = {text: [hit for hit in found if hit.score >= CERTAIN] for text, found in hits.items()}
        return _counted(counts, hits)

    def names(self, there: pl.Series) -> tuple[KindFound, ...]:
        """The kinds of names that the cells of a column of free text hold; none without a model."""
        if there.dtype not in TEXT or not self.models.names:
            return ()
        counts = _texts(there)
        marked = dict(zip(counts, self.models.kinds(list(counts)), strict=True))
        cells = Counter({kind: 0 for kinds in marked.values() for kind in sorted(kinds)})
        for text, kinds in marked.items():
            cells.update(dict.fromkeys(kinds, counts[text]))
        return tuple(KindFound(kind, count, 0, counts.total()) for kind, count in cells.most_common())


def cell_search(presidio: bool | None) -> CellSearch | None:
    """Load presidio and the models: where it is installed (None), in any case (True), or never (False).

    Raises:
        DataError: if it is asked for and not installed, or if it, or a model, cannot be loaded.
    """
    if presidio is False or (presidio is None and not installed()):
        return None
    return CellSearch(load_patterns(), load_names())


def _texts(there: pl.Series) -> Counter[str]:
    """The beginnings of cells from all over a column, and how many cells begin so."""
    some = there.gather(spread(len(there), CELLS)).cast(pl.String)
    return Counter(some.str.strip_chars().str.slice(0, LONGEST).to_list())


def _counted(counts: Counter[str], hits: Mapping[str, list[Hit]]) -> tuple[KindFound, ...]:
    cells, whole, bare = Counter[str](), Counter[str](), Counter[str]()
    for text, count in counts.items():
        for kind in {hit.kind for hit in hits[text]}:
            spans = [hit for hit in hits[text] if hit.kind == kind]
            alone = any(hit.end - hit.start == len(text) for hit in spans)
            cells[kind] += count
            whole[kind] += count * alone
            bare[kind] += count * (alone and text.isdigit())
    numbers = sum(count for text, count in counts.items() if text.isdigit())
    for kind, count in bare.items():
        if count < HALF * numbers:
            cells[kind] -= count
            whole[kind] -= count
    return tuple(
        KindFound(kind, count, whole[kind], counts.total()) for kind, count in cells.most_common() if count
    )
