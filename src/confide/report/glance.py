"""At a glance: the first screen of a report, in sentences for a reader who knows no statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from confide.core.language import t
from confide.report.glance_words import WORDS
from confide.report.goals import GOALS, without_goal
from confide.report.how_bad import Told, how_bad, what_it_means
from confide.report.limit_words import limit_in_words
from confide.report.page_types import FindingRecord, Page, SectionRecord
from confide.report.reading_rate import read_at
from confide.report.record_types import EstimateRecord
from confide.report.redaction import FEWEST
from confide.report.sampled import sampled_sentence
from confide.report.screen_types import ContentRecord, GlanceRecord
from confide.report.short_names import short_names
from confide.report.skipped import fold
from confide.report.strongest import severity

MOST_STEPS = 4
"""Of what to do next: more is read by nobody, and stands below."""
MOST_REASONS = 3
"""Of reasons why attacks did not run; the rest stands below."""
MOST_LIMITS = 4
"""With a sentence each; of more, those that are exceeded."""


def nothing_yet() -> GlanceRecord:
    """A first screen without a word, for a page that is being made."""
    return {
        "released": [],
        "tried": [],
        "bad": [],
        "means": [],
        "next": [],
        "limits": [],
        "left_out": [],
        "contents": [],
    }


def glance(page: Page, told: Sequence[Told] = ()) -> GlanceRecord:
    """The first screen of a page, from its records: it can say no more than they do.

    Args:
        page: the rest of it.
        told: of each section; empty for a report of an earlier version, which kept its sentences alone.
    """
    sections = page["sections"]
    each = [_Part(s, one) for s, one in zip(sections, told or _untold(sections), strict=True)]
    worst = sorted(each, key=lambda part: severity(part.s, proves=part.proves))
    named = _names(each)
    leading = _leading(worst)
    found = [part for part in leading if part.s["outcome"] == "found"] or leading
    return {
        "released": _released(each, named),
        "tried": _tried(page, worst),
        "bad": _bad(leading, named),
        "means": list(dict.fromkeys(line for part in found for line in _means(part))),
        "next": [*_kept(each, named), *dict.fromkeys(x for part in worst for x in part.s["next"])][
            :MOST_STEPS
        ],
        "limits": _limits(page, each, named),
        "left_out": _left_out(page, each),
        "contents": [_content(part, named) for part in each],
    }


@dataclass(frozen=True, slots=True)
class _Part:
    """A section with what else the first screen says of it."""

    s: SectionRecord
    told: Told

    @property
    def rate(self) -> EstimateRecord | None:
        """What its strongest attack reaches where the report is read."""
        at = read_at(self.s["finding"], self.s["fpr"])
        return None if at is None else at["rate"]

    @property
    def release(self) -> str:
        """The release without the goal: several goals are about one release."""
        return without_goal(self.s["release"], self.told.words)

    @property
    def proves(self) -> bool:
        """Is it about what follows for certain? Then no rate was measured."""
        return not WORDS[self.told.words].found


def _untold(sections: Sequence[SectionRecord]) -> list[Told]:
    """What can be said of sections that kept the name of one of four goals alone."""
    return [Told(words=s["goal"] if s["goal"] in GOALS else "membership") for s in sections]


def _names(each: Sequence[_Part]) -> dict[str, str]:
    """Release -> its short name."""
    releases = list(dict.fromkeys(part.release for part in each))
    return dict(zip(releases, short_names(releases), strict=True))


def _released(each: Sequence[_Part], named: dict[str, str]) -> list[str]:
    first = each[0].s
    # What is left of the first name without its short one is what all begin with.
    shared = each[0].release.removesuffix(named[each[0].release]).removesuffix(", ")
    names = ", ".join(named.values())
    about = [
        text if label in ("release", t("release")) else t("{label}: {text}", label=label, text=text)
        for label, text in first["about"]
        if not text.startswith("sha256")  # stands in the small print
    ]
    promise = first["promise"]
    return [
        t("{label}: {text}", label=shared, text=names) if shared else names,
        *about[:3],
        *([t("It promises {promise}.", promise=promise["text"])] if promise else []),
    ]


def _tried(page: Page, worst: Sequence[_Part]) -> list[str]:
    subjects = dict.fromkeys(part.told.subject.strip(" ,") for part in worst if part.told.subject)
    attacks = len({f["attack"] for f in page["findings"]})
    strongest = _called(worst[0].s["finding"])
    ran = (
        t("One attack was played: {strongest}", strongest=strongest)
        if attacks == 1
        else t(
            "{attacks:,} attacks were played; the strongest: {strongest}",
            attacks=attacks,
            strongest=strongest,
        )
    )
    who = [t("The adversary: {subject}.", subject=_begun_small(one)) for one in subjects]
    some = sampled_sentence(worst[0].s["finding"])
    return [*who, ran, *_asked(worst[0].s), *([some] if some else [])]


def _called(h: FindingRecord) -> str:
    """An attack in words, with its short name in brackets."""
    title, name = h["title"].rstrip("."), h["attack"]
    return name if title in ("", name) else f"{title} ({name})"


def _begun_small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _asked(s: SectionRecord) -> list[str]:
    h, tiles = s["finding"], s["labels"]["tiles"]
    exposed, control = h["exposed_count"], h["control_count"]
    if not exposed or not control:
        return []
    return [
        t(
            "It was asked about {exposed:,} ({group}) and {control:,} ({other}).",
            exposed=exposed,
            group=tiles["exposed"],
            control=control,
            other=tiles["control"],
        )
    ]


def _leading(worst: Sequence[_Part]) -> list[_Part]:
    """The release that gives most away, of each goal."""
    first = {part.told.words: part for part in reversed(worst)}  # the worst of a goal is set last
    return [part for part in worst if first[part.told.words] is part]


def _bad(leading: Sequence[_Part], named: dict[str, str]) -> list[str]:
    """A sentence each goal."""
    return [
        " ".join(
            [
                *([t("On {release}:", release=named[part.release])] if len(named) > 1 else []),
                *([t(WORDS[part.told.words].question)] if len(leading) > 1 else []),
                how_bad(part.s, part.told),
            ]
        )
        for part in leading
    ]


def _kept(each: Sequence[_Part], named: dict[str, str]) -> list[str]:
    """Which of several releases keep every limit."""
    if len(named) < 2 or all(part.s["verdict"] == "measured" for part in each):
        return []
    kept = [
        name
        for release, name in named.items()
        if all(part.s["verdict"] in ("within", "measured") for part in each if part.release == release)
    ]
    if not kept:
        return [t("None of the {n:,} releases keeps every limit.", n=len(named))]
    return [t("Of the {n:,} releases, these keep every limit: {names}.", n=len(named), names=", ".join(kept))]


def _means(part: _Part) -> list[str]:
    """What it means for a person in the data."""
    outcome = part.s["outcome"]
    if outcome == "found":
        return [what_it_means(part.s, part.told), *([part.told.harm] if part.told.harm else [])]
    if outcome == "nothing":
        return [t("That is no proof of safety: a stronger attack, or one that knows more, may find people.")]
    return [t("Nothing follows from this audit for the people in the data, neither good nor bad.")]


def _limits(page: Page, each: Sequence[_Part], named: dict[str, str]) -> list[str]:
    """Every limit in words; of many, those that are exceeded."""
    rows = page["limits"]
    if not rows:
        return [
            t(
                "No limit was set, so this report does not say whether that is too much. A limit (--limit) "
                "makes the next one say yes or no."
            )
        ]
    of = {part.s["release"]: named[part.release] for part in each}
    said = [
        t("{release}: {sentence}", release=of[row["release"]], sentence=limit_in_words(row))
        if len(named) > 1
        else limit_in_words(row)
        for row in rows
    ]
    if len(dict.fromkeys(said)) <= MOST_LIMITS:
        return list(dict.fromkeys(said))
    ruled = [row["verdict"] for row in rows]
    exceeded = [one for one, ruling in zip(said, ruled, strict=True) if ruling == "exceeded"]
    return [
        t(
            "Of {n:,} limits {kept:,} are kept, {exceeded:,} are exceeded, and {open:,} are not settled.",
            n=len(rows),
            kept=ruled.count("within"),
            exceeded=ruled.count("exceeded"),
            open=ruled.count("not settled"),
        ),
        *list(dict.fromkeys(exceeded))[:MOST_LIMITS],
    ]


def _left_out(page: Page, each: Sequence[_Part]) -> list[str]:
    people = list(dict.fromkeys(line for part in each for line in part.told.left_out))
    for part in each:
        h = part.s["finding"]
        if h["told"] or h["excluded"] == 0 or part.proves:
            continue
        n = h["excluded"]
        people.append(
            t(
                "Fewer than {n:,} people were left out: {attack} could not score them.",
                n=FEWEST,
                attack=h["attack"],
            )
            if n is None
            else t("{n:,} were left out: {attack} could not score them.", n=n, attack=h["attack"])
        )
    people += [line for line in map(sampled_sentence, page["findings"]) if line]
    # On several releases an attack lacks the same.
    reasons = fold(dict.fromkeys((k["attack"], k["why"]) for k in page["skipped"]))
    told = [t("Did not run: {attacks}: {why}", attacks=attacks, why=why) for attacks, why in reasons]
    more = len(told) - MOST_REASONS
    ran = told[:MOST_REASONS] + [t("{n:,} more reasons are below.", n=more)] * (more > 0)
    return [*dict.fromkeys(people), *ran] or [
        t("Nobody was left out, and every attack that was asked for ran.")
    ]


def _content(part: _Part, named: dict[str, str]) -> ContentRecord:
    return {
        "release": part.s["release"],
        "short": named[part.release],
        "question": t(WORDS[part.told.words].question),
        "found": part.rate,
        "fpr": part.s["fpr"],
        "verdict": part.s["verdict"],
        "said": how_bad(part.s, part.told),
    }
