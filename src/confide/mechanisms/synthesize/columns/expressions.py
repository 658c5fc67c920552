"""Arithmetic of named columns: a small grammar of + - * /, comparisons and a few functions, and no eval.

    comparison = sum ((">=" | ">" | "<=" | "<") sum)?
    sum        = product (("+" | "-") product)*
    product    = factor (("*" | "/") factor)*
    factor     = number | day | name | "quoted name" | "-" factor | "(" sum ")" | function "(" sum, ... ")"

A day is written 2020-12-31. Functions are `years(born, day)`, the full years from the first day to the
second; `year(day)`; `floor(x)`; `round(x)`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from confide.core.errors import DataError

TOKEN = re.compile(
    r"\s*(?:(?P<day>\d{4}-\d\d-\d\d)|(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)"
    r'|"(?P<quoted>[^"]+)"|(?P<name>[^\W\d]\w*)|(?P<sign>->|>=|<=|[-+*/()<>=,]))'
)
LONGEST = 1_000
DEEPEST = 50
"""Brackets in brackets."""
FUNCTIONS = {"years": 2, "year": 1, "floor": 1, "round": 1}
COMPARISONS = (">=", ">", "<=", "<")


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is written out."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is written out."""

    value: date


@dataclass(frozen=True, slots=True)
class Name:
    """A column."""

    name: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two expressions and what is between them: + - * /."""

    sign: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A function of expressions."""

    function: str
    of: tuple[Expression, ...]


Expression: TypeAlias = Number | Day | Name | Arithmetic | Call


@dataclass(frozen=True, slots=True)
class Rule:
    """What a text says: `left sign right`, where the sign is = or -> or a comparison."""

    left: Expression
    sign: str
    right: Expression


def parsed(text: str) -> Rule:
    """Read a rule.

    Raises:
        DataError: where it is none.

    >>> parsed("end >= start")
    Rule(left=Name(name='end'), sign='>=', right=Name(name='start'))
    >>> parsed('net = "gross pay" - 2 * tax').right.sign
    '-'
    """
    reading = _Reading(text, _tokens(text))
    left = reading.sum()
    sign = reading.taken(*COMPARISONS, "=", "->")
    if sign is None:
        raise reading.wrong("a rule compares: write =, ->, >=, >, <= or < between two sides")
    right = reading.sum()
    if reading.left:
        raise reading.wrong(f"{reading.next!r} is not expected")
    return Rule(left, sign, right)


def names(expression: Expression) -> tuple[str, ...]:
    """The columns of an expression, each once."""
    found: dict[str, None] = {}
    todo: list[Expression] = [expression]
    while todo:
        one = todo.pop()
        if isinstance(one, Name):
            found[one.name] = None
        if isinstance(one, Arithmetic):
            todo += [one.right, one.left]
        if isinstance(one, Call):
            todo += reversed(one.of)
    return tuple(found)


def _tokens(text: str) -> list[tuple[str, str]]:
    if len(text) > LONGEST:
        raise DataError(f"the rule {text:.40} is longer than {LONGEST:,} characters: write several.")
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = TOKEN.match(text, at)
        if match is None:
            raise DataError(
                f"the rule {text!r:.100} cannot be read at {text[at:].strip()!r:.20}: write names that have "
                'blanks or signs in them in quotation marks, "capital-gain".'
            )
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        at = match.end()
    return found


class _Reading:
    """The tokens of a text that are left."""

    def __init__(self, text: str, tokens: Sequence[tuple[str, str]]) -> None:
        self.text = text
        self.left = list(reversed(tokens))
        self.depth = 0

    @property
    def next(self) -> str:
        return self.left[-1][1] if self.left else "the end"

    def wrong(self, why: str) -> DataError:
        return DataError(f"the rule {self.text!r:.100} cannot be read: {why}.")

    def taken(self, *signs: str) -> str | None:
        """The next token, if it is one of these."""
        if self.left and self.left[-1][0] == "sign" and self.left[-1][1] in signs:
            return self.left.pop()[1]
        return None

    def sum(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(f"brackets are more than {DEEPEST} deep")
        made = self.product()
        while sign := self.taken("+", "-"):
            made = Arithmetic(sign, made, self.product())
        self.depth -= 1
        return made

    def product(self) -> Expression:
        made = self.factor()
        while sign := self.taken("*", "/"):
            made = Arithmetic(sign, made, self.factor())
        return made

    def factor(self) -> Expression:
        if self.taken("-"):
            self.depth += 1  # a row of minus signs is as deep as brackets
            if self.depth > DEEPEST:
                raise self.wrong(f"more than {DEEPEST} minus signs stand in a row")
            made = Arithmetic("-", Number(0), self.factor())
            self.depth -= 1
            return made
        if self.taken("("):
            made = self.sum()
            if not self.taken(")"):
                raise self.wrong(f"a bracket is not closed before {self.next!r}")
            return made
        if not self.left or self.left[-1][0] == "sign":
            raise self.wrong(f"a column or a number is expected, not {self.next!r}")
        kind, word = self.left.pop()
        if kind == "number":
            return Number(int(word) if word.isdecimal() else float(word))
        if kind == "day":
            try:
                return Day(date.fromisoformat(word))
            except ValueError:
                raise self.wrong(f"{word} is no day") from None
        if kind == "name" and self.taken("("):
            return self.call(word)
        return Name(word)

    def call(self, function: str) -> Expression:
        if function not in FUNCTIONS:
            raise self.wrong(f"there is no function {function}: there are {', '.join(FUNCTIONS)}")
        of = [self.sum()]
        while self.taken(","):
            of.append(self.sum())
        if not self.taken(")"):
            raise self.wrong(f"a bracket is not closed before {self.next!r}")
        if len(of) != FUNCTIONS[function]:
            raise self.wrong(f"{function} takes {FUNCTIONS[function]}, and {len(of)} are given")
        return Call(function, tuple(of))
