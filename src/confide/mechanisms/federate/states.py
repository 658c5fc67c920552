"""The state of a protocol as plain arrays, and back: nothing is pickled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from confide.core.arrays import Array, Rng
from confide.core.errors import DataError, PromiseError

S = TypeVar("S")
_STATELESS = ("SecureSource",)
"""Sources of noise from the operating system: a new one is as good as the old one, and none can be kept."""


def arrays_of(state: object) -> dict[str, Array]:
    """All numbers in a state, by their place in it.

    Raises:
        PromiseError: if it holds what cannot be kept, such as a source of rehearsed noise.
    """
    return dict(_leaves(state, ""))


def with_arrays(template: S, arrays: Mapping[str, Array]) -> S:
    """A state of the same form as another, with numbers that `arrays_of` gave.

    Args:
        template: a state of the same protocol and plan, such as the first one.
        arrays: by place.

    Raises:
        DataError: if the form is another.
    """
    return _rebuilt(template, "", dict(arrays))


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Array]]:
    if isinstance(value, np.ndarray | bool | int | float):
        array = np.asarray(value)
        if array.dtype == object:
            raise PromiseError(f"{place} is a number beyond 64 bits, and a checkpoint cannot keep it.")
        yield place, array
    elif isinstance(value, tuple) and value and all(isinstance(part, np.ndarray) for part in value):
        for k, part in enumerate(value):
            yield f"{place}.{k}", part
    elif isinstance(value, Mapping) and all(type(n) is int for n in (*value, *value.values())):
        yield f"{place}.keys", np.array(list(value), np.int64)
        yield f"{place}.values", np.array(list(value.values()), np.int64)
    elif isinstance(value, frozenset) and all(type(n) is int for n in value):
        yield f"{place}.members", np.array(sorted(value), np.int64)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name), f"{place}.{field.name}")
    elif not (value is None or value == () or type(value).__name__ in _STATELESS):
        raise PromiseError(
            f"a run could not go on after a crash: its state holds {type(value).__name__} at {place}, which "
            "no checkpoint keeps. Choose another protocol, or simulate this one."
        )


def _rebuilt(value: Any, place: str, arrays: Mapping[str, Array]) -> Any:
    if isinstance(value, np.ndarray):
        found = _at(place, arrays)
        if found.shape != value.shape or found.dtype != value.dtype:
            raise DataError(f"the checkpoint has {found.shape} at {place}, and the plan's is {value.shape}.")
        return found
    if isinstance(value, bool | int | float):
        return type(value)(_at(place, arrays).item())
    if isinstance(value, tuple):  # of arrays, as many as there are by now
        return tuple(arrays[at] for k in range(len(arrays)) if (at := f"{place}.{k}") in arrays)
    if isinstance(value, Mapping):
        keys, values = (_at(f"{place}.{part}", arrays).tolist() for part in ("keys", "values"))
        return dict(zip(keys, values, strict=True))
    if isinstance(value, frozenset):
        return frozenset(_at(f"{place}.members", arrays).tolist())
    if is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: _rebuilt(getattr(value, f.name), f"{place}.{f.name}", arrays) for f in fields(value)}
        return replace(value, **parts)
    return value


def _at(place: str, arrays: Mapping[str, Array]) -> Array:
    if place not in arrays:
        raise DataError(f"the checkpoint has nothing at {place}: it is of another protocol or version.")
    return arrays[place]


def generator_at(state: Mapping[str, Any]) -> Rng:
    """Random numbers that go on where those of a generator stood: its `bit_generator.state`."""
    bits = np.random.PCG64()
    bits.state = dict(state)  # pyright: ignore[reportAttributeAccessIssue]
    return np.random.Generator(bits)
