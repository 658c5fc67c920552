"""Flower's SuperLink with one gate more: from other machines only parties may speak to it.

Flower serves three interfaces at one port, and asks for a key at that of the parties alone. Anyone who
reaches the port could register a node or submit a run, and a run is code that every party executes. So all
but the parties' interface is answered to this machine only. `python -m confide.serve.flower.guarded` takes
the options of `flower-superlink`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

PARTIES = "/v1/fleet/"
"""Where the paths of the parties' interface begin; each request to it is signed by a registered key."""
_REFUSED = b"confide: from other machines this server takes messages of registered parties alone\n"

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class LocalOnly:
    """An ASGI middleware that refuses other machines everything but the parties' interface.

    Args:
        app: what is asked behind it.
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (
            scope["type"] == "http" and allowed(scope["path"], scope["client"])
        ):
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # Flower opens no web sockets
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "http.response.start", "status": 403, "headers": []})
        await send({"type": "http.response.body", "body": _REFUSED})


def allowed(path: str, client: tuple[str, int] | None) -> bool:
    """Whether a request is answered.

    >>> allowed("/v1/fleet/pull-messages", ("10.0.0.7", 50)), allowed("/v1/control/start-run", ("::1", 50))
    (True, True)
    >>> allowed("/v1/control/start-run", ("10.0.0.7", 50)), allowed("/v1/fleet/../control/start-run", None)
    (False, False)
    """
    if path.startswith(PARTIES) and ".." not in path:
        return True
    try:
        return client is not None and ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False


def main() -> None:
    """Start the SuperLink behind the gate; it is the outermost middleware, before Flower reads anything."""
    from flwr.superlink import extensions  # pyright: ignore[reportMissingImports]
    from flwr.superlink.cli import flower_superlink  # pyright: ignore[reportMissingImports]
    from starlette.middleware import Middleware  # pyright: ignore[reportMissingImports]

    extensions.get_middleware = lambda: (Middleware(LocalOnly),)
    flower_superlink()


if __name__ == "__main__":
    main()
