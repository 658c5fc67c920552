"""Languages of a report: every text is marked, every text is translated, and each sentence is one."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

from confide.core.diagnostics import Diagnostics
from confide.core.errors import KnowledgeError
from confide.core.language import LANGUAGES, Kept, keep, number, parts, t, written_in
from confide.core.sentence import said
from confide.report import Skipped
from confide.report.goals import GOALS, goal
from confide.report.redaction import Redaction

from .untranslated import english_left, outside, unmarked

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
import languages as check  # noqa: E402  # a script of `make check`

TRANSLATED = [language for language in LANGUAGES if language != "en"]


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_has_every_text_of_a_report(language):
    assert check.faults(language, ["report"]) == []


def test_the_check_finds_what_it_looks_for(tmp_path, monkeypatch):
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "a.po").write_text(
        'msgid "{n} in {per}"\nmsgstr "{n} von"\n\nmsgid "never said"\nmsgstr "nie gesagt"\n\n'
        'msgid "more than {n}"\nmsgstr "mehr als {n:,}"\n\nmsgid "in no case"\nmsgstr ""\n'
    )
    monkeypatch.setattr(check, "CATALOGUES", tmp_path)
    found = check.faults("de", ["report/rates.py"])
    assert sum("has other gaps" in fault for fault in found) == 2  # a gap is lost, a format is another
    assert sum("is not in the code any more" in fault for fault in found) == 1
    assert sum("cannot be read" in fault for fault in found) == 1
    assert any("'in no case' is missing" in fault for fault in found)


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("name", GOALS)
def test_every_phrase_of_a_goal_can_be_filled_in(name, language):
    with written_in(language):
        aim = goal(name)
        told = [aim.claim("X", rate, "1") for rate in (0.41, 0.997, 1.0)]
        told += [aim.at("1"), *(aim.many(rate) for rate in (0.0, 0.5, 1.0)), aim.say("caught"), aim.task]
    assert english_left(told) == []
    assert all(told)


def test_numbers_are_written_as_the_language_writes_them():
    with written_in("de"):
        assert number(1234.5, ",.1f") == "1\u202f234,5"
        assert t("between {low:,} and {high:,} in {per:,}", low=1, high=20, per=1000) == (
            "zwischen 1 und 20 von 1\u202f000"
        )
        # A text that somebody else gave is no number.
        assert t("only {errors}", errors="1.5") == "nur 1.5"


def test_a_text_is_kept_with_its_values_and_translated_where_it_is_shown():
    remark = keep("more than {n}", n=1234)
    again = Diagnostics.of({"remarks": [{"text": remark.text, "values": {"n": 1234}, "of": ""}]})
    assert again.remarks == (remark,)
    assert str(remark) == "more than 1,234"
    with written_in("fr"):
        assert said(remark) == "plus de 1\u202f234"
        assert Redaction("public").text(remark) != said(remark)  # a count is as coarse as others
        assert str(remark) == "more than 1,234"


@pytest.mark.parametrize("text", ["{n} of {missing}", "{0}", "{", "{n.__class__}", "{n:zzz}"])
def test_a_remark_that_somebody_forged_is_shown_as_it_is(text):
    (remark,) = Diagnostics.of({"remarks": [{"text": text, "values": {"n": "x"}, "of": ""}]}).remarks
    assert remark == text


def test_the_reason_of_a_skip_keeps_its_values():
    text = keep("between {low:,} and {high:,} in {per:,}", low=1, high=20, per=1000)
    error = pickle.loads(pickle.dumps(KnowledgeError(text)))  # as from another process
    assert str(error) == "between 1 and 20 in 1,000"
    skipped = Skipped.because("lira", error)
    assert isinstance(skipped.why, Kept)
    with written_in("de"):
        assert said(skipped.why) == "zwischen 1 und 20 von 1\u202f000"


def test_parts_keep_what_is_coarse_for_the_public_apart():
    assert parts("{a} of {b:,} are {c}", a=1, b=2000, c="x") == (1, " of 2,000 are x")


def test_the_check_of_pages_finds_what_it_looks_for():
    assert outside("⟦a ⟦b⟧⟧ c") == " c"
    assert unmarked(["⟦all⟧ 12", "⟦some⟧ left", "lira: ⟦x⟧"], names=["lira"]) == ["⟦some⟧ left"]
    assert english_left(["der Angriff", "the attack", "trois of the"]) == ["the attack", "trois of the"]
