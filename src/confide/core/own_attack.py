"""Attacks that users write: each mistake is named in a sentence, also a change to what others are shown."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, cast, get_args, get_origin, get_type_hints
from zlib import crc32

import numpy as np

from confide.core.arrays import Array
from confide.core.errors import AttackError
from confide.core.foreign import in_one_line
from confide.core.nouns import AnyAttack, AnyCase, Case, Guess

WRITTEN = "def __call__(self, case: Case[BlackBox, Background, Records], *, rng) -> Guess"
"""How the method of an attack is written, for messages."""
DEEPEST = 4
"""Records within records in which arrays are looked for."""


def is_own(attack: object) -> bool:
    """Whether an attack is the user's own, and not one of confide."""
    return not type(attack).__module__.startswith("confide.")


def check_written(attack: object) -> None:
    """Refuse what is no attack, has no name, or does not say what it sees.

    Raises:
        AttackError: with the mistake, and how it is written right.
    """
    called = _called(attack)
    if isinstance(attack, type):
        raise AttackError(f"{called} is a class: give an attack with its settings, {called}().")
    if "__call__" not in dir(type(attack)) or inspect.isfunction(attack):
        raise AttackError(f"{called} is no attack: write a class with `{WRITTEN}`.")
    name = getattr(attack, "name", None)
    if not isinstance(name, str) or not name.strip() or name != in_one_line(name):
        given = "has no name" if name is None else f"has the name {in_one_line(repr(name))}"
        raise AttackError(
            f'{called} {given}: write `name: ClassVar[str] = "my-attack"` in the class; the report says it.'
        )
    title = getattr(attack, "title", "")
    if not isinstance(title, str):
        raise AttackError(
            f"the title of {called} is {in_one_line(repr(title))}: give a text, or leave it out."
        )
    _check_method(type(attack), called)


def check_frozen(attack: object) -> None:
    """Refuse an attack that could change between two worlds, or whose access nobody could state.

    Raises:
        AttackError: with the mistake, and how it is written right.
    """
    called = _called(attack)
    params = getattr(type(attack), "__dataclass_params__", None)
    if params is None or not params.frozen:
        raise AttackError(
            f"{called} can change while it is played: write `@dataclass(frozen=True)` above the class, and "
            "keep what it works out in variables of `__call__`."
        )
    for field in fields(cast(Any, attack)):
        try:
            hash(getattr(attack, field.name))
        except TypeError:
            kind = type(getattr(attack, field.name)).__name__
            raise AttackError(
                f"the setting {field.name} of {called} is a {kind}, which can be changed: give a tuple, a "
                "number or a text."
            ) from None
    if _arguments(type(attack), called)[0] is Any:
        raise AttackError(
            f"{called} sees Any: name what it needs to see, since the report says what the adversary had: "
            "LabelOnly, BlackBox, WhiteBox, a view of records such as Interactions, or object for nothing."
        )


def check_answer(attack: AnyAttack, guess: object, n: int) -> Guess:
    """The guess of an attack, if it is one about n targets.

    Raises:
        AttackError: with what was returned, and what is needed.
    """
    if not isinstance(guess, Guess):
        raise AttackError(
            f"{attack.name} returned {_kind(guess)}: return `Guess(None, score)` with a score for each of "
            f"the {n:,} targets."
        )
    score = cast(object, guess.score)
    if not isinstance(score, np.ndarray) or cast(Array, score).dtype.kind not in "fiub":
        raise AttackError(
            f"{attack.name} gave scores as {_kind(cast(object, score))}: give an array of numbers, one for "
            "each target, higher = surer, NaN where it cannot say."
        )
    for what, given in (("scores", cast(Array, score)), ("claims", guess.value)):
        shape = None if given is None else np.shape(given)
        wrong = shape is not None and (shape != (n,) if what == "scores" else shape[:1] != (n,))
        if wrong:
            raise AttackError(
                f"{attack.name} gave {what} of shape {shape} for {n:,} targets: one each is needed, in the "
                "order of `case.targets`."
            )
    return guess


class Shown:
    """The arrays of a case as they are shown to an attack, to see whether it changes them.

    >>> case = Case(None, None, np.zeros(3))
    >>> shown = Shown(case)
    >>> case.targets[0] = 1
    >>> shown.changed()
    'case.targets'
    """

    def __init__(self, case: AnyCase) -> None:
        self._arrays = [(where, array, _sum(array)) for where, array in _arrays(case, "case", DEEPEST)]

    def changed(self) -> str:
        """Where the first array stands that is not as it was; empty if none is."""
        return next((where for where, array, before in self._arrays if _sum(array) != before), "")


def _check_method(kind: type, called: str) -> None:
    method: Any = kind.__call__
    parameters = inspect.signature(method).parameters
    missing = [name for name in ("case", "rng") if name not in parameters]
    if missing:
        raise AttackError(
            f"the method of {called} takes no `{missing[0]}`, but "
            f"{', '.join(list(parameters)[1:]) or 'nothing'}: write `{WRITTEN}`."
        )
    if parameters["rng"].kind not in (
        inspect.Parameter.KEYWORD_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    ):
        raise AttackError(f"`rng` of {called} is given by its name: write `{WRITTEN}`.")
    if parameters["case"].annotation is inspect.Parameter.empty:
        raise AttackError(
            f"`case` of {called} has no annotation, which says what the adversary may see: write `{WRITTEN}`."
        )
    _arguments(kind, called)


def _arguments(kind: type, called: str) -> tuple[Any, ...]:
    """View, knowledge and targets that the annotation of `case` names."""
    method: Any = kind.__call__
    try:
        hint = get_type_hints(method)["case"]
    except NameError as error:
        raise AttackError(
            f"the annotation of `case` in {called} cannot be read ({in_one_line(error)}): import each name "
            "in it at the top of the file, not under TYPE_CHECKING and not in a function."
        ) from error
    except Exception as error:  # whatever the annotation does when it is evaluated
        raise AttackError(
            f"the annotation of `case` in {called} cannot be read ({in_one_line(error)}): write `{WRITTEN}`."
        ) from error
    if get_origin(hint) is not Case or len(get_args(hint)) != 3:
        raise AttackError(
            f"`case` of {called} is annotated {in_one_line(repr(hint))}: write Case[view, knowledge, "
            f"targets], as in `{WRITTEN}`."
        )
    return get_args(hint)


def _called(attack: object) -> str:
    return attack.__name__ if isinstance(attack, type) else type(attack).__name__


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, np.ndarray):
        return f"an array of {cast(Array, value).dtype}"
    return f"a {type(value).__name__}"


def _arrays(value: object, where: str, deep: int) -> Iterator[tuple[str, Array]]:
    if isinstance(value, np.ndarray):
        yield where, cast(Array, value)
    # Frozen records alone: what a live object keeps for itself it may change.
    elif is_dataclass(value) and not isinstance(value, type) and deep:
        for field in fields(value):
            yield from _arrays(getattr(value, field.name, None), f"{where}.{field.name}", deep - 1)
    elif isinstance(value, tuple | list) and deep:
        for at, item in enumerate(cast("list[object]", value)):
            yield from _arrays(item, f"{where}[{at}]", deep - 1)


def _sum(array: Array) -> int:
    # No secret is at stake: a fast sum finds every change that is not made to be missed.
    if array.dtype.hasobject:
        return crc32(repr(array.tolist()).encode())
    return crc32(np.ascontiguousarray(array).view(np.uint8).data) if array.size else 0
