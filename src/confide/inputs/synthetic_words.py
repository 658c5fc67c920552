"""How real and synthetic files were read, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from confide.inputs.columns import listed
from confide.inputs.shared_domains import SharedCodes


def kinds(shared: SharedCodes) -> str:
    """Which columns are compared, and as what."""
    each = [f"{d.name} {'text' if d.numbers is None else 'number or date'}" for d in shared.domains]
    return f"Compared columns: {'; '.join(each)}."


def respelled(shared: SharedCodes) -> tuple[str, ...]:
    """How many categories of which columns are spelled otherwise, a warning."""
    if not shared.respelled:
        return ()
    said = [f"{len(labels):,} of {column}" for column, labels in shared.respelled.items()]
    return (
        "Categories that are written otherwise than in the real file, by blanks or capitals, were taken for "
        f"the same: {listed(said)}. Anyone who uses the synthetic file has to join them too.",
    )


def spellings(shared: SharedCodes) -> tuple[str, ...]:
    """The spellings that were joined, with the values."""
    pairs = [
        f"{other!r} is {ours!r} ({column})"
        for column, labels in shared.respelled.items()
        for ours, other in labels.items()
    ]
    return (f"Spellings that were joined: {listed(pairs)}.",) if pairs else ()


def strange(shared: SharedCodes, name: str) -> tuple[str, ...]:
    """Columns with categories that no real row has, a warning."""
    said = [f"{c} ({100 * share:.2g} % of rows)" for c, share in shared.strange.items()]
    if not said:
        return ()
    return (f"{name} has categories that no real row has: {listed(said)}.",)


def apart(shared: SharedCodes, made: str, real: str) -> Mapping[str, str]:
    """Columns whose values in two files lie beside each other, and why nothing is settled then."""
    if not shared.apart:
        return {}
    return {
        "columns in another unit": f"Values of {made} lie beside those of {real} in "
        f"{listed(shared.apart)}: it may hold them in another unit or scaled. Then no distance between the "
        "files means anything, and what was not found may be there. Write the files in the same units."
    }
