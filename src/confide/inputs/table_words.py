"""How a table was read, in sentences without a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from confide.core.arrays import Bools
from confide.inputs.tables import Table as ReadTable
from confide.views.table import Table as Cells


def unread(more: Sequence[str]) -> Mapping[str, str]:
    """What cannot be settled where a released table has columns that the original lacks."""
    if not more:
        return {}
    named = ", ".join(more[:5]) + ", ..." * (len(more) > 5)
    return {
        "what further columns tell": f"The released table has columns that the original lacks ({named}), and "
        "the adversary of this audit did not read them. A real one may. The sidecar of the release would say "
        "what they are."
    }


def hidden_cells(hidden: Mapping[str, Bools]) -> tuple[str, ...]:
    """How many cells of which columns count as missing, since a file of hierarchies has no such value."""
    named = ", ".join(f"{int(gone.sum()):,} of {name}" for name, gone in hidden.items())
    return (
        (f"Cells that count as missing, since their hierarchy has no such value: {named}.",) if named else ()
    )


def read_as(cells: Cells, table: ReadTable) -> str:
    """How the columns were read, in a sentence without any value of theirs."""
    kinds = [
        f"{d.name} {'text' if d.numbers is None else 'number or date'}{', some missing' if d.missing else ''}"
        for d in cells.domains
    ]
    return f"Read as{'' if table.form is None else f' ({table.form.words()})'}: {'; '.join(kinds)}."
