"""Audits show themselves: short, escaped, without rows of people, and the same when they are loaded again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from confide.audits import Audit
from confide.core.errors import DataError
from confide.inputs.scores import Scores

from .door import call
from .test_loading import scores


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return made(tmp_path_factory.mktemp("cache"))


def made(cache: Path, **settings: Any) -> Audit:
    given = {"name": "<b>\x1b[2J scores", "cache": cache, "limits": ["tpr@0.1=0.15"]}
    frame = scores().with_columns(target=("SECRET-" + scores()["target"].cast(str)))
    return call(Scores, frame, user="target", **(given | settings))


def test_an_audit_shows_itself_in_three_lines_and_a_card(audit: Audit) -> None:
    first = audit.report.page["sections"][0]["finding"]
    assert len(repr(audit).splitlines()) <= 3
    assert "exceeded" in repr(audit)
    assert first["attack"] in repr(audit)
    assert f"{first['auc']['value']:.3g}" in repr(audit)
    card = audit._repr_html_()
    assert len(card) < 10_000
    assert "&lt;b&gt;" in card
    assert "<b>" not in card
    for text in (repr(audit), card, repr(audit.evidence[0]), audit.evidence[0]._repr_html_()):
        assert "SECRET" not in text
        assert "\x1b" not in text
    risk = audit.sections[0].headline.risk
    for value in (audit.sections[0].headline, risk, audit.evidence[0]):
        assert len(repr(value).splitlines()) <= 3
        assert len(repr(value)) < 400


def test_an_audit_that_was_saved_shows_the_same(audit: Audit, tmp_path: Path) -> None:
    # The page needs no drawing here.
    audit.report.write("json", tmp_path / "report.json")
    audit._save_numbers(lambda name: tmp_path / name)
    again = Audit.load(tmp_path)
    assert_frame_equal(again.frame(), audit.frame())
    assert repr(again) == repr(audit).replace("<Audit", "<SavedAudit")
    assert again._repr_html_() == audit._repr_html_()
    assert again.figure("roc").spec == audit.figure("roc").spec
    with pytest.raises(DataError, match="no figure 'scores' of 'loss': this report has it of 'lira'"):
        again.figure("scores", attack="loss")


def test_a_chart_is_drawn_for_another_attack(audit: Audit) -> None:
    usual, other = audit.figure("scores"), audit.figure("scores", attack="loss")
    assert other.title == "What loss sees"
    assert usual.title == "What the strongest attack sees"
    assert not usual.frame().equals(other.frame())
    assert audit.figure("scores", attack="lira").frame().equals(usual.frame())
    roc = audit.figure("roc", attack="loss")
    assert roc.frame().filter(part="line", rank=0)["line"].unique().to_list() == ["loss"]
    with pytest.raises(DataError, match="is called 'nobody': those that ran are 'loss', 'lira'"):
        audit.figure("roc", attack="nobody")


def test_a_public_audit_stays_public(tmp_path: Path) -> None:
    audit = made(tmp_path, audience="public")
    page = audit.report.page
    assert "for the public" in repr(audit)
    assert audit.frame()["auc"].to_list() == [f["auc"]["value"] for f in page["findings"]]
    chart = next(c for c in page["charts"] if c["name"] == "scores")
    assert audit.figure("scores").spec["data"]["values"] == chart["records"]
    with pytest.raises(DataError, match="this report has it of"):
        audit.figure("scores", attack="loss")


def test_a_card_speaks_the_language_of_its_report(tmp_path: Path) -> None:
    card = made(tmp_path, language="fr")._repr_html_()
    assert "attaque la plus forte" in card
    assert "strongest attack" not in card
