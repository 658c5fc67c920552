"""The gate of queries: from text to a syntax tree that holds nothing but listed nodes with listed parts.

The list is positive. A node that is not on it, or a part that is not beside it, is refused, also one
that a later version of the parser knows and this file does not.
"""

from __future__ import annotations

from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.parser import Parser
from sqlglot.tokens import Token, TokenType  # pyright: ignore[reportPrivateImportUsage]

from confide.core.fields import shown
from confide.core.foreign import in_one_line
from confide.releases.sql.outside import NESTED, SHAPE, SHOWN, refused_node, refused_part
from confide.releases.sql.refusal import QueryError

LONGEST = 20_000
"""Characters of a query."""
ALLOWED: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset(("expressions", "from_", "joins", "where", "group", "having", "order", "limit")),
    exp.From: frozenset(("this",)),
    exp.Table: frozenset(("this", "alias")),
    exp.TableAlias: frozenset(("this",)),
    exp.Join: frozenset(("this", "side", "kind", "on")),
    exp.Where: frozenset(("this",)),
    exp.Group: frozenset(("expressions",)),
    exp.Having: frozenset(("this",)),
    exp.Order: frozenset(("expressions",)),
    exp.Ordered: frozenset(("this", "desc")),
    exp.Limit: frozenset(("expression",)),
    exp.Alias: frozenset(("this", "alias")),
    exp.Column: frozenset(("this", "table")),
    exp.Identifier: frozenset(("this", "quoted")),
    exp.Star: frozenset(),
    exp.Distinct: frozenset(("expressions",)),
    exp.Anonymous: frozenset(("this", "expressions")),
    exp.Literal: frozenset(("this", "is_string")),
    exp.Boolean: frozenset(("this",)),
    exp.Null: frozenset(),
    exp.Neg: frozenset(("this",)),
    exp.Paren: frozenset(("this",)),
    exp.And: frozenset(("this", "expression")),
    exp.Or: frozenset(("this", "expression")),
    exp.Not: frozenset(("this",)),
    exp.EQ: frozenset(("this", "expression")),
    exp.NEQ: frozenset(("this", "expression")),
    exp.LT: frozenset(("this", "expression")),
    exp.LTE: frozenset(("this", "expression")),
    exp.GT: frozenset(("this", "expression")),
    exp.GTE: frozenset(("this", "expression")),
    exp.Between: frozenset(("this", "low", "high")),
    exp.In: frozenset(("this", "expressions")),
    exp.Is: frozenset(("this", "expression")),
}
"""Each node type that a query may hold -> its parts that may be filled."""


class _Parser(Parser):
    """The plain parser without any functions of its own: each call is kept as it is written."""

    FUNCTIONS: ClassVar = {}


def checked_tree(text: str) -> exp.Select:
    """Parse the text of a query, and pass it through the gate.

    Raises:
        QueryError: if it is no single `select` of listed nodes.
    """
    given: object = text
    if not isinstance(given, str):
        raise QueryError(f"the query is {shown(given)}, and no text", "write", nearest=SHAPE)
    if not text.strip():
        raise QueryError("the query is empty", "write", nearest=SHAPE)
    if len(text) > LONGEST:
        raise QueryError(f"the query has {len(text):,} characters", f"the most is {LONGEST:,}")
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise QueryError("the query holds a character that no database takes", "leave it out")
    tokens = _tokens(text)
    try:
        parsed = _Parser(dialect=_dialect()).parse(tokens, text)
    except RecursionError:
        raise QueryError("the query nests too deep", "ask a simpler one,", nearest=SHAPE) from None
    except SqlglotError as error:
        raise QueryError(*_unparsed(error)) from None
    # The parser is other people's code, and any text may reach it.
    except Exception as error:
        raise QueryError(f"the query cannot be read ({in_one_line(error)})", "write", nearest=SHAPE) from None
    tree = parsed[0] if len(parsed) == 1 else None
    if isinstance(tree, exp.SetOperation):
        raise refused_node(tree)
    if not isinstance(tree, exp.Select):
        raise QueryError("the text is no single select", "write", nearest=SHAPE)
    _check(tree)
    return tree


def _dialect() -> Dialect:
    """Plain SQL, in which `nulls first` is there only where it was written."""
    dialect = Dialect.get_or_raise("")
    dialect.NULL_ORDERING = "nulls_are_last"  # pyright: ignore[reportAttributeAccessIssue]
    return dialect


def _tokens(text: str) -> list[Token]:
    try:
        tokens = list(sqlglot.tokenize(text))
    except SqlglotError:
        raise QueryError(
            "the query cannot be cut into words",
            "close every quote, and double a quote inside,",
            nearest="'O''Hara'",
        ) from None
    if any(token.comments for token in tokens):
        raise QueryError("the query holds a comment", "leave comments out")
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    if any(token.token_type == TokenType.SEMICOLON for token in tokens):
        raise QueryError("two statements stand in one text", "ask one query at a time,", nearest=SHAPE)
    first = tokens[0] if tokens else None
    if first is None or first.token_type != TokenType.SELECT:
        if first is not None and first.token_type == TokenType.WITH:
            raise QueryError(*NESTED, nearest=SHAPE)
        word = first.text[:SHOWN] if first is not None else ";"
        raise QueryError(f"a query begins with select, and not with {word!r}", "write", nearest=SHAPE)
    return tokens


def _unparsed(error: SqlglotError) -> tuple[str, str]:
    found = getattr(error, "errors", None)
    if not found:
        return "the query is no SQL", f"write {SHAPE}"
    at = found[0]
    near = str(at.get("highlight") or "")[:SHOWN]
    where = f" at {near!r}" if near else ""
    return f"the query is no SQL{where} (line {at.get('line')}, column {at.get('col')})", f"write {SHAPE}"


def _check(tree: exp.Select) -> None:
    for node in tree.dfs():
        if isinstance(node, exp.Select) and node is not tree:
            raise refused_node(node)
        parts = ALLOWED.get(type(node))
        if parts is None:
            raise refused_node(node)
        for name, value in node.args.items():
            if value and name not in parts:
                raise refused_part(node, name)
