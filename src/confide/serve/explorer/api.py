"""The JSON API: prices, questions, answers, and the owner's ledger; OpenAPI describes it."""

# No deferred annotations here: FastAPI reads those of routes, which name what is local.

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field

from confide.account.costs import DELTA_UNITS, MILLIONTH, RHO_UNITS, decimal
from confide.serve.explorer.entering import Entry, EntryError
from confide.serve.explorer.explorer import Explorer
from confide.serve.explorer.groups import groups_of
from confide.serve.explorer.messages import AnswerJson, Name, PriceJson, QuestionJson, Strict
from confide.serve.explorer.results import Result
from confide.serve.explorer.schema import Categories
from confide.serve.explorer.tokens import Visitor

AnswerName = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="The name of an answer.")]


class ErrorJson(BaseModel):
    """Why something was not done."""

    detail: str


class ColumnJson(BaseModel):
    """A column that can be asked about."""

    name: str
    label: str
    description: str
    kind: str
    groups: list[str] = Field(description="Labels of its groups; none if it makes none.")
    low: str | None
    high: str | None


class SchemaJson(BaseModel):
    """What is public about the data."""

    title: str
    description: str
    columns: list[ColumnJson]
    maps: list[str]


class BudgetJson(BaseModel):
    """What is left to you."""

    left: float = Field(description="Share of your part.")
    can_buy: str | None = Field(description="The largest precision of the page that one question may have.")


class AnalystJson(BaseModel):
    """The part of an analyst."""

    name: str
    share: str
    revoked: bool
    spent: str


class EntryJson(BaseModel):
    """An entry of the ledger."""

    number: int
    at: str
    kind: str
    analyst: str
    asked: str
    epsilon: str | None
    rho: str
    delta: str


class AdmitJson(Strict):
    """An analyst to be admitted."""

    name: Name
    share: Annotated[float, Field(gt=0, le=1, strict=True)]


class TokenJson(BaseModel):
    """A token, shown once."""

    name: str
    token: str


ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorJson, "description": "The request cannot be read."},
    401: {"model": ErrorJson, "description": "The token is not known."},
    403: {"model": ErrorJson, "description": "The token is for others."},
    404: {"model": ErrorJson, "description": "There is no such thing."},
    409: {"model": ErrorJson, "description": "The budget that is left does not pay for it."},
    413: {"model": ErrorJson, "description": "The request is too large."},
    422: {"model": ErrorJson, "description": "It cannot be asked."},
    429: {"model": ErrorJson, "description": "Too many requests at once."},
    503: {"model": ErrorJson, "description": "The ledger cannot be used now."},
}
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


def router(explorer: Explorer, entry: Entry) -> APIRouter:
    """The routes of the API."""

    def visitor(request: Request) -> Visitor:
        return entry.bearer(request)

    def analyst(who: Annotated[Visitor, Depends(visitor)]) -> str:
        if who.role != "analyst":
            raise EntryError("The owner asks nothing: use the token of an analyst.", 403)
        return who.name

    def owner(who: Annotated[Visitor, Depends(visitor)]) -> None:
        if who.role != "owner":
            raise EntryError("Only the owner may do this.", 403)

    api = APIRouter(
        prefix="/api",
        responses=ERRORS,
        # It only says in OpenAPI that a token is needed; `visitor` looks at it.
        dependencies=[Depends(HTTPBearer(auto_error=False))],
    )
    _for_analysts(api, explorer, analyst, visitor)
    _for_owner(api, explorer, owner)
    return api


def _for_analysts(api: APIRouter, explorer: Explorer, analyst: Any, visitor: Any) -> None:
    @api.get("/schema", dependencies=[Depends(visitor)])
    def schema() -> SchemaJson:
        """What is public: the columns, their groups and bounds."""
        return _schema(explorer)

    @api.get("/budget")
    def budget(name: Annotated[str, Depends(analyst)]) -> BudgetJson:
        """What is left to you."""
        most = explorer.can_buy(name)
        return BudgetJson(left=explorer.left(name), can_buy=None if most is None else str(most))

    @api.post("/price")
    def price(question: QuestionJson, name: Annotated[str, Depends(analyst)]) -> PriceJson:
        """What a question would cost, and its error; nothing is charged."""
        return PriceJson.of(explorer.price(question.question(explorer.schema), name))

    @api.post("/ask")
    def ask(question: QuestionJson, name: Annotated[str, Depends(analyst)]) -> AnswerJson:
        """Charge a question to you, and answer it; the same question again costs nothing."""
        return AnswerJson.of(explorer.ask(question.question(explorer.schema), name))

    @api.get("/answers")
    def answers(name: Annotated[str, Depends(analyst)]) -> list[str]:
        """The names of your answers, the newest first; of those before a restart, what you paid for."""
        return [result.name for result in explorer.results(name)]

    @api.get("/answers/{answer}")
    def again(answer: AnswerName, name: Annotated[str, Depends(analyst)]) -> AnswerJson:
        """An answer that you were given."""
        return AnswerJson.of(found(explorer, answer, name))

    @api.get("/answers/{answer}/csv", response_model=None, responses=CSV)
    def as_csv(answer: AnswerName, name: Annotated[str, Depends(analyst)]) -> PlainTextResponse:
        """An answer with its intervals as csv."""
        return PlainTextResponse(found(explorer, answer, name).csv(), media_type="text/csv")


def _for_owner(api: APIRouter, explorer: Explorer, owner: Any) -> None:
    @api.get("/history", dependencies=[Depends(owner)])
    def history() -> list[EntryJson]:
        """Everything that was asked, by whom and for what, without answers."""
        return [
            EntryJson(
                number=e.number,
                at=e.at,
                kind=e.kind,
                analyst=e.analyst,
                asked=e.asked,
                epsilon=None if e.epsilon is None else decimal(e.epsilon, MILLIONTH),
                rho=decimal(e.rho, RHO_UNITS),
                delta=decimal(e.delta, DELTA_UNITS),
            )
            for e in explorer.history()
        ]

    @api.get("/analysts", dependencies=[Depends(owner)])
    def analysts() -> list[AnalystJson]:
        """The parts of all analysts."""
        return [
            AnalystJson(name=n, share=str(s.share), revoked=s.revoked, spent=str(s.spent))
            for n, s in explorer.parts().items()
        ]

    @api.post("/analysts", status_code=201, dependencies=[Depends(owner)])
    def admit(given: AdmitJson) -> TokenJson:
        """Admit an analyst; their token is in the answer, and nowhere else."""
        return TokenJson(name=given.name, token=explorer.admit(given.name, given.share))

    @api.delete("/analysts/{name}", status_code=204, dependencies=[Depends(owner)])
    def revoke(name: Annotated[str, Path(min_length=1, max_length=100)]) -> None:
        """Let an analyst ask no more."""
        if name not in explorer.parts():
            raise EntryError(f"There is no analyst {name!r:.60}.", 404)
        explorer.revoke(name)


def found(explorer: Explorer, answer: str, analyst: str) -> Result:
    """An answer that an analyst was given.

    Raises:
        EntryError: if there is none of this name.
    """
    result = explorer.result(answer, analyst)
    if result is None:
        raise EntryError(
            "There is no such answer of yours here any more: ask again, which costs nothing if it was "
            "answered.",
            404,
        )
    return result


def _schema(explorer: Explorer) -> SchemaJson:
    grouping = explorer.schema.grouping
    columns = [
        ColumnJson(
            name=name,
            label=column.label,
            description=column.description,
            kind=type(column).__name__.lower(),
            groups=list(groups_of(column).labels) if name in grouping else [],
            low=None if isinstance(column, Categories) else str(column.low),
            high=None if isinstance(column, Categories) else str(column.high),
        )
        for name, column in explorer.schema.columns.items()
    ]
    return SchemaJson(
        title=explorer.schema.title,
        description=explorer.schema.description,
        columns=columns,
        maps=list(explorer.schema.maps),
    )
