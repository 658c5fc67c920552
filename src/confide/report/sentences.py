"""Sentences of the report, each built from a finding's record, so that no word says more than its numbers.

Every function reads the record that goes into report.json, already coarse where the audience is the
public: a sentence cannot leak what the record does not hold. Only the story (`outcome`) is decided on the
exact numbers, so that both audiences read the same one. The words for people and claims are the goal's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from confide.core.language import later, number, t
from confide.report.finding import Lack, Ruling
from confide.report.goals import Goal
from confide.report.page_types import FindingRecord, Outcome, RateRecord
from confide.report.rates import cases, often, one_in, percent, same_unit, spread, times
from confide.report.reading_rate import beats_guessing, read_at, reading_rate
from confide.report.redaction import FEWEST
from confide.report.sampled import sampled
from confide.report.telling import not_told, tells

ACCESS = {
    "black-box": later(
        "The adversary could send records to the model and read the scores it gives to each answer."
    ),
    "label-only": later(
        "The adversary could send records to the model and read its decision, without any score."
    ),
    "white-box": later("The adversary held a copy of the model, with all that is inside it."),
}

NEEDED = {
    "black-box": later("The strongest attack, {attack}, needed no more than the model's scores."),
    "label-only": later("The strongest attack, {attack}, needed no more than the model's decisions."),
}

LACKING: Mapping[Lack, str] = {
    "access": later("needs to see more than this release shows."),
    "knowledge": later("needs knowledge that the adversary does not have here."),
    "evidence": later("needs more or other people than there are here."),
    "other": later("was not run on this release."),
}
"""Why an attack did not run, for the public: the full reason may hold counts and names."""


def outcome(h: FindingRecord, *, broken: bool) -> Outcome:
    """Which of four stories the numbers tell.

    "broken": a blind adversary wins, and the attack is not clearly better. "found": a rate at some
    false-positive rate, or the AUC, is above guessing. "few": too few people for the headline. "nothing".
    """
    if broken:
        return "broken"
    if any(map(beats_guessing, h["tpr_at"])) or (h["auc"] and h["auc"]["low"] > 0.5):
        return "found"
    return "few" if reading_rate([h]) is None else "nothing"


def headline(h: FindingRecord, story: Outcome, *, fpr: float | None, subject: str, goal: Goal) -> str:
    """The first sentence of the report, for a reader who knows nothing of statistics.

    Args:
        fpr: the false-positive rate at which it is read.
    """
    if story == "broken":
        return t(
            "This audit cannot say what the release gives away. An adversary that never saw it already tells "
            "{exposed} from {control}, so the two groups differ by themselves, and no attack did "
            "clearly better.",
            exposed=goal.exposed,
            control=goal.control,
        )
    if story == "few":
        return t(
            "This audit had too few {units} to say what the release gives away. That does not mean "
            "that it is safe.",
            units=goal.units,
        )
    told = {"subject": subject, "task": goal.task, "better_than": goal.better_than}
    if story == "nothing":
        return t("{subject} could not be shown to {task} {better_than}.", **told)
    point = read_at(h, fpr)
    if point and point["rate"] and beats_guessing(point):
        # Fewer than the usual 1 in 100 makes the same share worse news.
        errors = one_in(point["fpr"])
        rarely = t("only {errors}", errors=errors) if point["fpr"] < 0.01 else errors
        return goal.claim(subject, point["rate"]["value"], rarely)
    # an AUC below 0.6 is real and small: the sentence must not sound like the one for 0.9
    if h["auc"] and h["auc"]["high"] < 0.6:
        return t("{subject} can {task} a little {better_than}.", **told)
    return t("{subject} can {task} {better_than}.", **told)


def support(
    h: FindingRecord, story: Outcome, *, fpr: float | None, tried: int, detectable: float | None, goal: Goal
) -> list[str]:
    """What stands right under the headline: the interval, and what the audit could have seen.

    Args:
        fpr: the false-positive rate at which the headline is read.
        tried: the number of attacks that the intervals are corrected for.
        detectable: the weakest leak that would have been noticed, at that rate or at this finding's own.
    """
    point, alone, blind = read_at(h, fpr), read_at(h, reading_rate([h])), h["blind"]
    lines: list[str] = []
    if point and point["rate"] and story in ("found", "nothing"):
        told = tells(point["rate"], guessing=point["fpr"])
        lines.append(_rate_there(point, tried, goal) if told else not_told(point["rate"]))
    # Read together with others it may be read where it shows nothing: what shows elsewhere is said too.
    if alone and alone is not point and story == "found" and beats_guessing(alone):
        lines.append(_rate_there(alone, tried, goal))
    # Then the AUC alone carries the headline, and has to be shown.
    if story == "found" and h["auc"] and not (point and beats_guessing(point)):
        lines.append(auc(h, goal))
    if story == "broken" and blind:
        picks = t(
            "Shown one of each, the blind adversary picks the right one {times} ({spread}); guessing: 50 "
            "in 100.",
            times=times(blind["value"]),
            spread=spread(blind),
        )
        lines.append(f"{picks} {goal.remedy}")
    if h["told"] and story == "found":
        lines.append(t("The strongest attack, {attack}, knew {told}.", attack=h["attack"], told=h["told"]))
    return [
        *lines,
        *([_could_have_seen(h, point or alone, detectable, goal)] if story in ("nothing", "few") else []),
    ]


def auc(h: FindingRecord, goal: Goal) -> str:
    """The AUC in words; empty where there is none."""
    if not h["auc"]:
        return ""
    one, other = goal.pair
    low = h["auc"]["high"] < 0.5
    told = {"one": one, "other": other, "often": cases(h["auc"]) if low else often(h["auc"])}
    if goal.certain and low:
        return t(
            "Shown {one} and {other}, the attack is surer about the first {often}; guessing: 50 "
            "in 100. Below 50 the scores tell the groups apart the wrong way round: turned round they find "
            "more. (This is the AUC. It is not the share of people who are classified correctly.)",
            **{**told, "often": often(h["auc"])},
        )
    if goal.certain:
        return t(
            "Shown {one} and {other}, the attack is surer about the first {often}; guessing: 50 "
            "in 100. (This is the AUC. It is not the share of people who are classified correctly.)",
            **told,
        )
    if low:
        return t(
            "Shown {one} and {other}, the attack is right, and surer about the first, {often}. In "
            "most others its claim about the first is wrong. (This is the AUC. A wrong claim counts as no "
            "claim, a tie counts half: so it can be far below one half, and nothing is upside down.)",
            **told,
        )
    return t(
        "Shown {one} and {other}, the attack is surer about the first, and right, {often}. (This "
        "is the AUC. A wrong claim counts as no claim, a tie counts half.)",
        **told,
    )


def _rate_there(point: RateRecord, tried: int, goal: Goal) -> str:
    """The rate at the operating point, its interval, and guessing in the same unit."""
    rate = point["rate"]
    assert rate is not None, "what is read is a resolved rate"
    at = goal.at(one_in(point["fpr"]))
    unit = same_unit(point["fpr"], rate)
    guess = goal.say("guessing", guess=unit if goal.certain else t("fewer than {share}", share=unit))
    told = {
        "at": _capital(at),
        "interval": f"{spread(rate)}, {_sure(rate['confidence'], tried)}",
        "caught": goal.say("caught"),
        "managed": goal.say("managed", many=goal.many(rate["value"])),
        "guessing": guess if beats_guessing(point) else _capital(guess),
    }
    if beats_guessing(point):
        # A clause needs a comma before what it is about.
        if goal.clause:
            return t("{at}, the true share of {caught} is {interval}; {guessing}.", **told)
        return t("{at} the true share of {caught} is {interval}; {guessing}.", **told)
    if goal.clause:
        return t("{at}, {managed}; the true share is {interval}. {guessing}.", **told)
    return t("{at} {managed}; the true share is {interval}. {guessing}.", **told)


def _could_have_seen(h: FindingRecord, point: RateRecord | None, detectable: float | None, goal: Goal) -> str:
    """The ceiling in words: 'nothing found' is never read as 'nothing there'."""
    bound = h["epsilon"]
    noticed = (
        goal.say("noticed", many=goal.many(detectable), at=goal.at(one_in(point["fpr"])))
        if detectable is not None and point
        else ""
    )
    ceiling = None if bound is None else bound["ceiling"]
    # Both ceilings, for a reader may have a limit on either.
    if noticed and ceiling is not None:
        return t(
            "What this audit could have seen: {noticed}; the largest epsilon it could ever have shown is "
            "{ceiling:.2f}.",
            noticed=noticed,
            ceiling=ceiling,
        )
    if noticed:
        return t("What this audit could have seen: {noticed}.", noticed=noticed)
    if ceiling is not None:
        return t(
            "What this audit could have seen: the largest epsilon it could ever have shown is {ceiling:.2f}.",
            ceiling=ceiling,
        )
    if point is None:
        return t(
            "With so small a number of {units} this audit could not have seen anything: use more.",
            units=goal.units,
        )
    return t(
        "It was not worked out how weak a leak this audit could have seen: do not take it for an all-clear."
    )


def found(h: FindingRecord, *, fpr: float | None, goal: Goal) -> str:
    """One line an attack, read where the headline is, with whom it was asked about if not all."""
    line, some = _found(h, fpr=fpr, goal=goal), sampled(h)
    return t("{line}; {some}", line=line, some=some) if some else line


def _found(h: FindingRecord, *, fpr: float | None, goal: Goal) -> str:
    rate = next((at["rate"] for at in h["tpr_at"] if at["fpr"] == fpr), None)
    if fpr is None and h["auc"] and reading_rate([h]) is not None:  # others cannot be read at any rate
        right = cases(h["auc"]) if h["auc"]["high"] < 0.5 else often(h["auc"])
        one, other = goal.pair
        return t("shown {one} and {other}, right {often}", one=one, other=other, often=right)
    if fpr is None or rate is None:
        return t("too few {units} to say", units=goal.units)
    if not tells(rate, guessing=fpr):
        return not_told(rate)
    return goal.say("row", many=goal.many(rate["value"]), at=goal.at(one_in(fpr)), spread=spread(rate))


def adversary(h: FindingRecord, extra: Sequence[str], *, access: str, goal: Goal) -> list[str]:
    """What the adversary could do and what it knew."""
    saw = t(ACCESS[access]) if access in ACCESS else goal.saw
    lines = [saw, *goal.knew]
    # Less access would have done: the owner should know that hiding more does not help.
    if h["access"] != access and h["access"] in NEEDED:
        lines.append(t(NEEDED[h["access"]], attack=h["attack"]))
    return [*lines, *extra]


def warnings(
    h: FindingRecord,
    story: Outcome,
    given: Sequence[str],
    *,
    blind_wins: bool,
    doubtful: Mapping[str, bool],
    goal: Goal,
    coin: bool = False,
) -> list[str]:
    """What a reader must know before they believe a number.

    Args:
        coin: whether a fair coin drew the groups: then they cannot differ by themselves, and nobody has to
            check it.
        doubtful: the attacks whose own check failed, and whether each found something all the same.
    """
    lines = [*_on_blind(h, story, blind_wins), *given]
    lines += [_doubt(name, found) for name, found in doubtful.items()]
    nobody_checked = h["blind"] is None and h["attack"] != "blind" and not coin
    if nobody_checked and goal.blind_matters and story != "broken" and not blind_wins:
        lines.append(t("No blind adversary was played, so nobody checked that the two groups are similar."))
    # an adversary that knew of some people whether they were in cannot be asked about them: no warning
    if not h["told"] and h["excluded"] != 0:
        lines.append(_left_out(h))
    return lines


def _on_blind(h: FindingRecord, story: Outcome, blind_wins: bool) -> list[str]:
    if story == "broken":
        return [t("The comparison is broken: a blind adversary wins (see the first sentence).")]
    blind = h["blind"]
    if not blind_wins or blind is None:
        return []
    return [
        t(
            "A blind adversary, which never saw the release, already reaches an AUC of "
            "{value:.2f} [{low:.2f}, {high:.2f}] on these people. So part of what "
            "was found does not come from the release. The strongest attack is clearly above that.",
            value=blind["value"],
            low=blind["low"],
            high=blind["high"],
        )
    ]


def _left_out(h: FindingRecord) -> str:
    count, attack = h["excluded"], h["attack"]
    if count == 1:
        return t("1 target was left out: {attack} could not score them.", attack=attack)
    many = t("Fewer than {n}", n=FEWEST) if count is None else number(count, ",")
    return t("{many} targets were left out: {attack} could not score them.", many=many, attack=attack)


def _doubt(name: str, found: bool) -> str:
    if found:
        return t(
            "Not conclusive: {name}. The attack's own check failed (its card in the small print says why): "
            "what it found is real, but there may be more than it found.",
            name=name,
        )
    return t(
        "Not conclusive: {name}. The attack's own check failed (its card in the small print says why), "
        "so what it did not find may still be there: its low numbers are no all-clear.",
        name=name,
    )


def verdict(
    ruling: Ruling, *, allow_unsettled: bool, doubtful: Sequence[str] = (), promise: bool = False
) -> str:
    """The verdict in one line.

    Args:
        ruling: over all limits.
        allow_unsettled: whether a limit that is not settled passes.
        doubtful: the attacks whose own check failed.
        promise: whether the release breaks its promise.
    """
    line = {
        "within": t("Within the limits that were set."),
        "exceeded": t("A limit that was set is exceeded."),
        "not settled": t(
            "Not settled: the evidence cannot decide on a limit that was set, which is allowed to pass here."
        )
        if allow_unsettled
        else t("Not settled: the evidence cannot decide on a limit that was set, which counts as a failure."),
        "measured": t("Measured; no limit was set."),
    }[ruling]
    line = t("The release breaks its promise.") if promise else line
    return f"{line} {t('Not conclusive: {names}.', names=', '.join(doubtful))}" if doubtful else line


def _sure(confidence: float, tried: int) -> str:
    if tried < 2:
        return t("with {percent} confidence", percent=percent(confidence))
    return t(
        "with {percent} confidence (corrected for {tried} attacks)", percent=percent(confidence), tried=tried
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
