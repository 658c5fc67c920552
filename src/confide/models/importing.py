"""Import paths: objects of a user's own code by module and name, from the working folder too."""

from __future__ import annotations

import difflib
import importlib
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from confide.core.errors import ConfideError, ModelError
from confide.core.paths import is_there
from confide.models.guard import Guard, guarded_error

_IMPORT_PATH = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def is_import_path(given: object) -> bool:
    """Whether this is written as an import path, and is no file.

    >>> is_import_path("mypkg.data:train"), is_import_path("C:/train.csv"), is_import_path("train.csv")
    (True, False, False)
    """
    written = str(given) if isinstance(given, str | Path) else ""
    return bool(_IMPORT_PATH.fullmatch(written)) and not is_there(Path(written))


def import_object(spec: str) -> Any:
    """Import the object that an import path names, from the working folder if it is there.

    Raises:
        ModelError: if the path is malformed, the module cannot be imported, or has no such name.
    """
    if not _IMPORT_PATH.fullmatch(spec):
        raise ModelError(
            f"{spec!r} is neither a .onnx, .skops, .txt, .json or .ubj file nor an import path: write it "
            "like mypkg.mymodel:net."
        )
    name, _, attribute = spec.partition(":")
    _search_here(name)
    try:
        found: Any = Guard(f"importing {name}")(lambda: importlib.import_module(name))
    except ConfideError:
        raise
    except Exception as error:
        raise _not_imported(name, error) from error
    for step in attribute.split("."):
        if not hasattr(found, step):
            there = [n for n in dir(found) if not n.startswith("_")]
            near = difflib.get_close_matches(step, there, n=3) or there[:8]
            raise ModelError(f"{name} has no {step!r}: it has {', '.join(near) or 'nothing'}.")
        found = getattr(found, step)
    return found


def _not_imported(name: str, error: Exception) -> ModelError:
    # Only a missing part of the path itself; a module that the user's code imports is another error.
    if isinstance(error, ModuleNotFoundError) and error.name and (name + ".").startswith(error.name + "."):
        return ModelError(
            f"there is no module {error.name!r}, neither installed nor in {Path.cwd()}: "
            "check the name, or start in the folder that contains it."
        )
    return ModelError(f"importing {name} fails ({guarded_error(error)}): try `python -c 'import {name}'`.")


def _search_here(name: str) -> None:
    """Put the working folder first on `sys.path` if the named module is in it, as `python -m` does.

    It stays there. Worker processes get a copy of `sys.path` and must find the user's modules when functions
    and models are sent to them. A function can also import more modules when it is called. For an installed
    module the folder is not searched: any file in it could then stand in for a part of that module.
    """
    here = str(Path.cwd())
    importlib.invalidate_caches()
    if PathFinder.find_spec(name.partition(".")[0], [here]) is not None:
        sys.path[:] = [here, *(folder for folder in sys.path if folder != here)]
