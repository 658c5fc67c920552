"""`import confide` loads nothing heavy, and no import runs in a circle."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "sklearn", "scipy", "polars", "onnxruntime", "pandas", "click", "jinja2", "vl_convert"}


def loaded_by(code: str) -> set[str]:
    show = f"{code}\nimport sys; print('\\n'.join(sys.modules))"
    return set(
        subprocess.run(
            [sys.executable, "-c", show], capture_output=True, text=True, check=True
        ).stdout.split()
    )


def test_importing_confide_loads_nothing_heavy() -> None:
    assert loaded_by("import confide") & HEAVY == set()


@pytest.mark.slow
def test_the_test_could_fail() -> None:
    assert loaded_by("import confide.models.chain") & HEAVY == {"scipy"}


@pytest.mark.slow
def test_an_audit_of_a_model_begins_without_what_few_attacks_need() -> None:
    assert loaded_by("import confide.audits.model") & {"torch", "sklearn", "pandas", "scipy.stats"} == set()
