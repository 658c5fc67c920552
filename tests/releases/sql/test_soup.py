"""Texts that nobody would write: refused with one error, or accepted with listed nodes alone."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import exp
from tests.releases.sql.accepted import ACCEPTED
from tests.releases.sql.people import SCHEMA

from confide.releases.sql import QueryError, compiled, compiled_histogram, histograms_of, parse
from confide.releases.sql.gate import ALLOWED, checked_tree

WORDS = [
    "select",
    "from",
    "where",
    "group",
    "by",
    "having",
    "order",
    "limit",
    "join",
    "left",
    "on",
    "using",
    "natural",
    "cross",
    "union",
    "with",
    "as",
    "distinct",
    "all",
    "and",
    "or",
    "not",
    "in",
    "between",
    "is",
    "null",
    "true",
    "false",
    "case",
    "when",
    "then",
    "end",
    "over",
    "partition",
    "cast",
    "count",
    "sum",
    "avg",
    "var",
    "stddev",
    "quantile",
    "clip",
    "coalesce",
    "min",
    "max",
    "read_csv",
    "people",
    "states",
    "homes",
    "age",
    "income",
    "state",
    "user_id",
    "active",
    "born",
    "code",
    "person",
    "first",
    "offset",
    "(",
    ")",
    ",",
    ".",
    "*",
    ";",
    "=",
    "<>",
    "<",
    ">=",
    "+",
    "-",
    "/",
    "%",
    "::",
    "'x'",
    "'O''Hara'",
    '"age"',
    '"we""ird;',
    '--"',
    "0",
    "1",
    "2.5",
    "1e9",
    "--",
    "/*",
    "*/",
    "?",
    ":p",
    "@v",
    "$1",
    "$$",
    "{",
    "}",
    "[",
    "]",
    "date",
    "interval",
    "exists",
    "lateral",
    "values",
    "pivot",
    "sample",
    "fetch",
    "for",
    "update",
    "into",
    "\\",
    "`",
    "#",
    "'",
    '"',
    "e'a'",
    "x'00'",
    "|",
    "||",
    "!",
    "~",
    "^",
    "&",
]
SOUP = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)
STARTS = ["select", "select count(*) from people", "select count(*) from people where age > 3",
          "select state, count(*) from people group by state"]  # fmt: skip
QUERIES = st.tuples(st.sampled_from(STARTS), SOUP).map(" ".join)
CHANGED = st.tuples(
    st.sampled_from([text for text, _ in ACCEPTED if len(text) < 400]),
    st.integers(0, 400), st.integers(0, 12), st.sampled_from([*WORDS, ""]),
).map(lambda t: f"{t[0][: t[1]]} {t[3]} {t[0][t[1] + t[2] :]}")  # fmt: skip


def hold(text: str) -> None:
    """Refused with the one error, or read from listed nodes, and compiled."""
    try:
        query = parse(text, SCHEMA)
    except QueryError as refused:
        assert str(refused).endswith(".")
        return
    for node in checked_tree(text).walk():
        assert type(node) in ALLOWED
        assert not isinstance(node, exp.Div | exp.Cast | exp.Window | exp.Subquery)
    assert compiled(query, "duckdb") and compiled(query, "postgres") and compiled(query, "spark")
    for histogram in histograms_of(query):
        assert compiled_histogram(query, histogram, "postgres")
        assert compiled_histogram(query, histogram, "spark")


@settings(max_examples=80, deadline=None)
@given(st.one_of(SOUP, QUERIES, CHANGED, st.text(max_size=60)))
@example("select count(*) from people where \ud800")
def test_any_text_is_refused_or_read(text: str) -> None:
    hold(text)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None)
@given(st.one_of(SOUP, QUERIES, CHANGED, st.text(max_size=60)))
def test_any_text_is_refused_or_read_many_times(text: str) -> None:
    hold(text)
