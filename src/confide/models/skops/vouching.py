"""Types that a user vouches for: in the file, importable, and none of Python itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from confide.core.errors import ModelError
from confide.models.importing import import_object
from confide.models.skops.refusal import is_of_python

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_SHOWN = 10


def vouched(path: Path, names: Sequence[str], *, unknown: Collection[str]) -> None:
    """Check the types that a user trusts in a file, and import their modules, as unpacking it would.

    Args:
        path: of the file.
        names: what the user trusts, by full name.
        unknown: what the file holds that is not on the list of types that are always built.

    Raises:
        ModelError: for a name that is no full name, that the file does not hold, that is Python's own, or
            that cannot be imported.
    """
    for name in names:
        if not _NAME.fullmatch(name):
            raise ModelError(f"--trust {name!r:.90} is no full name: write it like mypkg.steps.MyStep.")
        if name not in unknown:
            raise _not_there(path, name, unknown)
        module, _, kind = name.rpartition(".")
        if is_of_python(name):
            raise ModelError(
                f"--trust {name} is Python's own, of which no model is made: {path} may have been made to do "
                "harm. Ask its maker for an ONNX file."
            )
        try:
            import_object(f"{module}:{kind}")
        except ModelError as error:
            raise ModelError(
                f"{path} holds {name}, which is trusted and cannot be imported: {error}"
            ) from error


def _not_there(path: Path, name: str, unknown: Collection[str]) -> ModelError:
    if not unknown:
        return ModelError(f"{path} holds no type that needs trust: leave out --trust {name}.")
    shown = sorted(unknown)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ModelError(
        f"{path} does not hold {name}, which is trusted: what it holds besides the types that are always "
        f"read is {', '.join(shown[:_SHOWN])}{more}."
    )
