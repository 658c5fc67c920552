"""Who a request comes from: a cookie for pages, a bearer token for the API; and whether it may come now."""

from __future__ import annotations

import math
from dataclasses import dataclass

from starlette.requests import Request

from confide.core.errors import ConfideError
from confide.serve.explorer.explorer import Explorer
from confide.serve.explorer.tokens import Visitor
from confide.serve.explorer.visits import Visit, same_form

COOKIE = "confide"
SECURE_COOKIE = "__Host-confide"
"""A name that browsers take over TLS only, for this host and all of its paths."""


class EntryError(ConfideError):
    """A request that may not come in.

    Args:
        words: for the person.
        status: of HTTP.
        wait: seconds after which to try again; 0 if that would not help.
    """

    def __init__(self, words: str, status: int, wait: float = 0) -> None:
        super().__init__(words)
        self.status = status
        self.wait = math.ceil(wait)


@dataclass(frozen=True, slots=True)
class Entry:
    """The door of the pages and of the API.

    Args:
        explorer: whose visitors come in.
        secure: whether it speaks TLS.
    """

    explorer: Explorer
    secure: bool

    @property
    def cookie(self) -> str:
        """The name of the cookie."""
        return SECURE_COOKIE if self.secure else COOKIE

    def visit(self, request: Request) -> Visit | None:
        """The visit of a browser; None if nobody is logged in.

        Raises:
            EntryError: if they come too often.
        """
        visit = self.explorer.visits.of(request.cookies.get(self.cookie, ""))
        if visit is not None:
            self._admit(request, visit.visitor)
        return visit

    def form_of(self, visit: Visit, given: str) -> None:
        """Check that a form is one of ours, and not another site's.

        Raises:
            EntryError: if it is not.
        """
        if not same_form(visit, given):
            raise EntryError("This form is not of this visit: load the page again.", 403)

    def login(self, request: Request, token: str) -> str:
        """Log in with a token; the name in the new cookie.

        Raises:
            EntryError: for a wrong token, or one too many.
        """
        visitor = self.explorer.tokens.visitor(token.strip())
        if visitor is None:
            self._wrong(request)
            raise EntryError(
                "This token opens nothing: look at it again, or ask the owner for a new one.", 401
            )
        self._admit(request, visitor)
        return self.explorer.visits.begin(visitor)

    def bearer(self, request: Request) -> Visitor:
        """The person whose token a request to the API carries.

        Raises:
            EntryError: if it carries none that is known, or they come too often.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        visitor = self.explorer.tokens.visitor(token.strip()) if scheme.lower() == "bearer" else None
        if visitor is None:
            self._wrong(request)
            raise EntryError("Send a token that is known: Authorization: Bearer TOKEN.", 401)
        self._admit(request, visitor)
        return visitor

    def _admit(self, request: Request, visitor: Visitor) -> None:
        request.state.visitor_name = visitor.name
        wait = self.explorer.limit.wait(f"{visitor.role}:{visitor.name}")
        if wait:
            raise EntryError("You ask faster than is allowed: wait a moment.", 429, wait)

    def _wrong(self, request: Request) -> None:
        address = request.client.host if request.client else "?"
        wait = self.explorer.logins.wait(address)
        if wait:
            raise EntryError("Too many wrong tokens came from this address: wait a moment.", 429, wait)
