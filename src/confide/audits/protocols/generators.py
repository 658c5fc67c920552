"""Which generators that are not cryptographic a function calls, and with which seeds."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np


@dataclass(frozen=True, slots=True)
class Seeding:
    """One call that seeded a generator.

    Args:
        generator: its name.
        seed: what was passed; None if nothing was.
    """

    generator: str
    seed: object

    @property
    def bits(self) -> float:
        """The most bits that a seed of this kind holds: 32 where the generator cuts it."""
        if isinstance(self.seed, (int, np.integer)):
            return 32 if "RandomState" in self.generator or self.generator == "numpy.random.seed" else 64
        return float("inf")


# Both modules are looked up by name at each call, as almost all code does: an object that was imported from
# them before is not seen. So a call that is seen is proof, and none is not.
_WATCHED = (
    (np.random, "RandomState"),
    (np.random, "default_rng"),
    (np.random, "seed"),
    (np.random, "MT19937"),
    (np.random, "PCG64"),
    (random, "Random"),
    (random, "seed"),
)


@contextmanager
def watched() -> Iterator[list[Seeding]]:
    """Note each seeding of a generator of NumPy, Python or torch while this is open.

    >>> with watched() as calls:
    ...     _ = np.random.RandomState(7)
    >>> calls
    [Seeding(generator='numpy.random.RandomState', seed=7)]
    """
    calls: list[Seeding] = []
    targets: list[tuple[Any, str]] = list(_WATCHED)
    torch = sys.modules.get("torch")
    if torch is not None:
        targets.append((torch, "manual_seed"))
    with ExitStack() as stack:
        for module, name in targets:
            full = f"{module.__name__}.{name}"
            stack.enter_context(patch.object(module, name, _noting(calls, full, getattr(module, name))))
        yield calls


class _Noted(type):
    """A class in place of another: calls are noted, and make objects of the other, which are also of this."""

    real: type
    call: Callable[..., Any]

    def __call__(cls, *args: Any, **named: Any) -> Any:
        return cls.call(*args, **named)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.real)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.real)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls.real, name)


def _noting(calls: list[Seeding], name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **named: Any) -> Any:
        calls.append(Seeding(name, args[0] if args else next(iter(named.values()), None)))
        return real(*args, **named)

    # Code asks whether something is a RandomState, NumPy's own too: a function would be no answer.
    return _Noted(real.__name__, (), {"real": real, "call": call}) if isinstance(real, type) else call
