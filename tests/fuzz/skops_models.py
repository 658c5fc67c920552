"""Models in skops files, to begin from."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from functools import cache
from itertools import islice
from typing import Any

from tests.hostile.archives import packed
from tests.models.skops import zoo

from .mutating import places, there

Way = tuple[Any, ...]

MODELS = 20
"""How many models there are."""


@cache
def entries() -> list[zoo.Entry]:
    """Models whose fitted states have many forms."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(islice(zoo.others(), MODELS))


@cache
def parts() -> list[dict[str, bytes]]:
    """What is inside the files of these models."""
    import skops.io

    found: list[dict[str, bytes]] = []
    for entry in entries():
        with zipfile.ZipFile(io.BytesIO(skops.io.dumps(entry.model))) as file:
            found.append({name: file.read(name) for name in file.namelist()})
    return found


@cache
def files() -> list[bytes]:
    return [packed(inside) for inside in parts()]


@cache
def schemas() -> list[tuple[Any, list[Way], list[Way]]]:
    """Each schema, the ways to all that is in it, and the ways to its nodes."""
    found = [json.loads(inside["schema.json"]) for inside in parts()]
    return [(schema, *ways_in(schema)) for schema in found]


def ways_in(schema: Any) -> tuple[list[Way], list[Way]]:
    """The ways to all that is in a schema, and those to its nodes."""
    every = places(schema)
    return every, [at for at in every if isinstance(one := there(schema, at), dict) and "__loader__" in one]
