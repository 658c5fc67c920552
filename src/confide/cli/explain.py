"""What the attacks are, in words, from their own docstrings."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import MISSING, fields
from typing import Any

from confide.attacks.catalogue import ROOMS, by_name
from confide.core.access import LADDER
from confide.core.play import needed_access


def attack_table() -> str:
    """A paragraph for each goal and kind, a line for each attack: name, access, question, paper."""
    rows = {
        f"{goal}: {kind}": [_row(attack) for attack in attacks]
        for goal, kinds in ROOMS.items()
        for kind, attacks in kinds.items()
    }
    # One width for all rooms, so that columns stand below each other.
    every = [row for room in rows.values() for row in room]
    width = [max(len(row[i]) for row in every) for i in range(4)]
    return "\n\n".join(
        "\n".join(
            [
                room,
                *(
                    "  ".join(cell.ljust(n) for cell, n in zip(row, width, strict=True)).rstrip()
                    for row in lines
                ),
            ]
        )
        for room, lines in rows.items()
    )


def _row(attack: Any) -> tuple[str, str, str, str]:
    return attack.name, needed_access(attack()), attack.title, str(attack.paper)


def _needs(attack: type[Any]) -> str:
    seen = needed_access(attack())
    return f"needs {seen} access" if seen in dict(LADDER) else f"needs the released {seen}"


def explanation(name: str) -> str:
    """The adversary's story, the settings with their defaults, and the citation.

    Raises:
        KnowledgeError: if there is no such attack.
    """
    attack: Any = by_name(name)
    # Only what a user can set, and what has a default to show.
    settings = [f"  {f.name} = {f.default!r}" for f in fields(attack) if f.init and f.default is not MISSING]
    parts = [
        f"{name}: {attack.title} ({_needs(attack)})",
        textwrap.dedent(inspect.getdoc(attack) or ""),
        "Settings\n" + ("\n".join(settings) or "  none"),
        attack.paper.bibtex(name),
    ]
    return "\n\n".join(parts)
