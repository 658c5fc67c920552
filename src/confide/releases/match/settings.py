"""What a user fills in to take part in a private match; the fields are the options of `confide match`."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Literal

from confide.core.fields import check_fields
from confide.core.flags import GET, HOLD, HOW, Flag, Held
from confide.core.paths import as_paths


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """Find the people whom two lists share, and nobody sees the rest of the other's list.

    The plan says who learns what, of how many people at most, and how often; both hold the same file. Each
    party starts this command on its own machine. It compares the plans before anything about a list leaves,
    counts the run, and ends with a result for all who may learn, or with none.

    Args:
        plan: The plan, a .toml file; paths in it go out from its folder.
        party: The party that you are, as the plan names it.
        data: Your list, .parquet or .csv, one row a person. A helper of statistics has none.
        id: The column by which people are matched.
        keys: The folder of your key, or the whole folder that was made. Runs are counted in it.
        reveal: What you expect the plan to reveal: the size alone, the ids, or statistics of the columns of
            both over the people whom both have. Another plan is refused.
        out: What you learn: a .json file with the size; a .csv or .parquet file with your rows of the people
            whom both have, sorted by the id; a .json or .parquet file with the statistics. Leave it out if
            you learn nothing.
        force: Put the new result in the place of one that is there.
        record: A new folder for the transcript of what you sent, received and learned. It is as secret as
            your list.
        listen: The address of this machine at which it listens; that of the plan by default.

    Raises:
        DataError: for settings that cannot be.
    """

    plan: Held
    _: KW_ONLY
    party: Annotated[str, Flag(group=HOLD, metavar="NAME")]
    data: Annotated[Path | None, Flag(group=HOLD, metavar="FILE")] = None
    id: Annotated[str | None, Flag(group=HOLD, metavar="COLUMN")] = None
    keys: Annotated[Path, Flag(group=HOLD, metavar="FOLDER")]
    reveal: Annotated[Literal["size", "ids", "statistics"] | None, Flag(group=GET)] = None
    out: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    force: Annotated[bool, Flag(group=GET)] = False
    record: Annotated[Path | None, Flag(group=GET, metavar="FOLDER")] = None
    listen: Annotated[str | None, Flag(group=HOW, metavar="HOST")] = None

    def __post_init__(self) -> None:
        as_paths(self, "plan", "data", "keys", "out", "record")
        check_fields(self)
