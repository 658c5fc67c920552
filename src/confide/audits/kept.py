"""Evidence kept on disk, attack by attack, so that an interrupted audit goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from confide.audits.settings import Settings
from confide.core import kept_evidence as files
from confide.core.cache import Cache
from confide.core.evidence import Evidence
from confide.core.keys import key_of_value
from confide.core.nouns import AnyAttack
from confide.models.content import content_of
from confide.views.records import Records


def find(key: str, settings: Settings) -> Evidence | None:
    """The evidence that an earlier audit kept under this key."""
    found = Cache(settings.folder, settings.say).find(key)
    return None if found is None else files.load(found, kind=".parquet", ours=True)[0]


def keep(key: str, settings: Settings, made: Evidence) -> Evidence:
    """The evidence, kept under this key: an audit that is interrupted goes on after it."""
    # Attack by attack, so that an interruption loses one attack at most.
    Cache(settings.folder, settings.say).keep(key, lambda draft: files.save([made], draft))
    return made


def keyed_by_content(game: Any) -> Callable[[AnyAttack], str]:
    """The keys of evidence on a live model: its content, the records and the other fields of the game.

    Args:
        game: a frozen record with a `view` of the model.

    Returns:
        attack -> key; empty for a model without content, and for attacks of the user's own, which may change.
    """
    content = content_of(game.view)
    parts: list[object] = [content]
    for field in fields(game):
        value = getattr(game, field.name)
        if field.init and field.name != "view":
            parts.append((field.name, value.digest() if isinstance(value, Records) else value))
    key = key_of_value(type(game).__qualname__, *parts) if content else ""
    return lambda attack: key if type(attack).__module__.startswith("confide.") else ""
