"""Attacks of the user's own: each mistake in docs/own-attack.md is answered by the sentence it quotes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import confide
from confide.core.access import BlackBox, WhiteBox
from confide.core.errors import AttackError, ConfideError, KnowledgeError
from confide.core.nouns import Case, Guess
from confide.core.own_attack import is_own
from confide.knowledge.models import Background
from confide.views.records import Records
from confide.views.traces import Traces

PAGE = Path(__file__).parents[2] / "docs" / "own-attack.md"
Answer = Callable[[Any, np.random.Generator], Any]
SEEN = Case[BlackBox, Background, Records]


def margin(answer: Answer, *, case: Any = SEEN, frozen: bool = True, **more: Any) -> Any:
    """An attack that answers so, written as the page writes it."""

    def call(self: Any, case: Any, *, rng: np.random.Generator) -> Any:
        return answer(case, rng)

    call.__annotations__ = {"case": case} if case is not None else {}
    body = {"name": "margin", "__call__": call, "__annotations__": {}} | more
    if "layers" in more:
        body["__annotations__"] = {"layers": list}
        body["layers"] = field(default_factory=list)
    return dataclass(frozen=frozen)(type("Margin", (), body))


def right(case: Any, rng: np.random.Generator) -> Guess:
    logits = case.view.predict(case.targets.x)
    return Guess(None, np.take_along_axis(logits, case.targets.y[:, None], 1)[:, 0])


def scored(change: Callable[[np.ndarray], Any]) -> Answer:
    return lambda case, rng: Guess(None, change(right(case, rng).score))


def raises(case: Any, rng: np.random.Generator) -> Guess:
    return Guess(None, np.full(len(case.targets), 1 / 0))


def mutates(case: Any, rng: np.random.Generator) -> Guess:
    case.targets.x[0] += 1
    return right(case, rng)


def asks_inside(case: Any, rng: np.random.Generator) -> Guess:
    return Guess(None, case.view.gradient_norms(case.targets.x, case.targets.y)[:, 0])


def no_rng() -> Any:
    def call(self: Any, case: Any) -> Guess: ...

    call.__annotations__ = {"case": SEEN}
    return dataclass(frozen=True)(type("Margin", (), {"name": "margin", "__call__": call}))


def nan(score: np.ndarray) -> np.ndarray:
    return np.full(len(score), np.nan)


MISTAKES: dict[str, Callable[[], list[Any]]] = {
    "the class, and not an object": lambda: [margin(right)],
    "no `name`": lambda: [margin(right, name=None)()],
    "`case` without annotation": lambda: [margin(right, case=None)()],
    "another annotation, such as `dict`": lambda: [margin(right, case=dict)()],
    "a name in it that is not imported": lambda: [margin(right, case="Case[Nowhere, Background, Records]")()],
    "`Any` as the view": lambda: [margin(right, case=Case[Any, Background, Records])()],
    "no `rng`": lambda: [no_rng()()],
    "not frozen": lambda: [margin(right, frozen=False)()],
    "a setting that cannot be hashed": lambda: [margin(right, layers=[])()],
    "it returns the scores alone": lambda: [margin(lambda case, rng: right(case, rng).score)()],
    "scores of another shape": lambda: [margin(scored(lambda s: np.stack([s, s], axis=1)))()],
    "scores of another length": lambda: [margin(scored(lambda s: s[1:]))()],
    "scores that are no numbers": lambda: [margin(scored(lambda s: s.astype(object)))()],
    "it changes what it is shown": lambda: [margin(mutates)()],
    "another source of randomness than `rng`": lambda: [
        margin(scored(lambda s: s + np.random.default_rng().random(len(s))))()
    ],
    "an exception": lambda: [margin(raises)()],
    "it asks for more than it named": lambda: [margin(asks_inside)()],
    "two attacks of one name": lambda: [margin(right)(), margin(right)()],
    "more access than there is": lambda: [margin(right, case=Case[WhiteBox, Background, Records])()],
    "another kind of release": lambda: [margin(right, case=Case[Traces, Background, Records])()],
    "NaN for everybody": lambda: [margin(scored(nan))()],
}
"""The mistakes by the words of the page -> attacks that make them."""


def documented() -> dict[str, tuple[str, str]]:
    """The mistakes that the page lists, each with what is said and the class of the error."""
    rows = re.findall(
        r"^\| (.+?) \| (`` ?.+? ?``|`.+?`) \| (\w+Error) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    return {mistake: (said.strip("` ") + "`" * said.startswith("``"), kind) for mistake, said, kind in rows}


@cache
def held() -> confide.Model:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1200, 10))
    y = (x[:, 0] + rng.standard_normal(1200) > 0).astype(int)
    model = LogisticRegression().fit(x[:600], y[:600])

    def answers(rows: np.ndarray) -> np.ndarray:  # a black box
        return model.predict_proba(rows)

    return confide.Model(answers, members=(x[:600], y[:600]), nonmembers=(x[600:], y[600:]))


def audited(attacks: list[Any], tmp_path: Path, **more: Any) -> Any:
    return confide.audit(held(), seed=7, attacks=attacks, cache=tmp_path, **more)


def test_the_page_lists_these_mistakes_and_no_others() -> None:
    assert set(documented()) == set(MISTAKES)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_by_the_sentence_that_the_page_quotes(mistake: str, tmp_path: Path) -> None:
    said, kind = documented()[mistake]
    with pytest.raises(ConfideError, match=re.escape(said)) as caught:
        audited(MISTAKES[mistake](), tmp_path)
    assert type(caught.value).__name__ == kind
    assert len(str(caught.value)) >= len(said)


def test_a_right_one_is_played_and_needs_no_paper_and_no_title(tmp_path: Path) -> None:
    audit = audited(["loss", margin(right)()], tmp_path, language="de")
    finding = next(f for f in audit.report.page["findings"] if f["attack"] == "margin")
    loss = next(f for f in audit.report.page["findings"] if f["attack"] == "loss")
    # The log-probability of the right class is minus the loss, so both attacks are one.
    assert finding["auc"] == pytest.approx(loss["auc"])
    assert finding["citation"] == "Ein selbst geschriebener Angriff."
    assert finding["title"] == "margin"
    assert "Ein selbst geschriebener Angriff." in audit.report.html()


def test_what_it_needs_and_lacks_leaves_it_out_and_not_the_audit(tmp_path: Path) -> None:
    def lacks(case: Any, rng: np.random.Generator) -> Guess:
        raise KnowledgeError("margin needs the weather of that day")

    audit = audited(["loss", margin(lacks)()], tmp_path)
    assert [(k["attack"], k["why"]) for k in audit.report.page["skipped"]] == [
        ("margin", "margin needs the weather of that day")
    ]
    row = audit.frame().filter(attack="margin")
    assert row["skipped"].to_list() == ["margin needs the weather of that day"]
    assert row["auc"].to_list() == [None]


def test_one_that_says_that_it_cannot_be_repeated_is_played_once(tmp_path: Path) -> None:
    calls: list[int] = []

    def noisy(case: Any, rng: np.random.Generator) -> Guess:
        calls.append(1)
        return Guess(None, np.random.default_rng().random(len(case.targets)))

    audited([margin(noisy, repeats=False)()], tmp_path)
    assert len(calls) == 1


def test_its_evidence_is_never_kept_since_its_code_may_change(tmp_path: Path) -> None:
    """On ratings, whose games are keyed by their content: the second one of a name is another attack."""
    import polars as pl

    from confide.knowledge.ratings import RatingsKnowledge
    from confide.views.interactions import Interactions

    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"u": np.repeat(np.arange(60), 20), "i": rng.integers(0, 90, 1200)}).unique()
    seen = Case[Interactions, RatingsKnowledge, Interactions]
    called: list[str] = []

    def attack(word: str) -> Any:
        def answer(case: Any, rng: np.random.Generator) -> Guess:
            called.append(word)
            raise KnowledgeError(word)

        return margin(answer, case=seen)()

    for word in ("first", "second"):
        with pytest.raises(ConfideError, match=word):
            confide.audit(
                confide.Ratings(frame, user="u", item="i"), seed=1, attacks=[attack(word)], cache=tmp_path
            )
    assert called == ["first", "second"]


def test_an_attack_of_confide_is_none_of_the_users() -> None:
    from confide.attacks.membership.black_box.loss import Loss

    assert not is_own(Loss())
    assert is_own(margin(right)())


def test_a_claim_for_each_target_is_needed_as_well() -> None:
    from confide.core.own_attack import check_answer

    with pytest.raises(AttackError, match=r"margin gave claims of shape \(2,\) for 3 targets"):
        check_answer(margin(right)(), Guess(np.zeros(2), np.zeros(3)), 3)
    Margin: ClassVar[Any] = margin(right)
    assert check_answer(Margin(), Guess(np.zeros((3, 2)), np.zeros(3)), 3).score.shape == (3,)
