"""The readers by name. Each is loaded when it is asked for: some take seconds."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .running import Reader

HOMES = {
    "tables": "tables",
    "times": "times",
    "evidence": "evidence",
    "report": "reports",
    "skops": "skops",
    "npz": "npz",
}
"""Name of a reader -> its module here."""


def reader(name: str) -> Reader[Any]:
    return import_module(f"tests.fuzz.{HOMES[name]}").READER
