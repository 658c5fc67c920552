"""What the attacks are, in words, from their own docstrings."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import MISSING, fields
from typing import Any

from confide.attacks.membership import ALL, by_name
from confide.core.play import needed_access


def attack_table() -> str:
    """One line an attack: name, the access it needs, what it is, its paper."""
    rows = [(a.name, needed_access(a()), a.title, str(a.paper)) for a in ALL]
    width = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join("  ".join(cell.ljust(width[i]) for i, cell in enumerate(row)).rstrip() for row in rows)


def explanation(name: str) -> str:
    """The adversary's story, the settings with their defaults, and the citation.

    Raises:
        KnowledgeError: if there is no such attack.
    """
    attack: Any = by_name(name)
    settings = [f"  {f.name} = {f.default!r}" for f in fields(attack) if f.init and f.default is not MISSING]
    parts = [
        f"{name}: {attack.title} (needs {needed_access(attack())} access)",
        textwrap.dedent(inspect.getdoc(attack) or ""),
        "Settings\n" + ("\n".join(settings) or "  none"),
        attack.paper.bibtex(name),
    ]
    return "\n\n".join(parts)
