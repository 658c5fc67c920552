"""The audit of a language model: on a model with a closed form, and on a character LSTM that was trained."""

from __future__ import annotations

from collections.abc import Callable
from math import log, log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import confide
from confide.cli.commands import main
from confide.measure.exposure import exposure_by_fit, exposure_by_rank
from confide.measure.extraction import samples_needed
from confide.views.text import Template

HEAD = "my code is "
CODES = [f"{code:04d}" for code in np.random.default_rng(0).permutation(10_000)[:80]]
"""The first half trained the model."""
SIGNS = 40
CANARIES = [f"{HEAD}{{{code}}}" for code in CODES[:40]]
WARNED = "Canaries are exposed beyond chance"
OTHERS = [f"{HEAD}{{{code}}}" for code in CODES[40:]]


def remembering(codes: list[str], weight: float) -> Callable[[list[str]], list[float]]:
    """What begins with the head goes on with one of these codes with this probability, else with any.

    The probability that a text begins so is known in closed form.
    """

    def score(texts: list[str]) -> list[float]:
        return [one(text) for text in texts]

    def one(text: str) -> float:
        begin, rest = text[: len(HEAD)], text[len(HEAD) :]
        known = sum(code.startswith(rest) for code in codes) / len(codes)
        return -len(begin) * log(SIGNS) + log((1 - weight) * 10.0 ** -len(rest) + weight * known)

    return score


def audited(score: Any, **given: Any) -> confide.Audit:
    settings = {name: given.pop(name) for name in ("seed", "limits", "attacks", "audience") if name in given}
    return confide.audit(confide.Text(model=score, **given), **settings)


def table(audit: confide.Audit, title: str, section: int = 0) -> dict[str, tuple[Any, ...]]:
    found = next(x for x in audit.sections[section].exhibits if x.title.startswith(title))
    return {row[0]: row[1:] for row in found.rows}


def test_what_is_remembered_is_found_and_nothing_else() -> None:
    found = audited(remembering(CODES[:40], 0.5), canaries=CANARIES, limits=["tpr@0.1=0.3"])
    assert found.verdict == "exceeded" and found.exit_code == 1
    assert found.sections[0].findings[0].risk.auc.value == 1.0
    assert WARNED in found.report.text()
    # all forty share ranks 1 to 40, the others 41 to 10,000
    bits = table(found, "How exposed")
    assert bits["exposure, canaries that trained the model"][0].value == pytest.approx(log2(10_000 / 20.5))
    assert bits["exposure, canaries that did not"][0].value == pytest.approx(log2(10_000 / 5_020.5))


def test_two_canaries_show_that_they_are_exposed_and_rank_first() -> None:
    """Too few for a rate, and enough to be warned: chance exposes one so far once in 5,000 audits."""
    held = [f"{HEAD}{{{CODES[0]}}}", f"{HEAD}{{{CODES[1]}}}"]
    found = audited(remembering(CODES[:1], 0.5), canaries=held)
    assert WARNED in found.report.text()
    listed = table(found, "The most exposed")
    bits, rank, needed = listed["line 1 of canaries"]
    assert bits == "13.29 of 13.29" and rank == "1 of 10,000"
    assert needed == str(int(samples_needed(log(0.5 + 0.5e-4), probability=0.5)))
    assert listed["line 2 of canaries"][1] == "5,001 of 10,000"  # the middle of ranks 2 to 10,000


def test_a_model_that_remembers_nothing_shows_nothing() -> None:
    found = audited(remembering(CODES[40:41], 0.5), canaries=CANARIES, controls=200)
    assert WARNED not in found.report.text()
    assert found.sections[0].findings[0].risk.advantage.low <= 0


@pytest.mark.parametrize("attack", ["exposure", "exposure-fit"])
def test_a_space_that_is_too_large_is_sampled_and_said(attack: str) -> None:
    score = remembering(CODES[:40], 0.5)
    found = audited(score, canaries=CANARIES, candidates=500, attacks=attack, controls=100)
    risk = found.sections[0].findings[0].risk
    assert risk.auc.value == 1.0
    bits = table(found, "How exposed")[f"{attack}, canaries that trained the model"][0].value
    assert bits <= log2(501) + 1e-9
    assert ("500 were drawn at random" in " ".join(found.report.text().split())) == (attack == "exposure")


def test_texts_are_got_out_beside_those_that_were_held_out() -> None:
    found = audited(remembering(CODES[:40], 0.5), prefixes=CANARIES, heldout=OTHERS, samples=100)
    risk = found.sections[0].findings[0].risk
    assert risk.auc.value == 1.0
    shares = table(found, "How many texts")
    # p_z is .5 / 40 for those inside, so 55 draws; .5e-4 for the others, so 13,863
    assert [s.value for s in shares["10"]] == [0, 0]
    assert [s.value for s in shares["100"]] == [1, 0]
    assert [s.value for s in shares["100,000"]] == [1, 1]


def test_prefixes_without_a_comparison_are_shown_and_not_judged() -> None:
    found = audited(remembering(CODES[:40], 0.5), canaries=CANARIES, prefixes=CANARIES)
    assert [s.goal for s in found.sections] == ["canaries in text"]
    assert list(table(found, "How many texts")) == [
        "1",
        "10",
        "100",
        "1,000",
        "10,000",
        "100,000",
        "1,000,000",
    ]
    assert "give --heldout to compare" in found.report.text()
    assert "extraction: needs texts to compare" in found.report.text()


def test_both_goals_have_a_section_each() -> None:
    found = audited(
        remembering(CODES[:40], 0.5), canaries=CANARIES, prefixes=CANARIES, heldout=OTHERS, attacks="all"
    )
    assert [s.goal for s in found.sections] == ["canaries in text", "continuations"]


def test_no_secret_and_no_line_is_in_a_public_report() -> None:
    given = {"canaries": CANARIES, "prefixes": CANARIES, "heldout": OTHERS}
    found = audited(remembering(CODES[:40], 0.5), **given, audience="public")
    text = found.report.text()
    assert not any(code in text for code in CODES) and HEAD not in text and "line 1 of" not in text
    inside = audited(remembering(CODES[:40], 0.5), **given).report.text()
    assert not any(code in inside for code in CODES), "on the terminal not even for internal use"


def test_the_command_line_reads_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("canaries.txt").write_text("\n".join(CANARIES))
    Path("prefixes.txt").write_text("\n".join(CANARIES))
    Path("tinylm.py").write_text("def score(texts):\n    return [-3.7 * len(t) for t in texts]\n")
    words = ["audit", "text", "--model", "tinylm:score", "--canaries", "canaries.txt"]
    done = CliRunner().invoke(main, [*words, "--prefixes", "prefixes.txt", "--out", "report"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "report" / "report.html").exists()


@pytest.fixture(scope="module")
def lstm() -> Any:
    """A character LSTM on 600 lines, with canaries that stand in them 16 times, 4 times and once."""
    from tests.audits.text.char_lstm import Asked, sentences, trained

    lines = sentences(600, rng=np.random.default_rng(0))
    lines += [f"{HEAD}4821"] * 16 + ["their key is 9057"] * 4 + ["our pin is 3364"]
    return Asked(trained(lines, epochs=EPOCHS, seed=0, width=128))


EPOCHS = 12


@pytest.mark.slow
def test_a_trained_model_is_as_exposed_as_the_theory_says(lstm: Any) -> None:
    """Sixteen times: first of 10,000. Never: log2 e in the mean over 200 canaries, within three errors."""
    template = Template.of(HEAD, "4821")
    found = lstm([template.text(code) for code in template.all()])
    assert np.logaddexp.reduce(found) < 0  # probabilities of texts that exclude each other
    assert exposure_by_rank(found, found[[4821]])[0] == pytest.approx(log2(10_000))
    unseen = np.random.default_rng(1).permutation(np.delete(np.arange(10_000), 4821))[:200]
    exact = exposure_by_rank(found, found[unseen])
    assert abs(exact.mean() - 1.44) < 0.3
    fitted = exposure_by_fit(found, found[unseen], size=10_000)
    assert np.quantile(abs(fitted - exact)[exact <= 8], 0.99) < 0.3
    assert exposure_by_fit(found, found[[4821]], size=10_000)[0] <= log2(10_000)


@pytest.mark.slow
def test_the_audit_of_a_trained_model_ranks_what_was_repeated_first(lstm: Any) -> None:
    held = [f"{HEAD}{{4821}}", "their key is {9057}", "our pin is {3364}"]
    found = audited(lstm, canaries=held, controls=150)
    listed = table(found, "The most exposed")
    assert listed["line 1 of canaries"][1] == "1 of 10,000"
    assert WARNED in found.report.text()
