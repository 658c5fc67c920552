"""What the attacks and the protections are, in words, from their own docstrings."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Sequence
from dataclasses import MISSING, fields
from difflib import get_close_matches
from typing import Any

from confide import audits, releases
from confide.attacks.catalogue import ROOMS, attacks_of, by_name
from confide.audits.protections import Protection, parse_protections
from confide.core.access import LADDER
from confide.core.errors import KnowledgeError
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
    """What an attack or a protection does, its settings, and what belongs to it besides.

    Args:
        name: of an attack, or of a protection, with or without settings.

    Raises:
        KnowledgeError: if there is neither, with the nearest names.
    """
    word = name.partition(":")[0].strip()
    known, found = {attack.name for attack in attacks_of()}, _protections(word)
    if word not in known and not found:
        near = get_close_matches(word, known | _protection_names())
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise KnowledgeError(
            f"there is no attack or protection {word!r}: {hint}`confide attacks` lists the attacks, and "
            "`confide audit KIND --help` the protections of a kind."
        )
    attack = [_attack(word)] if word in known else []
    return "\n\n\n".join([*attack, *(_protection(word, one, kinds) for one, kinds in found)])


def _attack(name: str) -> str:
    """The adversary's story, the settings with their defaults, and the citation."""
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


def _protection_names() -> set[str]:
    """Those of all kinds."""
    return {name for kind in audits.KINDS for name in audits.spec_of(kind).protections}


def _protections(name: str) -> list[tuple[Protection, list[str]]]:
    """The protections of this name, each with the kinds of release that share it."""
    found: dict[int, tuple[Protection, list[str]]] = {}
    for kind in audits.KINDS:
        protection = audits.spec_of(kind).protections.get(name)
        if protection is not None:
            found.setdefault(id(protection), (protection, []))[1].append(kind)
    return list(found.values())


def _protection(name: str, protection: Protection, kinds: Sequence[str]) -> str:
    """What it does, its settings, how it is asked for, and what it promises."""
    example, scale = protection.example, protection.scale
    mechanism = parse_protections([example], {name: protection})[example]
    # Python's arguments and examples are not what a user writes; a proof is read in the documentation.
    story = [
        part
        for part in (inspect.getdoc(type(mechanism)) or "").split("\n\n")
        if not part.startswith(("Args:", "Raises:", ">>>", "*Proof.*"))
    ]
    written = ",".join(p.name.replace("_", "-").upper() for p in protection.parameters)
    settings = [
        f"  {p.name.replace('_', '-')}: {protection.settings[p.name]}"
        + f"; {p.default} if it is not given" * (p.default is not p.empty)
        for p in protection.parameters
    ]
    released = [kind for kind in kinds if kind in releases.KINDS]
    uses = [f"  confide audit {kind} ... --protect {example}" for kind in kinds]
    uses += [f"  confide protect {kind} ... --with {example}" for kind in released]
    weak = "" if scale is None else scale.write(scale.weakest)
    strong = "" if scale is None else scale.write(scale.strongest)
    ends = [
        f"Promise: {mechanism.budget or 'none'}.",
        *[f"--find searches from {weak}, the weakest, to {strong}."] * bool(weak and released),
        *["Nothing can follow it."] * protection.last,
        *["A protection under a promise has to come before it."]
        * (not protection.alone and not protection.last),
    ]
    return "\n\n".join(
        [
            f"{name}: a protection of {' and '.join(kinds)}",
            *story,
            "\n".join([f"Settings: {name}:{written}" if settings else "Settings: none", *settings]),
            "\n".join(["For example", *uses]),
            "\n".join(ends),
        ]
    )
