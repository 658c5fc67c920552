"""Starting the explorer: everything is checked before anything is made, and then it is served."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address
from typing import TYPE_CHECKING

from confide.core.errors import DataError
from confide.serve.listening import address_of, context_of, listening, log_lines

if TYPE_CHECKING:
    from confide.serve.explorer.explorer import Explorer
    from confide.serve.explorer.private_session import SessionEngine
    from confide.serve.explorer.schema import PublicSchema
    from confide.serve.explorer.settings import ServeSettings
    from confide.serve.explorer.tokens import Tokens

NEEDED = {"fastapi": "fastapi", "uvicorn": "uvicorn", "jinja2": "jinja2"}
"""Modules that the explorer needs -> how they are called."""
BUSIEST = 200
"""Connections at once; more are refused and tried again by browsers."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A token that was made just now.

    Args:
        name: whose it is.
        token: to be shown once.
    """

    name: str
    token: str


def serve(
    settings: ServeSettings, *, tell: Callable[[str], None], hand: Callable[[list[Fresh]], None]
) -> None:
    """Serve the explorer until it is stopped.

    Args:
        settings: what, to whom and where.
        tell: says a line to the owner.
        hand: gives the owner the tokens that were made just now.

    Raises:
        DataError: if the files, the schema, the address or the certificate cannot be used. Nothing was made.
        BudgetError: if the budget or the parts cannot be.
        LedgerError: if the ledger cannot be used.
    """
    from confide.serve.explorer.guards import LOG

    need_packages()
    import uvicorn

    from confide.serve.explorer.app import application
    from confide.serve.explorer.reading import read_schema
    from confide.serve.explorer.tokens import Tokens

    _refuse_plain(settings)
    tls = context_of(settings.certificate, settings.key)
    schema = read_schema(settings.schema)
    tokens = Tokens.load(settings.tokens_file)
    with listening(settings.host, settings.port) as door:
        explorer, engine = open_explorer(settings, schema, tokens)
        try:
            if engine.ledger.created:
                tell(f"A new ledger was made, with the whole budget: {settings.ledger_address}")
            if fresh := new_tokens(explorer):
                hand(fresh)
            app = application(explorer, hosts=settings.hosts, secure=settings.secure)
            config = uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                lifespan="off",
                ws="none",
                limit_concurrency=BUSIEST,
                timeout_keep_alive=15,
                h11_max_incomplete_event_size=16_384,
                http="h11",
                ssl_context_factory=(lambda _config, _default: tls) if tls is not None else None,
            )
            log_lines(LOG)
            tell(f"Open {address_of(door, secure=tls is not None)} in a browser. Ctrl-C stops it.")
            uvicorn.Server(config).run(sockets=[door])
        finally:
            engine.close()


def open_explorer(
    settings: ServeSettings, schema: PublicSchema, tokens: Tokens
) -> tuple[Explorer, SessionEngine]:
    """The explorer of a session that is opened now."""
    from confide.serve.explorer.explorer import Explorer
    from confide.serve.explorer.private_session import open_engine
    from confide.serve.explorer.questions import Asking

    engine = open_engine(
        settings.data,
        schema,
        table=settings.table,
        schema_file=settings.schema,
        unit=settings.unit,
        budget=settings.budget,
        ledger=settings.ledger_address,
        parts={**schema.analysts, **settings.shares},
        order=settings.columns_in_order,
        keep=settings.keep,
    )
    asking = Asking(schema, engine.table, settings.unit.column, engine.bins)
    explorer = Explorer(engine=engine, schema=schema, asking=asking, tokens=tokens, clock=time.monotonic)
    return explorer, engine


def need_packages() -> None:
    """Check that what the explorer needs is installed.

    Raises:
        DataError: naming the extra.
    """
    missing = [name for module, name in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise DataError(f"the explorer needs {', '.join(missing)}: pip install 'confide[serve,query]'.")


def new_tokens(explorer: Explorer) -> list[Fresh]:
    """Tokens for the owner and for analysts who have none; those of people without a part go."""
    from confide.serve.explorer.tokens import OWNER, Visitor

    tokens, parts = explorer.tokens, explorer.parts()
    wanted = [Visitor(OWNER, "owner"), *(Visitor(n, "analyst") for n, p in parts.items() if not p.revoked)]
    for visitor in tokens.visitors:
        if visitor not in wanted:
            tokens.revoke(visitor)
    return [
        Fresh(f"{v.name}{' (you)' if v.role == 'owner' else ''}", tokens.new(v))
        for v in wanted
        if v not in tokens.visitors
    ]


def _refuse_plain(settings: ServeSettings) -> None:
    """Refuse to send tokens over a network in the clear."""
    try:
        near = settings.host == "localhost" or ip_address(settings.host).is_loopback
    except ValueError:
        near = False
    if not near and not settings.secure:
        raise DataError(
            f"--host {settings.host} without TLS would send tokens over the network in the clear: give "
            "--cert and --key, or --behind-proxy if a server in front of it speaks TLS."
        )
