"""Mutations of bytes and of JSON values, as hypothesis draws them: it then finds the smallest that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[Any], Any]

NUMBERS = (
    0,
    1,
    2,
    7,
    127,
    128,
    255,
    256,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**64 - 1,
)
"""Lengths and counts that a reader may not expect."""
SIGNS = b"\x00\n\r\t \"',;.:#\\/\x1b\x7f\x80\xc3\xff\xfe0e-[]{}()"


def _at(draw: Draw, raw: bytearray) -> int:
    # Directories and footers stand at the end.
    n = len(raw)
    return draw(st.one_of(st.integers(0, n), st.integers(max(0, n - 300), n), st.integers(0, min(n, 300))))


def _cut(draw: Draw, raw: bytearray, others: Sequence[bytes]) -> None:
    del raw[_at(draw, raw) :]


def _begin_later(draw: Draw, raw: bytearray, others: Sequence[bytes]) -> None:
    del raw[: _at(draw, raw)]


def _flip(draw: Draw, raw: bytearray, others: Sequence[bytes]) -> None:
    at = _at(draw, raw)
    if at < len(raw):
        raw[at] ^= 1 << draw(st.integers(0, 7))


def _put(draw: Draw, raw: bytearray, others: Sequence[bytes]) -> None:
    at = _at(draw, raw)
    raw[at : at + draw(st.integers(0, 1))] = bytes(
        [draw(st.one_of(st.sampled_from(SIGNS), st.integers(0, 255)))]
    )


def _number(draw: Draw, raw: bytearray, others: Sequence[bytes]) -> None:
    at, width = _at(draw, raw), draw(st.sampled_from((1, 2, 4, 8)))
    order = draw(st.sampled_from(("little", "big")))
    there = int.from_bytes(raw[at : at + width], order)
    near = st.sampled_from((-1, 1, 2, -there)).map(lambda more: there + more)
    new = draw(st.one_of(st.sampled_from(NUMBERS), near)) % 2 ** (8 * width)
    raw[at : at + width] = new.to_bytes(width, order)


def _again(draw: Draw, raw: bytearray, others: Sequence[bytes]) -> None:
    at, size, to = _at(draw, raw), draw(st.integers(1, 400)), _at(draw, raw)
    raw[to:to] = raw[at : at + size] * draw(st.integers(1, 3))


def _drop(draw: Draw, raw: bytearray, others: Sequence[bytes]) -> None:
    at = _at(draw, raw)
    del raw[at : at + draw(st.integers(1, 400))]


def _splice(draw: Draw, raw: bytearray, others: Sequence[bytes]) -> None:
    if others:
        other = others[draw(st.integers(0, len(others) - 1))]
        start = draw(st.integers(0, len(other)))
        part = other[start : start + draw(st.integers(1, 2_000))]
        at = _at(draw, raw)
        raw[at : at + (len(part) if draw(st.booleans()) else 0)] = part


CHANGES = (_cut, _begin_later, _flip, _flip, _flip, _put, _put, _number, _number, _again, _drop, _splice)


@st.composite
def mutated(draw: Draw, files: Callable[[], Sequence[bytes]], *, most: int = 5) -> bytes:
    """One of these files with one to `most` changes: cut, flipped, spliced, with other lengths, doubled.

    Args:
        files: makes them. A function, because hypothesis writes out what it is given.
    """
    wholes = files()
    raw = bytearray(wholes[draw(st.integers(0, len(wholes) - 1))])
    for change in draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=most)):
        change(draw, raw, wholes)
    return bytes(raw)


TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", " ", "\x1b[2J", "\u202eabc", "<script>alert(1)</script>", "{{7*7}}", "\0", "\ud800", "x" * 5_000]
    ),
)
JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from(NUMBERS),
        st.integers(-3, 100),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXTS,
        st.sampled_from([10**400, -(10**20), 1e308, -0.0, 5e-324]),
    ),
    lambda inside: st.one_of(st.lists(inside, max_size=4), st.dictionaries(TEXTS, inside, max_size=3)),
    max_leaves=6,
)


def places(value: Any) -> list[tuple[Any, ...]]:
    """The way to each value in a JSON value."""
    found: list[tuple[Any, ...]] = []
    todo: list[tuple[Any, tuple[Any, ...]]] = [(value, ())]
    while todo:
        part, at = todo.pop()
        found.append(at)
        if isinstance(part, dict):
            todo += [(one, (*at, step)) for step, one in part.items()]
        elif isinstance(part, list):
            todo += [(one, (*at, step)) for step, one in enumerate(part)]
    return found


def there(value: Any, at: tuple[Any, ...]) -> Any:
    """What stands in a place."""
    for step in at:
        value = value[step]
    return value


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """The value with another one in this place, gone where that is `...`. Only what leads there is copied."""
    if not at:
        return new
    made, step = value.copy(), at[0]
    if len(at) > 1:
        made[step] = put(made[step], at[1:], new)
    elif new is ...:
        del made[step]
    else:
        made[step] = new
    return made


@st.composite
def ways(draw: Draw, value: Any) -> tuple[Any, ...]:
    """The way to a place: long lists weigh no more than short ones."""
    at: tuple[Any, ...] = ()
    while isinstance(value, dict | list) and value and draw(st.integers(0, 5)):
        steps = list(value) if isinstance(value, dict) else range(len(value))
        step = steps[draw(st.integers(0, len(steps) - 1))]
        value, at = value[step], (*at, step)
    return at


@st.composite
def edited(draw: Draw, value: Any, *, new: st.SearchStrategy[Any] = JSON, most: int = 3) -> Any:
    """A JSON value with one to `most` places changed, missing, doubled, or filled from another place."""
    for _ in range(draw(st.integers(1, most))):
        at = draw(ways(value))
        how = draw(
            st.sampled_from(
                ("like", "like", "like", "new", "new", "other place", "gone", "doubled", "key", "deep")
            )
        )
        here = there(value, at)
        if how == "like":
            value = put(value, at, draw(_like(here, new)))
        elif how == "gone" and at:
            value = put(value, at, ...)
        elif how == "other place":
            value = put(value, at, there(value, draw(ways(value))))
        elif how == "doubled" and isinstance(here, list):
            value = put(value, at, here * draw(st.integers(2, 3)))
        elif how == "key" and isinstance(here, dict):
            value = put(value, (*at, draw(TEXTS)), draw(new))
        elif how == "deep":
            value = put(value, at, nested(here, draw(st.sampled_from((1, 30, 200)))))
        else:
            value = put(value, at, draw(new))
    return value


def _like(value: Any, new: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of the same type: most readers look at the type first."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.one_of(st.integers(0, 9), st.sampled_from(NUMBERS), st.just(-value))
    if isinstance(value, float):
        return st.floats(allow_nan=False, allow_infinity=False)
    if isinstance(value, str):
        return st.one_of(TEXTS, st.just(value * 2), new.filter(lambda one: isinstance(one, str)))
    if isinstance(value, list) and value:
        return st.sampled_from([value[:1], value[:-1], value + value[:1], value[::-1], []])
    return new


def nested(value: Any, deep: int) -> Any:
    """A value inside this many lists."""
    for _ in range(deep):
        value = [value]
    return value
