"""Own modules that a module imports, read off its source: what a cached training depends on."""

from __future__ import annotations

import ast
import hashlib
import sys
import sysconfig
from collections.abc import Iterable
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

_INSTALLED = ("site-packages", "dist-packages")
_OWN_PACKAGE = __name__.partition(".")[0]


def imported_text(names: Iterable[str]) -> str:
    """Describe own modules, and all that they import, by name and SHA-256; empty where there are none.

    An import counts wherever it stands, in a function too, and nothing is imported to find it. What a module
    only holds, under any name, counts as well. Left out are Python's own modules, installed packages, and
    confide, whose version is in the key of a cache.

    Args:
        names: of modules, as in `__module__`.

    >>> imported_text(["json", "numpy", "confide.learners"])
    ''
    """
    found: dict[str, str] = {}
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name.partition(".")[0] == _OWN_PACKAGE:
            continue
        seen.add(name)
        # Importing a.b runs a/__init__.py as well.
        waiting += [name.rpartition(".")[0]] if "." in name else []
        file = _file(name)
        if file is None or _installed(file):
            continue
        try:
            source = file.read_bytes()
        except OSError:
            continue
        found[name] = hashlib.sha256(source).hexdigest()
        package = name if file.stem == "__init__" else name.rpartition(".")[0]
        waiting += [*(_named(source, package) if file.suffix == ".py" else ()), *_held(name)]
    return ", ".join(f"{name} {sha}" for name, sha in sorted(found.items()))


def _file(name: str) -> Path | None:
    """The file of a module, found without an import of it; None for one that has none."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        file = getattr(loaded, "__file__", None)
        return Path(file).absolute() if isinstance(file, str) else None
    folders, spec = None, None
    parts = name.split(".")
    for n in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:n]), folders)
        if spec is None:
            return None
        folders = list(spec.submodule_search_locations or ())
    return Path(spec.origin).absolute() if spec is not None and spec.origin and spec.has_location else None


@lru_cache
def _installed(file: Path) -> bool:
    if any(part in _INSTALLED for part in file.parts):
        return True
    kept = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    return any(file.is_relative_to(folder) or file.resolve().is_relative_to(folder) for folder in kept)


@lru_cache
def _named(source: bytes, package: str) -> tuple[str, ...]:
    """What the import statements of a file name, anywhere in it."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ()
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".") if package else []
            base = above[: len(above) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            # `from a import b` names a module where there is one, and else a value of a.
            names += [start, *(f"{start}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if name)


def _held(name: str) -> list[str]:
    """The modules that a loaded module holds, and those of the functions, classes and objects in it."""
    values = list(vars(sys.modules[name]).values()) if name in sys.modules else []
    modules = [value.__name__ for value in values if isinstance(value, ModuleType)]
    origins = [getattr(value, "__module__", None) or type(value).__module__ for value in values]
    return [*modules, *(origin for origin in origins if isinstance(origin, str))]
