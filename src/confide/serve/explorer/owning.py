"""The owner's page: parts, history, admitting, renewing and revoking."""

# No deferred annotations here: FastAPI reads those of routes, which name what is local.

import csv
import io
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from confide.account.exporting import COLUMNS, cells_of
from confide.core.errors import BudgetError, ConfideError
from confide.serve.explorer.entering import EntryError
from confide.serve.explorer.pages import Form, Pages, download, form
from confide.serve.explorer.spending import share_left, share_spent
from confide.serve.explorer.visits import Visit

MOST_ENTRIES = 200
"""Entries of the history on the page; the csv has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of an analyst as it is shown."""

    name: str
    share: str
    left: float
    spent: str
    revoked: bool


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that is shown once."""

    name: str
    text: str


def router(pages: Pages) -> APIRouter:
    """The routes of the owner's page."""
    made = APIRouter(include_in_schema=False, prefix="/owner")
    explorer, entry = pages.explorer, pages.entry

    def shown(visit: Visit, *, token: NewToken | None = None, error: str = "", status: int = 200) -> Response:
        ledger = explorer.engine.ledger
        whole, spent = ledger.terms.filter, ledger.spent
        parts = [
            Part(
                name=name, share=f"{float(part.share):.4g}", left=share_left(whole, part, spent),
                spent=str(part.spent), revoked=part.revoked,
            )
            for name, part in explorer.parts().items()
        ]  # fmt: skip
        history = explorer.history()[: -MOST_ENTRIES - 1 : -1]
        return pages.show(
            "owner.html", status=status, visit=visit, parts=parts, token=token, error=error,
            whole=1 - share_spent(whole, spent),
            # An answer follows its charge, and says nothing more.
            history=[entry for entry in history if entry.kind != "answered"],
        )  # fmt: skip

    @made.get("")
    def owner(visit: Annotated[Visit, Depends(pages.owner)]) -> Response:
        return shown(visit)

    @made.get("/history.csv")
    def history(visit: Annotated[Visit, Depends(pages.owner)]) -> Response:
        file = io.StringIO()
        write = csv.writer(file, lineterminator="\n")
        write.writerow(COLUMNS)
        write.writerows(cells_of(entry) for entry in explorer.history())
        return download(file.getvalue(), "text/csv", "history.csv")

    @made.post("/admit")
    def admit(
        visit: Annotated[Visit, Depends(pages.owner)], sent: Annotated[Form, Depends(form)]
    ) -> Response:
        entry.form_of(visit, _one(sent, "form"))
        name = _one(sent, "name")
        try:
            token = explorer.admit(name, _one(sent, "share"))
        except ConfideError as error:
            return shown(visit, error=str(error), status=409)
        return shown(visit, token=NewToken(name, token))

    @made.post("/token")
    def token(
        visit: Annotated[Visit, Depends(pages.owner)], sent: Annotated[Form, Depends(form)]
    ) -> Response:
        entry.form_of(visit, _one(sent, "form"))
        name = _one(sent, "name")
        try:
            return shown(visit, token=NewToken(name, explorer.renew(name)))
        except BudgetError as error:
            return shown(visit, error=str(error), status=409)

    @made.post("/revoke")
    def revoke(
        visit: Annotated[Visit, Depends(pages.owner)], sent: Annotated[Form, Depends(form)]
    ) -> Response:
        entry.form_of(visit, _one(sent, "form"))
        name = _one(sent, "name")
        if name not in explorer.parts():
            raise EntryError(f"There is no analyst {name!r:.60}.", 404)
        explorer.revoke(name)
        return shown(visit)

    return made


def _one(sent: Form, name: str) -> str:
    return (sent.get(name) or [""])[0].strip()
