"""The application: pages, API, errors in sentences, and guards around everything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from confide.core.errors import BudgetError, ConfideError, LedgerError
from confide.core.version import VERSION
from confide.serve.explorer import api, owning, pages
from confide.serve.explorer.entering import Entry, EntryError
from confide.serve.explorer.explorer import Explorer
from confide.serve.explorer.guards import Guards


def application(explorer: Explorer, *, hosts: Collection[str] = (), secure: bool = False) -> Guards:
    """The application of an explorer.

    Args:
        explorer: that it shows.
        hosts: names under which it may be called; empty for any address without a name.
        secure: whether it is served over TLS.
    """
    entry = Entry(explorer, secure)
    shown = pages.Pages(explorer, entry)
    app = FastAPI(
        title=explorer.schema.title,
        version=VERSION,
        description="Answers with noise, under a budget that cannot be overspent.",
        openapi_url="/api/openapi.json",
        # Their pages load scripts from other hosts.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # It would send texts of errors, which can quote rows, to wherever the environment says.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    routers = (api.router(explorer, entry), pages.router(shown), owning.router(shown))
    for router in routers:
        app.include_router(router)
    _sentences(app, shown, [route for router in routers for route in router.routes])
    return Guards(app, hosts, secure)


def status_of(error: ConfideError) -> int:
    """The status of HTTP for an error that is meant for people."""
    if isinstance(error, EntryError):
        return error.status
    if isinstance(error, BudgetError):
        return HTTPStatus.CONFLICT
    return (
        HTTPStatus.SERVICE_UNAVAILABLE if isinstance(error, LedgerError) else HTTPStatus.UNPROCESSABLE_ENTITY
    )


def _sentences(app: FastAPI, shown: pages.Pages, routes: Sequence[BaseRoute]) -> None:
    def said(request: Request, words: str, status: int, headers: dict[str, str]) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"detail": words}, status, headers)
        heading = (
            "The ledger cannot be used now"
            if status == HTTPStatus.SERVICE_UNAVAILABLE
            else "This did not work"
        )
        page = shown.show("error.html", status=status, error=words, heading=heading)
        page.headers.update(headers)
        return page

    @app.exception_handler(ConfideError)
    def of_people(request: Request, error: ConfideError) -> Response:
        headers: dict[str, str] = {}
        if isinstance(error, EntryError) and error.wait:
            headers["retry-after"] = str(error.wait)
        if isinstance(error, EntryError) and error.status == HTTPStatus.UNAUTHORIZED:
            headers["www-authenticate"] = "Bearer"
        return said(request, str(error), status_of(error), headers)

    @app.exception_handler(pages.LoginNeededError)
    def of_nobody(request: Request, error: pages.LoginNeededError) -> Response:
        # htmx would put the page of the login where the price is.
        if pages.HTMX in request.headers:
            return Response(status_code=204, headers={"hx-redirect": "/"})
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)

    @app.exception_handler(RequestValidationError)
    def of_json(request: Request, error: RequestValidationError) -> Response:
        # What was sent is not repeated: it could hold a token.
        return said(request, _where(error.errors()), HTTPStatus.UNPROCESSABLE_ENTITY, {})

    @app.exception_handler(HTTPException)
    def of_http(request: Request, error: HTTPException) -> Response:
        words = f"{HTTPStatus(error.status_code).phrase}: look at the address."
        headers = {name.lower(): value for name, value in (error.headers or {}).items()}
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["allow"] = ", ".join(sorted(_methods(routes, request)))
        return said(request, words, error.status_code, headers)


def _methods(routes: Sequence[BaseRoute], request: Request) -> set[str]:
    """All methods of a path: several routes can have it, and each knows its own."""
    found: set[str] = set()
    for route in routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return found


def _where(errors: Any) -> str:
    listed = [f"{'.'.join(str(part) for part in e['loc'][1:]) or 'body'}: {e['msg']}" for e in errors[:5]]
    return f"The question cannot be read: {'; '.join(listed)}."[:800]
