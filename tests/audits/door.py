"""One call for a record and its settings, as the command line makes it from its options."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from confide.audits import Audit, audit


def call(record: type, held: object, **given: Any) -> Audit:
    """Audit `held` as this record; each keyword goes to the record or to the settings."""
    own = {f.name for f in fields(record)}
    about = {name: value for name, value in given.items() if name in own}
    return audit(record(held, **about), **{n: v for n, v in given.items() if n not in own})
