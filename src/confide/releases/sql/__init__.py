"""SQL, a certified subset: queries with a known sensitivity, compiled to exact sums of groups.

Nothing here draws noise or keeps an account. What `group_sums` brings back is exact, and is for a session
alone, which adds noise before it speaks.
"""

from __future__ import annotations

from confide.releases.sql.answers import GroupSums, estimate, group_sums, quantile
from confide.releases.sql.compiling import compiled, compiled_histogram
from confide.releases.sql.expressions import Dialect
from confide.releases.sql.nearest import parse
from confide.releases.sql.query import Query
from confide.releases.sql.refusal import QueryError
from confide.releases.sql.schema import Column, PersonTable, PrivateTable, PublicTable, Schema, kind_of
from confide.releases.sql.sensitivity import Sensitivity, sensitivities, sensitivity_of_histogram
from confide.releases.sql.shown_rows import shown_rows
from confide.releases.sql.sums import Histogram, Sum, histograms_of, sums_for, sums_of

__all__ = [
    "Column",
    "Dialect",
    "GroupSums",
    "Histogram",
    "PersonTable",
    "PrivateTable",
    "PublicTable",
    "Query",
    "QueryError",
    "Schema",
    "Sensitivity",
    "Sum",
    "compiled",
    "compiled_histogram",
    "estimate",
    "group_sums",
    "histograms_of",
    "kind_of",
    "parse",
    "quantile",
    "sensitivities",
    "sensitivity_of_histogram",
    "shown_rows",
    "sums_for",
    "sums_of",
]
