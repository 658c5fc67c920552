"""What can be undone for certain: generalised cells made finer, and digests reversed; counts alone."""

from __future__ import annotations

from confide.attacks.reconstruction.table._guesses import Guesses
from confide.attacks.reconstruction.table.digests import reversed_digests
from confide.attacks.reconstruction.table.downcoding import downcoded
from confide.audits.release import AuditedRelease
from confide.audits.table.whole import whole
from confide.core.errors import KnowledgeError
from confide.core.language import t
from confide.core.nouns import AnyMechanism
from confide.inputs.table import TableData
from confide.mechanisms.anonymize.full_domain import FullDomain
from confide.mechanisms.anonymize.local_recoding import LocalRecoding
from confide.mechanisms.in_order import steps_of
from confide.report import Exhibit, Table


def downcoding_table(release: AuditedRelease, data: TableData) -> list[Exhibit]:
    """How many rows of a recoded release can be made finer for certain, by who knows how it was made."""
    found = whole(release)
    if found is None or found.known != data.known:
        return []
    recoding = _recoding(found.made)
    if recoding is None:
        return []
    levels = [data.hierarchies[name] for name in found.known]
    try:
        finer = downcoded(found.seen, levels, stepwise=isinstance(recoding, LocalRecoding))
    except KnowledgeError:  # it was not made like that, so nothing is certain
        return []
    n, rows = len(found.rows), int(finer.rows.sum())
    columns = [
        (name, int(cells))
        for name, cells in zip(found.known, finer.cells.sum(axis=0).tolist(), strict=True)
        if cells
    ]
    return [
        Table(
            title=t("What of the generalisation can be undone for certain"),
            reading=t(
                "The recoding generalised no more than it had to. Who knows that, and the hierarchies, can "
                "rule out values of some cells (downcoding); it is never wrong about them."
            ),
            head=(t("rows with a finer cell"), t("number")),
            rows=((t("in any column"), rows), *columns, (t("all rows"), n)),
        )
    ]


def _recoding(made: AnyMechanism) -> AnyMechanism | None:
    """The recoding, where it alone made the release: another step would spoil what is certain."""
    steps = steps_of(made)
    return steps[0] if len(steps) == 1 and isinstance(steps[0], (LocalRecoding, FullDomain)) else None


def digest_table(data: TableData) -> list[Exhibit]:
    """Columns that are digests without a key, and how many of them are reversed by trying values."""
    found = [r for d in data.cells.domains if (r := reversed_digests(d, Guesses())) is not None]
    if not found:
        return []
    return [
        Table(
            title=t("Columns of digests without a key"),
            reading=t(
                "These columns look like digests. Dates, postal codes and whole numbers up to ten million "
                "were hashed and compared. What is reversed hides nothing. What is not reversed may be a "
                "value that was not tried, or a digest with a key."
            ),
            head=(t("column"), t("looks like"), t("different digests"), t("reversed"), t("they stand for")),
            rows=tuple((r.column, str(r.form), r.digests, len(r.code), _stands_for(r.kind)) for r in found),
        )
    ]


def _stands_for(kinds: tuple[str, ...]) -> str:
    """What kinds of value digests stand for, in words."""
    return ", ".join(map(t, dict.fromkeys(kinds))) or t("unknown")
