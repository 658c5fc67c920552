"""Documents for a purpose: what they must say, what they must not hold, and that names are no markup."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import confide
from confide.cli import main
from confide.core.budget import Budget
from confide.core.diagnostics import Diagnostics
from confide.core.errors import DataError
from confide.report import Limit, Line, Plot, Section, Table, report
from confide.report.purposes.standing import LITTLE


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


CHECKS = Table(
    title="Conformance",
    reading="1 of 2 checks failed.",
    head=("check", "seen", "promised", "verdict"),
    rows=(("steps", "99", "100", "FAILED: other steps"), ("rate", "0.1", "0.1", "as promised")),
)
NUMBERS = Plot(
    title="What was proved and promised",
    reading="r",
    x_title="",
    y_title="epsilon",
    places=("proved", "promised"),
    lines=(Line(name="epsilon", x=(0.0, 1.0), y=(0.25, 2.0)),),
)


def broken(make: Any, **changes: Any) -> Section:
    """Attacks find nothing, and a check shows that the promise is broken: the case of a quiet fault."""
    promise = Budget(2.0, 1e-4)
    given = {"promise": promise, "broken": ("number of steps",), "exhibits": (CHECKS, NUMBERS)}
    return make.section(0.0, release="a training", **(given | changes))


def first_sentence(text: str, heading: str) -> str:
    after = text.split(f"{heading}\n\n", 1)[1]
    return after.split(". ", 1)[0] + "."


def both(*sections: Section, **settings: Any) -> tuple[str, str]:
    """The first sentence of the model card, and of the assessment."""
    made = report(list(sections), seed=1, **settings)
    card, pages = made.document("model-card").markdown(), made.document("dpia").markdown()
    return first_sentence(card, "### Risk"), first_sentence(pages, "## In short")


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_a_broken_promise_comes_before_what_attacks_did_not_find(make: Any, audience: Any) -> None:
    made = report([broken(make)], seed=1, audience=audience)
    for purpose in ("model-card", "dpia"):
        text = made.document(purpose).markdown()
        said = "The release breaks its promise of epsilon 2, delta 0.0001"
        assert text.index(said) < text.index("could not be shown to")
        assert text.index(LITTLE) < text.index("could not be shown to")
        assert "this promise is broken. What shows it: number of steps" in text
        # Nowhere is it stated as if it held.
        assert "The release promises" not in text
        assert "the promise of a training: broken" in text and "no legal advice" in text


def test_documents_begin_with_the_verdict(make: Any) -> None:
    """Broken, exceeded, not settled, within, not conclusive, and measured without a limit."""
    loud, quiet = make.section(1.9, release="x"), make.section(0.0, release="x")
    unsure = replace(quiet, unsettled=("layers that mix records",))
    card = Diagnostics((("r", 1),), False)
    idle = replace(quiet, findings=(replace(quiet.findings[0], diagnostics=(card,)), *quiet.findings[1:]))
    said = {
        "The release breaks its promise of epsilon 2, delta 0.0001": both(broken(make)),
        "The release exceeds a limit that was set (auc=0.6).": both(loud, limits=limits("auc=0.6")),
        "It is not settled whether": both(quiet, limits=limits("epsilon=2")),
        "The release is within the limits that were set (auc=0.6).": both(quiet, limits=limits("auc=0.6")),
        "Not conclusive: layers that mix records.": both(unsure),
        "Not conclusive: lira.": both(idle, limits=limits("auc=0.6")),
        "The release was measured without a limit": both(quiet),
    }
    for start, sentences in said.items():
        assert all(sentence.startswith(start) for sentence in sentences), start


def limits(text: str) -> list[Any]:
    return [Limit.parse(text)]


def test_the_checks_of_a_promise_are_carried_into_the_assessment(make: Any) -> None:
    person = Table(title="Promise to people", reading="r", head=("who", "promised"), rows=(("Ann", "1"),),
                   internal=True)  # fmt: skip
    other = Table(title="Other", reading="r", head=("what", "number"), rows=(("z", "1"),))
    section = broken(make, exhibits=(CHECKS, NUMBERS, person, other))
    text = report([section], seed=1).document("dpia").markdown()
    assert "| steps | 99 | 100 | FAILED: other steps |" in text
    assert "| rate | 0.1 | 0.1 | as promised |" in text
    assert "| proved | 0.25 |" in text and "| promised | 2 |" in text
    assert "Ann" not in text and "Other" not in text


def test_every_heading_that_a_provision_points_to_is_there(make: Any) -> None:
    made = report([make.section(1.9)], seed=1)
    for purpose in ("model-card", "dpia"):
        parts = made.document(purpose).parts
        rule = next(row for p in parts for row in p.rows if row[0].startswith("GDPR article 35"))[1]
        for heading in rule.split("'")[1::2]:
            assert any(part.title.startswith(heading) and (part.points or part.sentences) for part in parts)


def test_the_opinion_on_models_is_answered_by_what_was_found(make: Any) -> None:
    def answer(section: Section) -> Any:
        rows = [row for p in report([section], seed=1).document("dpia").parts for row in p.rows]
        return next(row for row in rows if row[0].startswith("EDPB"))

    loud, quiet, fault = (answer(s) for s in (make.section(1.9), make.section(0.0), broken(make)))
    assert len({loud[1], quiet[1], fault[1]}) == 3
    assert "An attack that was tried succeeds" in loud[1] and "about" in loud[2]
    assert "What this audit could have seen" in quiet[2]
    assert "promise is broken" in fault[2]


def test_of_several_releases_each_number_has_a_name(make: Any) -> None:
    """Models under three budgets: the card says which is which, with the accuracy of each."""
    names = [f"gradient:{epsilon}" for epsilon in (1, 3, 8)]
    table = Table(
        title="What each protection buys",
        reading="r",
        head=("release", "promise", "right"),
        rows=tuple((name, "epsilon", f"0.9{i}") for i, name in enumerate(names)),
    )
    sections = [make.section(0.0, release=name, promise=Budget(float(name[9:]), 1e-6)) for name in names]
    sections[0] = replace(sections[0], exhibits=(table,))
    sections[2] = replace(sections[2], broken=("its trade-off curve",))
    parts = report(sections, seed=1).document("model-card").parts
    risk, promise = parts[0], parts[1]
    assert risk.sentences[0] == "The release breaks its promise."
    for i, name in enumerate(names):
        assert risk.sentences[i + 1].startswith(f"{name}: ") and promise.sentences[i].startswith(f"{name}: ")
    assert all(line.startswith(tuple(names)) for line in risk.points)
    assert [("broken" in s, "refutes" in s) for s in promise.sentences] == [(False, True)] * 2 + [
        (True, False)
    ]
    assert ["gradient:3", "epsilon", "0.91"] in [list(row) for row in parts[2].rows]
    attacks = next(p for p in parts if p.title == "Attacks that were tried")
    assert {row[0] for row in attacks.rows} == set(names)
    # A step for all is said once.
    steps = next(p for p in parts if p.title == "What to do next").points
    assert len(steps) == len({step.split(": ", 1)[-1] for step in steps})


def test_attacks_are_read_where_the_headline_is(make: Any) -> None:
    """Lower rates are resolved too, with intervals that may be from nothing to everything."""
    made = report([make.section(1.9)], seed=1)
    assert made.page["sections"][0]["fpr"] == 0.01
    assert made.page["findings"][0]["tpr_at"][2]["rate"] is not None
    (row, *_) = next(p for p in made.document("dpia").parts if p.title.startswith("What was tried")).rows
    assert row[1].endswith("at 1 in 100")
