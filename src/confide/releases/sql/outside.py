"""What is outside the subset: why it is refused, and the nearest text that is allowed."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from confide.releases.sql.refusal import QueryError

SHAPE = "select GROUP, count(*) from TABLE group by GROUP"
"""What every query looks like."""
SHOWN = 60
"""Characters of a query that a refusal repeats."""
_WHERE = "where column between LOW and HIGH"
_NODES: tuple[tuple[tuple[type[exp.Expr], ...], str, str, str], ...] = (
    ((exp.SetOperation,), "unions of queries are not answered", "ask one query at a time,", SHAPE),
    (
        (exp.Subquery, exp.Exists, exp.Select),
        "a query inside a query is not answered",
        "ask one query,",
        SHAPE,
    ),
    ((exp.Window,), "a window answers about single rows", "ask for groups,", SHAPE),
    ((exp.WithinGroup,), "within group is not answered", "write", "quantile(COLUMN, 0.5, LOW, HIGH)"),
    ((exp.Filter,), "filter is not answered", "ask a query with", _WHERE),
    (
        (exp.Cast, exp.TryCast),
        "a cast can fail on one row, and so tell of it",
        "compare a column as it is, and write dates as",
        "'2020-01-31'",
    ),
    (
        (exp.Div, exp.IntDiv, exp.Mod),
        "a division can fail on one row, and so tell of it",
        "write a share as",
        "avg(COLUMN between LOW and HIGH)",
    ),
    (
        (exp.Add, exp.Sub, exp.Mul, exp.Pow, exp.DPipe, exp.Concat),
        "arithmetic on rows can fail on one row",
        "name a column, or a literal, by itself, as in",
        "sum(clip(COLUMN, LOW, HIGH))",
    ),
    (
        (exp.Placeholder, exp.Parameter, exp.SessionParameter),
        "parameters are not filled in",
        "write the value itself, as in",
        "where column = 'value'",
    ),
    (
        (exp.Like, exp.ILike, exp.SimilarTo, exp.RegexpLike),
        "patterns are not compared",
        "list the values, as in",
        "column in ('a', 'b')",
    ),
    ((exp.Case, exp.If), "cases are not answered", "ask a query for each case, with", _WHERE),
    (
        (exp.NullSafeEQ, exp.NullSafeNEQ),
        "is distinct from is not compared",
        "write",
        "column is null or column <> 'value'",
    ),
    (
        (exp.Lambda, exp.Kwarg),
        "functions of your own are not run",
        "use count, sum, avg, var, stddev or quantile, as in",
        "avg(clip(COLUMN, LOW, HIGH))",
    ),
)
"""Node types -> why they are refused, what to do, and the nearest text that is allowed."""

NESTED = ("with makes a query inside a query", "ask one query,")
_PARTS: dict[str, tuple[str, str, str]] = {
    "with_": (*NESTED, SHAPE),
    "distinct": ("select distinct shows single rows", "count the rows of each group,", SHAPE),
    "into": ("select into writes a table", "leave it out,", SHAPE),
    "using": ("using leaves open whose column is meant", "write", "on a.column = b.column"),
    "method": (
        "a natural join depends on what columns are called",
        "write",
        "join TABLE on a.column = b.column",
    ),
    "nulls_first": ("groups without a value come last", "leave it out, as in", "order by COLUMN"),
    "offset": ("offset is not answered", "leave it out; write", "order by COLUMN limit 10"),
    "sample": ("samples of a table are not drawn", "ask of the whole table,", SHAPE),
    "qualify": ("qualify is about windows", "ask for groups,", SHAPE),
    "laterals": ("lateral makes a query inside a query", "ask one query,", SHAPE),
    "locks": ("a query locks nothing", "leave it out,", SHAPE),
    "symmetric": (
        "between symmetric is not compared",
        "write the smaller bound first, as in",
        "between 1 and 2",
    ),
    "query": ("a query inside a query is not answered", "list the values, as in", "column in ('a', 'b')"),
    "windows": ("a window answers about single rows", "ask for groups,", SHAPE),
    "db": ("a table is named by itself", "leave out the schema, as in", "from TABLE"),
    "all": ("group by all leaves open which columns are meant", "name them, as in", "group by COLUMN"),
    "with_ordinality": ("from takes a table", "leave it out,", SHAPE),
}
"""Parts of a node -> why they are refused, what to do, and the nearest text that is allowed."""
for _same, _as in (
    ("catalog", "db"),
    ("rollup", "all"),
    ("cube", "all"),
    ("grouping_sets", "all"),
    ("totals", "all"),
):
    _PARTS[_same] = _PARTS[_as]


def shown(node: exp.Expr | None) -> str:
    """A part of the query as text, cut where it is long."""
    if node is None:
        return "nothing"
    try:
        text = node.sql(unsupported_level=ErrorLevel.IGNORE, comments=False, normalize_functions=False)
    # The text is for a sentence only; what the generator cannot write is called by its type.
    except Exception:
        return type(node).__name__.lower()
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def refused_node(node: exp.Expr) -> QueryError:
    """The refusal of a node whose type is not listed."""
    for types, reason, advice, nearest in _NODES:
        if isinstance(node, types):
            return QueryError(reason, advice, nearest=nearest)
    if isinstance(node.parent, exp.Table | exp.From):
        return QueryError(
            f"{shown(node)} is no table of the schema",
            "name one; files and functions are not read,",
            nearest=SHAPE,
        )
    return QueryError(f"{shown(node)} is outside the subset", "write", nearest=SHAPE)


def refused_part(node: exp.Expr, name: str) -> QueryError:
    """The refusal of a part of a node that is not listed beside it."""
    if name in _PARTS:
        reason, advice, nearest = _PARTS[name]
        return QueryError(reason, advice, nearest=nearest)
    word = name.strip("_").replace("_", " ")
    return QueryError(f"{word!r} of {shown(node)} is outside the subset", "write", nearest=SHAPE)
