"""How real and synthetic files were read, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from confide.core.language import t
from confide.inputs.columns import listed
from confide.inputs.shared_domains import SharedCodes


def kinds(shared: SharedCodes) -> str:
    """Which columns are compared, and as what."""
    each = [f"{d.name} {t('text') if d.numbers is None else t('number or date')}" for d in shared.domains]
    return t("Compared columns: {columns}.", columns="; ".join(each))


def respelled(shared: SharedCodes) -> tuple[str, ...]:
    """How many categories of which columns are spelled otherwise, a warning."""
    if not shared.respelled:
        return ()
    cells = [t("{n:,} of {column}", n=len(labels), column=c) for c, labels in shared.respelled.items()]
    said = t(
        "Categories that are written otherwise than in the real file, by blanks, hyphens or capitals, were "
        "taken for the same: {cells}. Anyone who uses the synthetic file has to join them too.",
        cells=listed(cells),
    )
    return (said,)


def spellings(shared: SharedCodes) -> tuple[str, ...]:
    """The spellings that were joined, with the values."""
    pairs = [
        t("{other!r} is {ours!r} ({column})", other=other, ours=ours, column=column)
        for column, labels in shared.respelled.items()
        for ours, other in labels.items()
    ]
    return (t("Spellings that were joined: {pairs}.", pairs=listed(pairs)),) if pairs else ()


def strange(shared: SharedCodes) -> tuple[str, ...]:
    """Columns with categories that no real row has, a warning."""
    if not shared.strange:
        return ()
    columns = listed(tuple(shared.strange))
    return (t("The synthetic file has categories that no real row has: {columns}.", columns=columns),)


def apart(shared: SharedCodes, made: str, real: str) -> Mapping[str, str]:
    """Columns whose values in two files lie beside each other, and why nothing is settled then."""
    found: dict[str, str] = {}
    if shared.unknown:
        found[t("categories in two spellings")] = t(
            "Many categories of {made} are none of {real}, in {columns}: the files may write them in two "
            "ways. Then what was not found may be there. Write categories in one way.",
            made=made,
            real=real,
            columns=listed(shared.unknown),
        )
    if shared.apart:
        found[t("columns in another unit")] = t(
            "Values of {made} lie beside those of {real} in {columns}: it may hold them in another unit. "
            "Then no distance between the files means anything, and what was not found may be there. Write "
            "both in the same units.",
            made=made,
            real=real,
            columns=listed(shared.apart),
        )
    return found
