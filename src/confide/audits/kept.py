"""Evidence kept on disk, attack by attack, so that an interrupted audit goes on."""

from __future__ import annotations

from confide.audits.settings import Settings
from confide.core import evidence as files
from confide.core.cache import Cache
from confide.core.evidence import Evidence


def find(key: str, settings: Settings) -> Evidence | None:
    """The evidence that an earlier audit kept under this key."""
    found = Cache(settings.folder, settings.say).find(key)
    return None if found is None else files.load(found, kind=".parquet", ours=True)[0]


def keep(key: str, settings: Settings, made: Evidence) -> Evidence:
    """The evidence, kept under this key: an audit that is interrupted goes on after it."""
    # Attack by attack, so that an interruption loses one attack at most.
    Cache(settings.folder, settings.say).keep(key, lambda draft: files.save([made], draft))
    return made
