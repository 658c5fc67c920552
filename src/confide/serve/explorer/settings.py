"""Settings of `confide serve`; its fields are the flags of the command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from os import PathLike
from pathlib import Path
from typing import Annotated, Literal

from confide.account.terms import shares_of
from confide.core.budget import Budget, Unit
from confide.core.errors import DataError
from confide.core.fields import check_fields, shown
from confide.core.flags import GET, HOLD, Flag, Held
from confide.core.foreign import in_one_line
from confide.core.postgresql import is_address
from confide.core.spark import is_spark_address
from confide.releases.session.settings import budget_of, unit_of

LOOPBACK = ("localhost", "127.0.0.1", "::1")
EVERYWHERE = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Open a page on which analysts explore data about people, and never learn an individual.

    Analysts choose columns, see what a question costs, how precise it is and what an adversary could gain at
    most, and get charts with error bars. Each has a token and a part of the budget. The owner sees the
    history and can revoke. Tokens are shown once, when they are made.

    Args:
        data: Everybody's rows: a .parquet file, or a database of PostgreSQL, postgresql://HOST/DATABASE.
        unit: Whom the answers hide: the person's column and the most rows that count of one person, such as
            user_id:20; or record, where each row is another person.
        budget: For all questions together: EPSILON,DELTA. Leave it out to go on with a ledger.
        schema: What is public about the columns, a .toml file: bounds, categories and descriptions.
        ledger: Where it stands what all questions cost: sqlite:///FILE or postgresql://HOST/DATABASE; by
            default in a file beside the data, with the ending .ledger. A database needs one.
        tokens: The file of hashes of tokens; by default beside the data, with the ending .tokens. A database
            needs one.
        table: Of a database: the table to ask about, NAME or SCHEMA.NAME.
        analysts: Who may ask, and which share of the budget is theirs, NAME:SHARE such as ada:0.25.
            Repeatable; the schema can name them too.
        order: Keep a person's first rows by these columns, separated by commas, -COLUMN for the last ones; by
            default rows are drawn.
        keep: Hold the rows in memory, or in a file that only you can read.
        host: The address of this machine on which it listens. Other machines reach none of the loopback.
        port: On which it listens; 0 for any that is free.
        names: A further name by which browsers call it, as explorer.example.org. Repeatable.
        certificate: For TLS: the certificate in PEM.
        key: For TLS: the key of the certificate, without a password.
        behind_proxy: Another server in front of it speaks TLS with browsers.

    Raises:
        DataError: for settings that cannot be.
    """

    data: Held
    _: KW_ONLY
    unit: Annotated[Unit, Flag(group=HOLD, metavar="COLUMN:ROWS", parse=unit_of)]
    budget: Annotated[Budget | None, Flag(group=HOLD, metavar="EPSILON,DELTA", parse=budget_of)] = None
    schema: Annotated[Path, Flag(group=HOLD, metavar="FILE")]
    ledger: Annotated[str | None, Flag(group=HOLD, metavar="ADDRESS")] = None
    tokens: Annotated[Path | None, Flag(group=HOLD, metavar="FILE")] = None
    table: Annotated[str | None, Flag(group=HOLD, metavar="NAME")] = None
    analysts: Annotated[Sequence[str], Flag(group=GET, name="--analyst", metavar="NAME:SHARE")] = ()
    order: Annotated[str | None, Flag(group=HOLD, metavar="COLUMNS")] = None
    keep: Annotated[Literal["memory", "file"], Flag(group=HOLD)] = "memory"
    host: Annotated[str, Flag(group=GET, metavar="ADDRESS")] = "127.0.0.1"
    port: Annotated[int, Flag(group=GET, least=0, most=65_535)] = 8_000
    names: Annotated[Sequence[str], Flag(group=GET, name="--name", metavar="NAME")] = ()
    certificate: Annotated[Path | None, Flag(group=GET, name="--cert", metavar="FILE")] = None
    key: Annotated[Path | None, Flag(group=GET, metavar="FILE")] = None
    behind_proxy: Annotated[bool, Flag(group=GET)] = False

    def __post_init__(self) -> None:
        check_fields(self)
        if not isinstance(self.data, str | PathLike):
            raise DataError(
                f"data is {shown(self.data)}: give a .parquet file, or the address of a database."
            )
        away = is_address(self.data)
        if is_spark_address(self.data):
            raise DataError(
                "the explorer asks no Spark: give a .parquet file, or postgresql://HOST/DATABASE."
            )
        files = ("schema", "tokens", "certificate", "key")
        for name in files if away else ("data", *files):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, Path(getattr(self, name)))
        # Files that depended on the folder in which it is started would begin with a whole budget again.
        if away and (self.ledger is None or self.tokens is None):
            raise DataError(
                "no file stands beside a database: give --tokens FILE, and --ledger sqlite:///FILE or "
                "postgresql://HOST/DATABASE."
            )
        if self.behind_proxy and self.certificate is not None:
            raise DataError("--behind-proxy says that another server speaks TLS: leave out --cert and --key.")
        _ = self.shares

    @property
    def shares(self) -> dict[str, str]:
        """The shares of the analysts that are named here."""
        found: dict[str, str] = {}
        for text in (self.analysts,) if isinstance(self.analysts, str) else self.analysts:
            name, sign, share = text.rpartition(":")
            if not sign or not name:
                raise DataError(f"--analyst {in_one_line(text):.60}: write NAME:SHARE, such as ada:0.25.")
            if name in found:
                raise DataError(f"--analyst names {name!r:.60} twice: give one share.")
            found[name] = share
        if found:
            shares_of(found)
        return found

    @property
    def columns_in_order(self) -> tuple[str, ...]:
        """The columns by which a person's rows are kept."""
        return tuple(self.order.split(",")) if self.order else ()

    @property
    def ledger_address(self) -> str:
        """Where the ledger is."""
        return self.ledger or f"sqlite:///{Path(self.data).absolute().with_suffix('.ledger')}"

    @property
    def tokens_file(self) -> Path:
        """Where the hashes of tokens are."""
        return self.tokens or Path(self.data).absolute().with_suffix(".tokens")

    @property
    def secure(self) -> bool:
        """Whether browsers speak TLS."""
        return self.certificate is not None or self.behind_proxy

    @property
    def hosts(self) -> frozenset[str]:
        """Names under which it may be called; none for any address without a name."""
        if self.host in EVERYWHERE and not self.names:
            return frozenset()
        mine = LOOPBACK if self.host in LOOPBACK else (self.host,)
        every = (self.names,) if isinstance(self.names, str) else self.names
        return frozenset(name.lower() for name in (*mine, *every))
