"""Scores of a model on rows that its owner never sees: `confide outsource` from Python.

>>> from confide.outsource import OutsourcePlanSettings
>>> OutsourcePlanSettings(model="net.safetensors", rows=100, bound=4.0, out="no-such-plan.json").precision
0.0001
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confide.mechanisms.encrypt.aggregates import KeyHolder, SumTerms, add_encrypted, encrypt_vector
    from confide.mechanisms.encrypt.ckks import EvaluationKit, SecretContext
    from confide.releases.outsourcing.key_files import MadeKeys, make_keys, read_keys, read_kit
    from confide.releases.outsourcing.plan_file import OutsourcePlan, read_plan
    from confide.releases.outsourcing.planning import WrittenPlan, make_plan
    from confide.releases.outsourcing.reading import read_arithmetic
    from confide.releases.outsourcing.settings import OutsourceKeysSettings, OutsourcePlanSettings
    from confide.serve.evaluator.asking import Asked, Outsourced, ask
    from confide.serve.evaluator.serving import serve
    from confide.serve.evaluator.settings import AskSettings, EvaluatorSettings

_HOME = {
    "encrypt_vector": "confide.mechanisms.encrypt.aggregates",
    "add_encrypted": "confide.mechanisms.encrypt.aggregates",
    "SumTerms": "confide.mechanisms.encrypt.aggregates",
    "KeyHolder": "confide.mechanisms.encrypt.aggregates",
    "AskSettings": "confide.serve.evaluator.settings",
    "Asked": "confide.serve.evaluator.asking",
    "EvaluationKit": "confide.mechanisms.encrypt.ckks",
    "EvaluatorSettings": "confide.serve.evaluator.settings",
    "MadeKeys": "confide.releases.outsourcing.key_files",
    "Outsourced": "confide.serve.evaluator.asking",
    "OutsourceKeysSettings": "confide.releases.outsourcing.settings",
    "OutsourcePlan": "confide.releases.outsourcing.plan_file",
    "OutsourcePlanSettings": "confide.releases.outsourcing.settings",
    "SecretContext": "confide.mechanisms.encrypt.ckks",
    "WrittenPlan": "confide.releases.outsourcing.planning",
    "ask": "confide.serve.evaluator.asking",
    "make_keys": "confide.releases.outsourcing.key_files",
    "make_plan": "confide.releases.outsourcing.planning",
    "read_arithmetic": "confide.releases.outsourcing.reading",
    "read_keys": "confide.releases.outsourcing.key_files",
    "read_kit": "confide.releases.outsourcing.key_files",
    "read_plan": "confide.releases.outsourcing.plan_file",
    "serve": "confide.serve.evaluator.serving",
}
"""Loaded at first use: some need TenSEAL, some FastAPI."""

__all__ = [
    "AskSettings",
    "Asked",
    "EvaluationKit",
    "EvaluatorSettings",
    "KeyHolder",
    "MadeKeys",
    "OutsourceKeysSettings",
    "OutsourcePlan",
    "OutsourcePlanSettings",
    "Outsourced",
    "SecretContext",
    "SumTerms",
    "WrittenPlan",
    "add_encrypted",
    "ask",
    "encrypt_vector",
    "make_keys",
    "make_plan",
    "read_arithmetic",
    "read_keys",
    "read_kit",
    "read_plan",
    "serve",
]


def __getattr__(name: str) -> object:
    """A function or a record, imported when it is asked for."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"confide.outsource has no {name!r}; it has {', '.join(__all__)}.")


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted(__all__)
