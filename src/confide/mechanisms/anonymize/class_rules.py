"""What every class of an anonymised table must keep: k, l and t; made sure of, and verified afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from confide.core.arrays import Ints
from confide.core.claims import Claim
from confide.core.errors import PromiseError
from confide.measure.anonymity import Anonymity, anonymity, k_of_subsets, recursive
from confide.measure.class_secrets import SLACK, Diversity
from confide.views.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What every class must keep.

    Args:
        k: the fewest people. Where the table says whose its rows are, somebody with several is one person.
        l: the diversity of the secret, or None.
        t: the largest distance of the secret's distribution from that of all rows, or None.
        secret: the column that l and t are about; empty without them.
        ordered: whether its values have an order, for t; None: if they are numbers or dates.

    Raises:
        PromiseError: for values that cannot be kept, or l or t without a secret.
    """

    k: int = 10
    l: Diversity | None = None  # noqa: E741  (the name in the literature)
    t: float | None = None
    secret: str = ""
    ordered: bool | None = None

    def __post_init__(self) -> None:
        if self.k < 1:
            raise PromiseError(f"k is {self.k}, and a class has at least one person: give 1 or more.")
        if self.t is not None and not 0 < self.t <= 1:
            raise PromiseError(f"t is {self.t:g}: give a distance above 0 and up to 1.")
        if self.guarded and not self.secret:
            raise PromiseError("l and t are about a secret column: name it.")

    @property
    def guarded(self) -> bool:
        """Whether there is a rule about the secret."""
        return self.l is not None or self.t is not None

    @property
    def grows(self) -> bool:
        """Whether a class that passes still does after any other, one that fails too, is joined to it."""
        return self.t is None and (self.l is None or self.l.grows)

    def claims(self, table: Table, known: Sequence[str]) -> tuple[Claim, ...]:
        """Each rule, verified on a table, which may have been written and read again."""
        return verified(table, known, self)


def verified(
    table: Table,
    known: Sequence[str],
    rules: Rules,
    *,
    subsets: int | None = None,
    count: Ints | None = None,
) -> tuple[Claim, ...]:
    """Each rule as a claim about a table as it stands, and whether it holds.

    Args:
        table: as it is released.
        known: columns that the adversary may know.
        rules: what should hold.
        subsets: also k for the adversary who knows only this many of these columns.
        count: int64[n], how many rows each row stands for; None: for itself.
    """
    unit = "rows" if table.people is None else "people"
    by_rows = "" if table.people is None else ", counted by rows and not by people"
    seen = anonymity(table, known, secret=rules.secret or None, ordered=rules.ordered, count=count)
    found = [Claim(f"every class has at least {rules.k} {unit} (k-anonymity)", seen.k >= rules.k)]
    if subsets is not None:
        sizes = k_of_subsets(table, known, subsets, count=count).values()
        text = f"every class by any {subsets} of the known columns has at least {rules.k} {unit}"
        # 0 says that these columns are suppressed in all rows: they find nobody.
        found.append(Claim(text, all(size == 0 or size >= rules.k for size in sizes)))
    if rules.l is not None:
        diverse = _diverse(table, known, rules.secret, rules.l, seen, count)
        found.append(Claim(f"every class keeps {rules.l} of {rules.secret!r}{by_rows}", diverse))
    if rules.t is not None:
        text = f"every class is {rules.t:g}-close in {rules.secret!r}{by_rows}"
        found.append(Claim(text, seen.t is not None and seen.k > 0 and seen.t <= rules.t + SLACK))
    return tuple(found)


def _diverse(
    table: Table,
    known: Sequence[str],
    secret: str,
    wanted: Diversity,
    seen: Anonymity,
    count: Ints | None,
) -> bool:
    if seen.distinct is None or seen.entropy is None:
        return False
    if wanted.kind == "distinct":
        return seen.distinct >= wanted.l
    if wanted.kind == "entropy":
        return seen.entropy >= wanted.l * (1 - SLACK)
    return seen.k > 0 and recursive(table, known, secret=secret, l=int(wanted.l), count=count) < wanted.c


def words(rules: Rules) -> str:
    """The rules in words, such as "k = 10 and entropy 3-diversity"."""
    said = [f"k = {rules.k}"]
    said += [] if rules.l is None else [str(rules.l)]
    said += [] if rules.t is None else [f"t = {rules.t:g}"]
    return " and ".join(said)
