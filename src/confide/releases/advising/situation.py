"""What a user says of their case; the fields are the options of `confide advise`."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Literal, TypeAlias

from confide.core.errors import DataError
from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, HOW, KNOWS, Flag

Want: TypeAlias = Literal[
    "table", "statistics", "answers", "model", "synthetic", "scores", "sums", "matches", "report"
]
Records: TypeAlias = Literal["one", "rows", "columns"]
Learns: TypeAlias = Literal["anyone", "parties"]


@dataclass(frozen=True, slots=True)
class Situation:
    """Name the mechanism that fits: who holds the records, what is wanted of them, and who may learn it.

    It says why, what that costs, what it does not protect, and the command. No file is read.

    Args:
        want: What is to come out: the table itself, statistics that are known now, answers to questions that
            come later, a model, synthetic records, scores of records by a model, sums (also means,
            histograms, regressions) over several parties, matches (whom two lists share), or a report on
            something that is made already.
        records: Who holds the records: one party, or several, with rows of other people each or with other
            columns of the same people.
        model: For scores, who holds the model: the party with the records, or another.
        learns: Who may learn what comes out: anyone, or the parties alone.
        knows: What an adversary may know besides: anything, which takes a promise (differential privacy), or
            only what you name.
        parties: How many parties take part, the other one's model and helpers without records included.
        colluding: How many of them may share what they saw.
        seconds: The longest that an answer may take.
        rows: For scores, how many records are asked about.
        features: For scores, the columns of a record that the model reads.
        outputs: For scores, the numbers that the model says of a record.

    Raises:
        DataError: for what cannot be.
    """

    want: Annotated[Want, Flag(group=GET)]
    _: KW_ONLY
    records: Annotated[Records, Flag(group=HOLD)] = "one"
    model: Annotated[Literal["same", "another"], Flag(group=HOLD)] = "same"
    learns: Annotated[Learns, Flag(group=KNOWS)] = "anyone"
    knows: Annotated[Literal["anything", "named"], Flag(group=KNOWS)] = "anything"
    parties: Annotated[int | None, Flag(group=HOLD, least=1)] = None
    colluding: Annotated[int, Flag(group=KNOWS, least=0)] = 1
    seconds: Annotated[float | None, Flag(group=HOW, metavar="X")] = None
    rows: Annotated[int, Flag(group=HOLD, least=1)] = 4096
    features: Annotated[int | None, Flag(group=HOLD, least=1, most=100_000)] = None
    outputs: Annotated[int, Flag(group=HOLD, least=1, most=10_000)] = 1

    def __post_init__(self) -> None:
        check_fields(self)
        if self.seconds is not None and not self.seconds > 0:
            raise DataError(f"seconds is {self.seconds:g}: give how long an answer may take, above zero.")
        least = 1 if self.records == "one" and self.model == "same" else 2
        if self.parties is not None and self.parties < least:
            held = f"records {self.records}, model {self.model}"
            raise DataError(
                f"parties is {self.parties}, and {held} make {least} at least: give their number."
            )

    @property
    def promise(self) -> bool:
        """Whether only a promise will do."""
        return self.knows == "anything"

    @property
    def several(self) -> bool:
        """Whether more than one party holds records."""
        return self.records != "one"

    @property
    def all_parties(self) -> int:
        """How many take part; where it was not said, the fewest that it takes."""
        return self.parties or (3 if self.several else 2 if self.model == "another" else 1)
