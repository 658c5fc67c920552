"""Refusals of skops files, in words."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from confide.core.errors import ModelError

_LONGEST = 200
_OTHERWISE = (
    'If it is yours, give an import path to a function that loads the model ("mypkg.mymodel:load", with '
    "skops.io.load(path, trusted=[...]) in it). Otherwise ask its maker for an ONNX file."
)


def damaged(path: Path, why: object) -> ModelError:
    """The refusal of a file that is no skops file, or one that no skops wrote."""
    kind = f"{type(why).__name__}: " if isinstance(why, BaseException) else ""
    return ModelError(
        f"{path} is not a readable skops file ({kind}{_line(why)}): write it again with "
        "`skops.io.dump(model, path)`."
    )


def untrusted(path: Path, names: Iterable[str]) -> ModelError:
    """The refusal of types that are not on the list."""
    shown = sorted({_line(name) for name in names})
    more = f" and {len(shown) - 10} more" if len(shown) > 10 else ""
    return ModelError(
        f"{path} holds types that cannot be trusted: {', '.join(shown[:10])}{more}. Only types that are "
        f"known not to run code and not to reach outside their memory are read from a file. {_trust(shown)}"
        f"{_OTHERWISE}"
    )


def is_of_python(name: str) -> bool:
    """Whether a type or function is of the standard library: no model is made of those, and some run code."""
    return name.partition(".")[0] in sys.stdlib_module_names


def _trust(names: Sequence[str]) -> str:
    """How to vouch for these types; nothing where a name cannot be vouched for."""
    plain = all(part.isidentifier() for name in names for part in name.split("."))
    if not plain or len(names) > 10 or any(is_of_python(name) for name in names):
        return ""
    said = " ".join(f"--trust {name}" for name in names)
    return f"If you know what {'it does' if len(names) == 1 else 'they do'}, say so: {said}. "


def refused_argument(owner: str, name: str, value: object, why: str) -> ModelError:
    """The refusal of an argument of a listed estimator."""
    return ModelError(f"the {owner} in this file has {_line(name)}={_line(value)}, {why}. {_OTHERWISE}")


def harmful(owner: object, what: str) -> ModelError:
    """The refusal of a fitted state that no scikit-learn leaves behind."""
    kind = owner if isinstance(owner, str) else type(owner).__name__
    return ModelError(
        f"a {kind} in this file holds {what}: the file is damaged or made to do harm. "
        "Ask its maker for an ONNX file."
    )


def _line(text: object) -> str:
    """A foreign text on one line, cut, with control characters escaped."""
    raw = text if isinstance(text, str) else str(text) if isinstance(text, BaseException) else repr(text)
    first = next((line for line in raw.splitlines() if line.strip()), raw[:1])
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in first)
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "..."
