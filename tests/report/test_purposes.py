"""Documents for a purpose: what they must say, what they must not hold, and that names are no markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import confide
from confide.cli import main
from confide.core.errors import DataError


def audited(gap: float = 2.0, **settings: Any) -> confide.Audit:
    rng = np.random.default_rng(0)
    exposed = np.arange(600) < 300
    evidence = confide.Evidence.of(exposed=exposed, score=rng.normal(size=600) + gap * exposed)
    return confide.audit(confide.Scores(evidence), **settings)


def test_an_assessment_says_what_a_data_protection_officer_must_know() -> None:
    page = audited(limits=["auc=0.6"]).report
    text = page.document("dpia").markdown()
    assert page.page["sections"][0]["headline"] in text
    for provision in (
        "article 4(1)",
        "article 5(1)(c)",
        "article 25",
        "article 35(7)",
        "EDPB opinion 28/2024",
    ):
        assert provision in text
    assert "no legal advice" in text and "auc=0.6 on scores: exceeded" in text
    assert "it cannot be called anonymous on this evidence" in text
    assert "Not audited: whether somebody can learn a trait of a person." in text
    assert "promises nothing in the sense of differential privacy" in text


def test_nothing_found_is_not_called_anonymous() -> None:
    text = audited(0.0).report.document("dpia").markdown()
    assert "cannot be called anonymous on this evidence" not in text
    assert "That alone does not make it anonymous" in text


def test_a_model_card_is_a_section_to_be_put_into_one() -> None:
    text = audited().report.document("model-card").markdown()
    assert (
        text.startswith("## Privacy of the training data\n") and "\n### Limits of this evaluation\n" in text
    )


@pytest.mark.parametrize("purpose", ["dpia", "model-card"])
def test_a_name_is_no_markup_in_any_form(purpose: str) -> None:
    made = audited(name="<img src=x>|`a` [b](c)").report.document(purpose)
    assert "<img" not in made.html() and "<img" not in made.markdown()
    assert "[b](c)" not in made.markdown()
    # Each row of a table has the cells of its head: a bar in a name parts no cell.
    bars = [line.replace("\\|", "").count("|") for line in made.markdown().splitlines() if line[:1] == "|"]
    assert bars and set(bars) <= {4, 5}


def test_for_the_public_there_are_no_rows_and_no_ids(tmp_path: Path) -> None:
    audit = audited(audience="public")
    text = audit.report.document("dpia").markdown()
    assert "fit for the public" in text
    # Nobody is listed, and counts are as coarse as on the page.
    assert "target 1" not in text and "most exposed" not in text and "300" not in text


def test_the_command_writes_both_forms_or_says_what_there_is(tmp_path: Path) -> None:
    audited().save(tmp_path)
    before = (tmp_path / "report.html").read_bytes()
    done = CliRunner().invoke(main, ["report", str(tmp_path), "--for", "dpia"])
    assert done.exit_code == 0 and (tmp_path / "dpia.md").exists() and (tmp_path / "dpia.html").exists()
    assert (tmp_path / "report.html").read_bytes() == before
    wrong = CliRunner().invoke(main, ["report", str(tmp_path), "--for", "gdpr"])
    assert wrong.exit_code == 2 and "choose from dpia, model-card" in wrong.output
    with pytest.raises(DataError, match="no document for 'x'"):
        audited().report.document("x")
