"""A gate for continuous integration: it fails closed, and every file says the same as the exit code."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import markdown as reference
import pytest

from confide.core.budget import Budget
from confide.core.errors import DataError
from confide.core.estimate import Estimate
from confide.measure.risk import RateAt
from confide.report import Decision, Limit, Redaction, Report, Skipped, judge_section, report
from confide.report.goals import GOALS
from confide.report.limit_words import RATES, _rate, in_words
from confide.report.renders.brief import to_brief
from confide.report.renders.junit import to_junit
from confide.report.renders.markdown import to_markdown
from confide.report.renders.sarif import to_sarif
from confide.report.strongest import strongest

from .formats import junit, sarif

EVIL = "<b>a</b>]]>&|`x`\x00\x1b[2J\ufffe [l](javascript:x) ![i](https://t/x.png) @owner #12 {0} \u202e$a$"
LIMIT = "tpr@0.01=0.05"


def at(low: float, high: float) -> dict[str, Any]:
    return {"tpr_at": (RateAt(0.01, Estimate((low + high) / 2, low, high, 0.95), 3000),)}


RULED = {"exceeded": at(0.06, 0.08), "not settled": at(0.02, 0.08), "within": at(0.02, 0.04)}
"""A rate whose interval makes the limit 0.05 come out so."""


def section(make: Any, ruling: str, **changes: Any) -> Any:
    """A release with one attack, and this ruling on the limit."""
    whole = make.section(1.0)
    one = replace(whole.headline, risk=make.risk(1.0, **RULED[ruling]))
    return replace(whole, headline=one, findings=(one,), **changes)


def made(make: Any, ruling: str, *, allow: bool = False, decision: Decision | None = None) -> Report:
    limits = [Limit.parse(LIMIT)]
    return report([section(make, ruling)], seed=7, limits=limits, allow_unsettled=allow, decision=decision)


@pytest.mark.parametrize("ruling", RULED)
@pytest.mark.parametrize("allow", [False, True])
@pytest.mark.parametrize("decided", [None, 0, 1])
def test_every_file_fails_if_and_only_if_the_exit_code_is_1(make, ruling, allow, decided):
    decision = None if decided is None else Decision(sentence="So it was decided.", exit_code=decided)
    page = made(make, ruling, allow=allow, decision=decision).page
    assert page["verdict"] == ruling
    own = int(ruling == "exceeded" or (ruling == "not settled" and not allow))
    assert page["exit"] == (own if decided is None else decided)
    failures = junit(to_junit(page)).findall(".//failure")
    errors = [r for r in sarif(to_sarif(page))["results"] if r["level"] == "error"]
    assert bool(failures) == bool(errors) == bool(page["exit"])
    assert ("So it was decided." in page["verdict_sentence"]) is (decided is not None)


def test_the_verdict_says_how_what_is_not_settled_counts(make):
    strict, lax = (made(make, "not settled", allow=a).page["verdict_sentence"] for a in (False, True))
    assert "counts as a failure" in strict and "allowed to pass" in lax


def test_no_limit_is_no_pass(make):
    page = report([section(make, "within")], seed=7).page
    root = junit(to_junit(page))
    assert page["exit"] == 0 and not root.findall(".//failure")
    (skipped,) = root.findall(".//testcase[@name='limits']/skipped")
    assert "nothing was judged" in skipped.get("message", "")


def test_an_attack_that_did_not_run_is_skipped_and_noted(make):
    lacking = Skipped(attack="lira", why="lira needs 4 reference models", lack="knowledge")
    page = report([section(make, "within", skipped=(lacking,))], seed=7, limits=[Limit.parse(LIMIT)]).page
    case = junit(to_junit(page)).find(".//testcase[@name='attack lira']")
    assert case is not None and "needs 4 reference models" in case[0].get("message", "")
    (notice,) = sarif(to_sarif(page))["invocations"][0]["toolExecutionNotifications"]
    assert "lira did not run" in notice["message"]["text"]


@pytest.mark.parametrize("limit", ["proved=0.05", "utility"])
def test_a_limit_that_nothing_measured_is_about_is_not_settled(make, limit):
    """Nothing is proved of a model, and it has no columns to shuffle: such a limit passed in silence."""
    s = section(make, "within")
    assert judge_section(s, [Limit.parse(limit)]).ruling == "measured"
    page = report([s], seed=7, limits=[Limit.parse(limit), Limit.parse(LIMIT)]).page
    assert (page["verdict"], page["exit"]) == ("not settled", 1)
    rulings = {row["limit"]: row["verdict"] for row in page["limits"]}
    assert rulings == {limit: "not settled", LIMIT: "within"}


def test_a_limit_that_another_section_of_the_release_is_held_to_is_judged(make):
    """A release with several goals has a section for each, and a limit may be about one of them alone."""
    first = section(make, "within", release="a table")
    second = section(make, "within", release="a table, attribute", goal="attribute")
    page = report([first, second], seed=7, limits=[Limit.parse(LIMIT)]).page
    assert (page["verdict"], page["exit"]) == ("within", 0)


def test_a_broken_promise_fails_without_any_limit(make):
    page = report([section(make, "within", promise=Budget(0.1, 1e-5), broken=("noise",))], seed=7).page
    assert page["exit"] == 1
    assert [f.get("type") for f in junit(to_junit(page)).findall(".//failure")] == ["exceeded"]
    (result,) = sarif(to_sarif(page))["results"]
    assert result["ruleId"] == "confide/the-promise" and result["level"] == "error"


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_hostile_names_are_text_in_every_file(make, audience):
    evil = section(make, "exceeded", release=EVIL, warnings=(EVIL,), subject=EVIL)
    lacking = Skipped(attack=EVIL, why=EVIL)
    limits = [Limit.parse(LIMIT)]
    one = report([replace(evil, skipped=(lacking,))], seed=7, limits=limits, audience=audience)
    root = junit(to_junit(one.page))
    assert {part.tag for part in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "skipped", "system-out",
    }  # fmt: skip
    run = sarif(to_sarif(one.page))
    for message in [r["message"]["text"] for r in run["results"]]:
        assert "](" not in message and not re.search(r"(?<!\{)\{\d+\}(?!\})", message)
    shown = reference.markdown(to_markdown(one.page))
    assert "<b>a</b>" not in shown and "<a " not in shown and "<img" not in shown and "<code" not in shown
    assert "@owner" not in shown and "#12" not in shown  # nobody is called, and no issue is linked
    for text in (to_brief(one.page), to_markdown(one.page), to_junit(one.page), to_sarif(one.page)):
        assert "\x1b" not in text and "\x00" not in text and "\u202e" not in text


def test_the_public_sees_no_exact_number_in_any_file(make):
    lacking = Skipped(attack="quantile", why="needs at least 1,000 and has 963", lack="knowledge")
    whole = section(make, "not settled", skipped=(lacking,))
    inside, public = (
        report([whole], seed=7, limits=[Limit.parse(LIMIT)], audience=a) for a in ("internal", "public")
    )
    renders = (to_brief, to_markdown, to_junit, to_sarif)
    assert all("963" in render(inside.page) for render in (to_junit, to_sarif))
    assert all("contains the limit" in render(inside.page) for render in renders)
    for render in renders:
        text = render(public.page)
        assert "963" not in text and "contains the limit" not in text


def test_every_goal_has_a_limit_in_words():
    assert set(RATES) == set(GOALS)
    for text in RATES.values():
        assert text.count("{most}") == text.count("{rate}") == 1


def test_a_limit_in_words_names_the_limit_the_ruling_and_what_was_found(make):
    said = {}
    for ruling in RULED:
        s = section(make, ruling)
        (judged,) = judge_section(s, [Limit.parse(LIMIT)]).judged
        said[ruling] = in_words(judged, s, Redaction()).words
    allows = "at most 5 in 100 members may be found where 1 in 100 others are wrongly accused"
    # 7 (6 to 8), 5 (2 to 8) and 3 (2 to 4) in 100, by hand from the intervals.
    assert said == {
        "exceeded": f"{allows}: exceeded, 7 in 100 (6 to 8)",
        "not settled": f"{allows}: not settled, 5 in 100 (2 to 8)",
        "within": f"{allows}: within, 3 in 100 (2 to 4)",
    }


@pytest.mark.parametrize(
    ("low", "high", "ruling"),
    [(0.0501, 0.09, "exceeded"), (0.04, 0.0499, "within"), (0.050004, 0.06, "exceeded")],
)
def test_rounding_never_puts_a_decided_interval_on_the_other_side(low, high, ruling):
    e = {"value": (low + high) / 2, "low": low, "high": high, "confidence": 0.95}
    found = re.fullmatch(r"[\d,]+ in ([\d,]+) \(([\d,]+) to ([\d,]+)\)", _rate(e, 0.05, ruling))
    assert found is not None
    per, least, most = (int(part.replace(",", "")) for part in found.groups())
    # Outward, and by less than one person: the interval in words holds the exact one.
    assert least <= low * per + 1e-6 and most >= high * per - 1e-6
    assert (least > 0.05 * per) if ruling == "exceeded" else (most <= 0.05 * per)


def test_the_first_page_is_short_in_order_and_hides_nothing_bad(make):
    limits = [Limit.parse(LIMIT), Limit.parse("auc=0.95")]
    warnings = tuple(f"Warning {i} of the door." for i in range(9))
    whole = replace(make.section(1.9), warnings=warnings)
    one = report([whole], seed=7, limits=limits)
    lines = to_brief(one.page, width=80).splitlines()
    assert max(map(len, lines)) <= 80 and len(lines) <= 30  # with four warnings and their pointer
    text = "\n".join(lines)
    places = [
        text.index(part)
        for part in (one.page["release"], "An outsider", "[NO]", "Limits", "Strongest attacks", "Read first")
    ]
    assert places == sorted(places)
    assert "Warning 0 of the door." in text and "Further warnings: 5." in text
    assert str(one) == one.brief() and len(one.text(width=80)) > len(text)
    kept = replace(make.section(1.0), warnings=())
    assert len(to_brief(report([kept], seed=7, limits=limits).page, width=80).splitlines()) <= 25


def test_every_release_that_exceeds_a_limit_is_named_however_many_there_are(make):
    names = [f"shop.csv, rare:{k}" for k in range(12)]
    rulings = ["within", "not settled", "exceeded", "within"] * 3
    sections = [section(make, r, release=n) for n, r in zip(names, rulings, strict=True)]
    page = report(sections, seed=7, limits=[Limit.parse(LIMIT)]).page
    for text in (to_brief(page, width=200), to_markdown(page)):
        limits = text[text.index("Limits") :]
        for name, ruling in zip(names, rulings, strict=True):
            short = name.partition(", ")[2]
            if ruling != "within":
                assert re.search(rf"{short}\b[^;\n]*{ruling}", limits), (short, ruling)
    failures = junit(to_junit(page)).findall(".//failure")
    assert len(failures) == 6


def test_the_strongest_attack_comes_first(make):
    page = report([make.section(1.9)], seed=7).page
    (s,) = page["sections"]
    order = strongest(page["findings"], s)
    assert order[0]["attack"] == s["finding"]["attack"]
    lows = [next(at["rate"]["low"] for at in f["tpr_at"] if at["fpr"] == s["fpr"]) for f in order[1:]]
    assert lows == sorted(lows, reverse=True)


@pytest.mark.parametrize("end", ["x.junit.xml", "x.sarif", "x.md", "x.txt", "x.json", "x.html"])
def test_a_report_is_saved_by_the_end_of_its_name(make, tmp_path, end):
    path = made(make, "exceeded").save(tmp_path / end)
    assert path.stat().st_size > 100 and oct(path.stat().st_mode)[-3:] == "600"


def test_another_end_is_refused(make, tmp_path):
    with pytest.raises(DataError, match=r"end the name in \.html"):
        made(make, "exceeded").save(tmp_path / "x.xml")
    assert not list(tmp_path.iterdir())


def within(page: dict[str, Any]) -> None:
    page["verdict"] = "within"


def passes(page: dict[str, Any]) -> None:
    page["exit"] = 0


def decided(page: dict[str, Any]) -> None:
    page.update(exit=0, decision="One budget is enough.")


def of_a_section(page: dict[str, Any]) -> None:
    page["sections"][0]["verdict"] = "within"


def allowed(page: dict[str, Any]) -> None:
    page["allow_unsettled"] = True


@pytest.mark.parametrize(
    ("ruling", "change"),
    [
        ("exceeded", within), ("exceeded", passes), ("exceeded", decided), ("exceeded", of_a_section),
        ("not settled", within), ("not settled", passes), ("not settled", decided), ("not settled", allowed),
    ],
)  # fmt: skip
def test_a_report_whose_verdict_is_not_that_of_its_limits_is_refused(make, tmp_path, ruling, change):
    one = made(make, ruling)
    path = one.save(tmp_path / "report.json")
    assert Report.load(path).exit_code == 1
    page = json.loads(path.read_text())
    change(page)
    path.write_text(json.dumps(page))
    with pytest.raises(DataError, match=r"(by|of) its limits|no release passes"):
        Report.load(path)


def test_of_several_budgets_one_is_enough_also_in_a_report_that_is_read(make, tmp_path):
    two = [section(make, "exceeded", release="a"), section(make, "within", release="b")]
    limits = [Limit.parse(LIMIT)]
    for exit_code in (0, 1):
        one = report(two, seed=7, limits=limits, decision=Decision(sentence="b.", exit_code=exit_code))
        assert Report.load(one.save(tmp_path / "report.json")).exit_code == exit_code
