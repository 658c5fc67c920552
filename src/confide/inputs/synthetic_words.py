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
        "Categories that are written otherwise than in the real file, by blanks, hyphens or capitals, were "
        f"taken for the same: {listed(said)}. Anyone who uses the synthetic file has to join them too.",
    )


def spellings(shared: SharedCodes) -> tuple[str, ...]:
    """The spellings that were joined, with the values."""
    pairs = [
        f"{other!r} is {ours!r} ({column})"
        for column, labels in shared.respelled.items()
        for ours, other in labels.items()
    ]
    return (f"Spellings that were joined: {listed(pairs)}.",) if pairs else ()


def strange(shared: SharedCodes) -> tuple[str, ...]:
    """Columns with categories that no real row has, a warning."""
    if not shared.strange:
        return ()
    return (f"The synthetic file has categories that no real row has: {listed(tuple(shared.strange))}.",)


def apart(shared: SharedCodes, made: str, real: str) -> Mapping[str, str]:
    """Columns whose values in two files lie beside each other, and why nothing is settled then."""
    found: dict[str, str] = {}
    if shared.unknown:
        found["categories in two spellings"] = (
            f"Many categories of {made} are none of {real}, in {listed(shared.unknown)}: the files may write "
            "them in two ways. Then what was not found may be there. Write categories in one way."
        )
    if shared.apart:
        found["columns in another unit"] = (
            f"Values of {made} lie beside those of {real} in "
            f"{listed(shared.apart)}: it may hold them in another unit. Then no distance between "
            "the files means anything, and what was not found may be there. Write both in the same units."
        )
    return found
