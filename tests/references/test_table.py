"""Every naive reference of the table is a test that is there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.references.table import TABLE, Reference

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("reference", TABLE, ids=lambda r: r.what)
def test_the_reference_is_there(reference: Reference) -> None:
    module = ast.parse((TESTS / reference.file).read_text())
    assert reference.test in {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
