"""The pages: log in, ask, see answers; and the owner's page. They work without script too."""

# No deferred annotations here: FastAPI reads those of routes, which name what is local.

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from confide.core.errors import ConfideError
from confide.serve.explorer.api import found
from confide.serve.explorer.charts import NARROW, WIDE
from confide.serve.explorer.entering import Entry, EntryError
from confide.serve.explorer.explorer import Explorer, Offer
from confide.serve.explorer.filling import Choices, Filled
from confide.serve.explorer.forms import fields_of, question_of
from confide.serve.explorer.results import Result
from confide.serve.explorer.visits import Visit

STATIC = Path(__file__).parent / "static"
MOST_ROWS = 500
"""Rows of numbers on a page; the csv has all."""
HTMX = "hx-request"
"""The header by which htmx says that it wants a part of the page alone."""

Form = dict[str, list[str]]


class LoginNeededError(Exception):
    """Nobody is logged in."""


async def form(request: Request) -> Form:
    """The fields of a form that was sent."""
    return fields_of(await request.body())


class Pages:
    """Pages of an explorer.

    Args:
        explorer: whose pages they are.
        entry: their door.
    """

    def __init__(self, explorer: Explorer, entry: Entry) -> None:
        self.explorer = explorer
        self.entry = entry
        self.choices = Choices.of(explorer)
        self.templates = Environment(
            loader=PackageLoader("confide.serve.explorer", "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def show(self, name: str, *, status: int = 200, visit: Visit | None = None, **said: Any) -> HTMLResponse:
        """A page."""
        title = said.pop("title", self.explorer.schema.title)
        made = self.templates.get_template(name).render(
            explorer=self.explorer, visit=visit, title=title, error=said.pop("error", ""), **said
        )
        return HTMLResponse(made, status)

    def analyst(self, request: Request) -> Visit:
        """The visit of an analyst.

        Raises:
            LoginNeededError: if nobody is logged in.
            EntryError: if it is the owner.
        """
        visit = self._visit(request)
        if visit.visitor.role != "analyst":
            raise EntryError("The owner asks nothing here: log in with the token of an analyst.", 403)
        return visit

    def owner(self, request: Request) -> Visit:
        """The visit of the owner.

        Raises:
            LoginNeededError: if nobody is logged in.
            EntryError: if it is somebody else.
        """
        visit = self._visit(request)
        if visit.visitor.role != "owner":
            raise EntryError("Only the owner may see this page.", 403)
        return visit

    def _visit(self, request: Request) -> Visit:
        visit = self.entry.visit(request)
        if visit is None:
            raise LoginNeededError
        return visit

    def offered(self, sent: Mapping[str, list[str]], analyst: str) -> Offer:
        """The price of what a form asks."""
        question = question_of(sent, self.explorer.schema, self.explorer.precisions)
        return self.explorer.price(question, analyst)

    def asking(
        self,
        visit: Visit,
        *,
        sent: Mapping[str, list[str]] | None = None,
        result: Result | None = None,
        error: str = "",
        status: int = 200,
    ) -> HTMLResponse:
        """The page of questions, filled in again, with the price of what is filled in."""
        name, explorer = visit.visitor.name, self.explorer
        filled = Filled.again(explorer, result.question) if result else Filled.of(explorer, sent or {})
        offer: Offer | None = None
        if not error:
            fields = {**filled.fields, "measure": [filled.measure], "precision": [str(filled.precision)]}
            try:
                offer = self.offered(fields, name)
            except ConfideError as wrong:
                error = str(wrong)
        wide, narrow = (result.chart(w) if result else None for w in (WIDE, NARROW))
        return self.show(
            "ask.html", status=status, visit=visit, choices=self.choices, filled=filled, offer=offer,
            error=error, result=result, most_rows=MOST_ROWS, left=explorer.left(name),
            can_buy=explorer.can_buy(name), earlier=explorer.results(name),
            # Drawn by us, with every text in it escaped.
            chart_wide=Markup(wide) if wide else None, chart_narrow=Markup(narrow) if narrow else None,
            title=result.title if result else explorer.schema.title,
        )  # fmt: skip


def router(pages: Pages) -> APIRouter:
    """The routes of the pages for everybody and for analysts."""
    made = APIRouter(include_in_schema=False)
    _for_everybody(made, pages)
    _for_analysts(made, pages)
    return made


def _for_everybody(made: APIRouter, pages: Pages) -> None:
    entry = pages.entry

    @made.get("/")
    def home(request: Request) -> Response:
        visit = entry.visit(request)
        if visit is None:
            return pages.show("login.html")
        if visit.visitor.role == "owner":
            return RedirectResponse("/owner", 303)
        return pages.asking(visit)

    @made.post("/login")
    def login(request: Request, sent: Annotated[Form, Depends(form)]) -> Response:
        try:
            name = entry.login(request, _one(sent, "token"))
        except EntryError as error:
            return pages.show("login.html", status=error.status, error=str(error))
        answer = RedirectResponse("/", 303)
        answer.set_cookie(entry.cookie, name, httponly=True, samesite="strict", secure=entry.secure, path="/")
        return answer

    @made.post("/logout")
    def logout(request: Request, sent: Annotated[Form, Depends(form)]) -> Response:
        visit = entry.visit(request)
        if visit is not None:
            entry.form_of(visit, _one(sent, "form"))
            pages.explorer.visits.end(request.cookies.get(entry.cookie, ""))
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(entry.cookie, path="/", secure=entry.secure, httponly=True, samesite="strict")
        return answer

    @made.get("/static/{name}")
    def static(name: str) -> Response:
        kinds = {"style.css": "text/css", "htmx.min.js": "text/javascript", "icon.svg": "image/svg+xml"}
        if name not in kinds:
            raise EntryError("There is no such file.", 404)
        return Response(
            (STATIC / name).read_bytes(), media_type=kinds[name], headers={"cache-control": "max-age=3600"}
        )


def _for_analysts(made: APIRouter, pages: Pages) -> None:
    entry, explorer = pages.entry, pages.explorer

    @made.post("/price")
    def price(
        request: Request,
        visit: Annotated[Visit, Depends(pages.analyst)],
        sent: Annotated[Form, Depends(form)],
    ) -> Response:
        entry.form_of(visit, _one(sent, "form"))
        if HTMX not in request.headers:
            return pages.asking(visit, sent=sent)
        offer, error = None, ""
        try:
            offer = pages.offered(sent, visit.visitor.name)
        except ConfideError as wrong:
            error = str(wrong)
        return pages.show(
            "price.html", visit=visit, offer=offer, error=error, can_buy=explorer.can_buy(visit.visitor.name)
        )

    @made.post("/ask")
    def ask(
        visit: Annotated[Visit, Depends(pages.analyst)], sent: Annotated[Form, Depends(form)]
    ) -> Response:
        entry.form_of(visit, _one(sent, "form"))
        try:
            question = question_of(sent, explorer.schema, explorer.precisions)
            result = explorer.ask(question, visit.visitor.name)
        except EntryError:
            raise
        except ConfideError as error:
            return pages.asking(visit, sent=sent, error=str(error), status=409)
        return RedirectResponse(f"/answers/{result.name}#answer", 303)

    @made.get("/answers/{answer}")
    def answer(answer: str, visit: Annotated[Visit, Depends(pages.analyst)]) -> Response:
        return pages.asking(visit, result=found(explorer, answer, visit.visitor.name))

    @made.get("/answers/{answer}/csv")
    def as_csv(answer: str, visit: Annotated[Visit, Depends(pages.analyst)]) -> Response:
        result = found(explorer, answer, visit.visitor.name)
        return download(result.csv(), "text/csv", f"answer-{result.name}.csv")

    @made.get("/answers/{answer}/svg")
    def as_svg(answer: str, visit: Annotated[Visit, Depends(pages.analyst)]) -> Response:
        result = found(explorer, answer, visit.visitor.name)
        return download(result.chart(WIDE) or "", "image/svg+xml", f"answer-{result.name}.svg")


def download(content: str, kind: str, name: str) -> Response:
    """A file that a browser saves."""
    return Response(
        content, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'}
    )


def _one(sent: Mapping[str, list[str]], name: str) -> str:
    return (sent.get(name) or [""])[0]
