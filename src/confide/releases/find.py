"""Search for the weakest setting of a protection that keeps a limit: bisection over its scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from confide.audits.comparison import point_of
from confide.audits.frontier import Frontier, Point
from confide.audits.outcome import Audit
from confide.audits.preparing import under_audit
from confide.audits.protections import UNPROTECTED, Scale, frontier_exhibits, parse_protections
from confide.audits.release import AuditedRelease
from confide.audits.run import conclude
from confide.audits.settings import Settings
from confide.audits.spec import AuditSpec, Subject
from confide.core.errors import DataError
from confide.mechanisms.anchors.published import Published
from confide.report import Limit, judge_section
from confide.report.limits import PROVED, UTILITY

STEPS = 7
"""Halvings of a continuous scale: the setting is found to within 1 / 128 of the scale's logarithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One setting: the protection as a user writes it, the ruling on the limit, and its point.

    A setting that leaves nothing keeps every limit, and is never what is looked for.
    """

    text: str
    kept: bool
    point: Point | None
    empty: bool = False


@dataclass(slots=True, kw_only=True)
class Search:
    """What a search found, and everything that it tried.

    Args:
        text: the weakest protection that keeps the limit, as a user writes it.
        spec: of the audit, for the words of the frontier.
        tried: in the order of trying; the unprotected release among them.
    """

    text: str = ""
    spec: AuditSpec
    tried: list[Tried] = field(default_factory=list)

    def drawn_in(self, audit: Audit) -> Audit:
        """The audit with the frontier of all that was tried before the exhibits of its first release."""
        points = tuple(tried.point for tried in self.tried if tried.point is not None)
        compared = frontier_exhibits(
            Frontier(risk=self.spec.risk, points=points), across=self.spec.across, good=self.spec.good
        )
        first, *others = audit.sections
        first = replace(first, exhibits=(*compared, *first.exhibits))
        return replace(audit, sections=(first, *others))


def weakest(spec: AuditSpec, subject: Subject, name: str, *, limit: str, settings: Settings) -> Search:
    """The weakest setting of a protection whose audit keeps a limit.

    A setting keeps the limit only if the audit is sure of it: "not settled" counts as not kept. The search
    takes for granted that a stronger setting does not raise the risk. What is written is audited again.

    Args:
        name: of the protection, without settings.
        limit: such as "tpr@0.01<=0.05".

    Raises:
        DataError: if the protection has no scale, or even its strongest setting does not keep the limit.
    """
    held_to = Limit.parse(limit.replace("<=", "="))
    if held_to.quantity == "epsilon":
        raise DataError(
            f"{limit} cannot be searched for: an audit shows that an epsilon is exceeded, never that it is "
            "kept. Search for a limit on tpr, auc or advantage, or promise the epsilon with `--with`."
        )
    if held_to.quantity == PROVED and not spec.proves:
        raise DataError(f"{limit} cannot be searched for: nothing of {spec.name} is proved.")
    if held_to.quantity == UTILITY:
        raise DataError(f"{limit} cannot be searched for: search for a limit on tpr, auc or advantage.")
    scale = _scale(spec, name)
    search = Search(spec=spec)
    plain = under_audit(spec, subject, UNPROTECTED, Published(), settings=settings)
    _try(search, subject, plain, plain, held_to)

    def keeps(value: float) -> bool:
        text = scale.write(value)
        known = next((tried for tried in search.tried if tried.text == text), None)
        if known is None:
            mechanism = parse_protections([text], spec.protections)[text]
            releases = under_audit(spec, subject, text, mechanism, settings=settings)
            known = _try(search, subject, releases, plain, held_to)
        return known.kept

    if not keeps(scale.strongest):
        raise DataError(
            f"even {scale.write(scale.strongest)} does not keep {limit}, as far as this audit can tell: use "
            "another protection, a weaker limit, or ask about more people."
        )
    search.text = scale.write(_bisected(scale, keeps))
    if next(tried for tried in search.tried if tried.text == search.text).empty:
        raise DataError(
            f"no {name} that leaves something of the records keeps {limit}, as far as this audit can tell: "
            "use another protection, a weaker limit, or ask about more people."
        )
    return search


def _bisected(scale: Scale, keeps: Callable[[float], bool]) -> float:
    """The weakest value found that keeps the limit; the strongest one does."""
    if keeps(scale.weakest):
        return scale.weakest
    fails, holds = scale.weakest, scale.strongest
    for _ in range(64 if scale.whole else STEPS):
        middle = float(np.sqrt(fails * holds))
        if scale.whole:
            middle = float(np.floor(middle)) if abs(holds - fails) > 1 else holds
            middle = middle if middle not in (fails, holds) else (fails + holds) // 2
            if middle in (fails, holds):
                break
        if keeps(middle):
            holds = middle
        else:
            fails = middle
    return holds


def _scale(spec: AuditSpec, name: str) -> Scale:
    protection = spec.protections.get(name)
    if ":" in name:
        raise DataError(f"--find searches the setting: give `--with {name.partition(':')[0]}` without one.")
    if protection is None or protection.scale is None:
        can = ", ".join(n for n, p in spec.protections.items() if p.scale is not None)
        raise DataError(f"the setting of {name!r} cannot be searched: give `--with` one of {can}.")
    return protection.scale


def _try(
    search: Search,
    subject: Subject,
    releases: Sequence[AuditedRelease],
    plain: Sequence[AuditedRelease],
    limit: Limit,
) -> Tried:
    """Audit one setting; `releases` and `plain` hold one release a goal, and the limit is one on each."""
    name, point, kept = releases[0].name, None, True
    if any(not len(world.case.view) for world in releases[0].worlds):
        search.tried.append(Tried(text=name, kept=True, point=None, empty=True))
    else:
        for release in releases:
            section, _ = conclude(search.spec, subject, release)
            kept = kept and judge_section(section, [limit]).ruling == "within"
            if not release.aside:
                point = point_of(search.spec, subject, release, plain[0])
            release.forget_worlds()
        search.tried.append(Tried(text=name, kept=kept, point=point))
    releases[0].forget_worlds()
    return search.tried[-1]
