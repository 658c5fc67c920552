"""Import circles: fails where modules of the package import each other in a ring, lazily or not.

The graph is read from the syntax trees, so that nothing is executed. An edge is every `import` and
`from ... import`, and every `import_module("...")` of a name that is written out, wherever it stands:

- inside functions too, because a lazy import is the usual way to hide a circle from the interpreter;
- under `if TYPE_CHECKING` too, because two files that need each other's types cannot be moved alone.

An import of `a.b.c` also runs `a/__init__.py` and `a/b/__init__.py`. These edges are left out: they would
turn every room whose `__init__.py` lists its files into a circle.

Usage: python tests/checks/circles.py [FOLDER_OF_THE_PACKAGE]
"""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "src" / "confide"


@dataclass(frozen=True)
class Edge:
    """One import statement: the module that it stands in, the module it names, and its line."""

    importer: str
    imported: str
    line: int


def modules(package: Path) -> dict[str, Path]:
    """Every module of a package by its dotted name; a folder is named after its `__init__.py`."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def edges(package: Path) -> Iterator[Edge]:
    """All imports between modules of the package; imports of other packages are no edges."""
    known = modules(package)
    for name, path in known.items():
        room = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
            for imported in _named(node, room, known):
                if imported != name:
                    yield Edge(name, imported, node.lineno)


def _named(node: ast.AST, room: str, known: Iterable[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in known)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
        name = node.args[0]
        if isinstance(name, ast.Constant) and name.value in known:
            yield str(name.value)
    if isinstance(node, ast.ImportFrom):
        above = room.split(".")[: len(room.split(".")) - node.level + 1] if node.level else []
        source = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            # `from a.b import c` means the module a.b.c if there is one, and otherwise a name in a.b.
            target = f"{source}.{alias.name}" if f"{source}.{alias.name}" in known else source
            if target in known:
                yield target


def circles(package: Path) -> list[list[Edge]]:
    """One shortest circle through each module that is in one, without repeats, shortest first."""
    out: dict[str, list[Edge]] = {}
    for edge in edges(package):
        out.setdefault(edge.importer, []).append(edge)
    found: dict[frozenset[str], list[Edge]] = {}
    for start in out:
        if way := _way_back(start, out):
            found.setdefault(frozenset(edge.importer for edge in way), way)
    return sorted(found.values(), key=len)


def _way_back(start: str, out: dict[str, list[Edge]]) -> list[Edge]:
    """The shortest way from a module to itself, by breadth-first search; empty where there is none."""
    reached: dict[str, Edge] = {}
    queue = deque([start])
    while queue:
        for edge in out.get(queue.popleft(), []):
            if edge.imported in reached:
                continue
            reached[edge.imported] = edge
            if edge.imported == start:
                way = [edge]
                while way[0].importer != start:
                    way.insert(0, reached[way[0].importer])
                return way
            queue.append(edge.imported)
    return []


def main(arguments: list[str]) -> int:
    """Print every circle with its path; 1 if there is one, else 0."""
    package = Path(arguments[0]) if arguments else PACKAGE
    found = circles(package)
    for number, circle in enumerate(found, 1):
        print(f"circle {number} of {len(found)}:")
        for edge in circle:
            print(f"  {edge.importer} (line {edge.line}) imports {edge.imported}")
    if found:
        print("Move what both need into a file of its own, below both.")
    else:
        print(f"no import circles in {len(modules(package))} modules")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
