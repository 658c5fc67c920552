"""Columns that a protection left as they are, and that name people: said before the file is handed on."""

from __future__ import annotations

import numpy as np
import polars as pl

from confide.attacks.reconstruction.table._guesses import Guesses
from confide.attacks.reconstruction.table.digests import reversed_digests
from confide.inputs.identifiers import find_identifiers
from confide.views.table import Domain, Table

NAMING = (
    "The release holds {} as in the original: by name, form or number of values {} direct identifiers. Leave "
    "them out (--with 'without:{}'), or replace them by pseudonyms. `confide identifiers` says why."
)
TEXT = "The release holds {} as in the original, which is free text: names in it were not looked for."
DIGESTS = "{} holds digests without a key: {:,} of {:,} were reversed by trying values, so they hide nothing."


def left_as_is(original: Table, view: Table) -> tuple[str, ...]:
    """Say which columns of a release name people, a sentence for each kind.

    Args:
        original: of the same people.
        view: the release; columns with ranges or with new values are not looked at.
    """
    whole = {d.name: d.digest() for d in original.domains}
    kept = [
        i
        for i, d in enumerate(view.domains)
        if whole.get(d.name) == d.digest() and np.array_equal(view.low[:, i], view.high[:, i])
    ]
    columns = [_column(view.domains[i]).gather(view.low[:, i]) for i in kept]
    # Without presidio: the command that says why may take seconds a column, a release should not.
    found = find_identifiers(pl.DataFrame(columns), presidio=False)
    said: list[str] = []
    if found.direct:
        look = "it is one of the" if len(found.direct) == 1 else "they are"
        said.append(NAMING.format(", ".join(found.direct), look, ";".join(found.direct)))
    if found.free_text:
        said.append(TEXT.format(", ".join(found.free_text)))
    for i in kept:
        if (digest := reversed_digests(view.domains[i], Guesses())) is not None and len(digest.code):
            said.append(DIGESTS.format(digest.column, len(digest.code), digest.digests))
    return tuple(said)


def _column(domain: Domain) -> pl.Series:
    """The values of a domain in the order of their codes; what stands for none is missing."""
    some = domain.labels[: len(domain) - domain.missing]
    values = pl.Series(domain.name, [*some, *[None] * domain.missing], dtype=pl.String)
    fractions = domain.numbers is not None and any("." in label for label in some)
    # Digits of a fraction are no number of a card; as text they might look like one.
    return values.cast(pl.Float64, strict=False) if fractions else values
