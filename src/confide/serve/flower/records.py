"""Requests, replies and what a party keeps, as records of Flower's messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from confide.core.transcript import Payload
from confide.mechanisms.share.refusals import RefusedError
from confide.serve.flower.messages import ACTIONS, Action, Reply, Request

if TYPE_CHECKING:
    from flwr.app import ArrayRecord, RecordDict  # pyright: ignore[reportMissingImports]

_ARRAYS, _TERMS, _FORM = "arrays", "terms", "form"
LONGEST_FAULT = 80
"""Characters of a reason that the server keeps: it is text of another party."""


def packed_request(request: Request) -> RecordDict:
    """A request as the content of a message; its action is the message's type."""
    from flwr.app import ConfigRecord  # pyright: ignore[reportMissingImports]

    found = packed(request.arrays)
    found[_TERMS] = ConfigRecord(
        {
            "digest": request.digest,
            "round": request.round,
            "turn": request.turn,
            "sum": request.sum,
            "members": list(request.members),
        }
    )
    return found


def request_in(content: RecordDict, *, action: str, run: str) -> Request:
    """The request in a message.

    Raises:
        RefusedError: if there is none.
    """
    if action not in ACTIONS:
        raise RefusedError(f"the server asks for {action!r:.40}, which is none of {', '.join(ACTIONS)}.")
    try:
        terms: Mapping[str, Any] = content[_TERMS]
        return Request(
            action=cast(Action, action),
            digest=str(terms["digest"]),
            run=run,
            round=int(terms["round"]),
            turn=int(terms["turn"]),
            sum=int(terms["sum"]),
            members=tuple(str(name) for name in terms["members"]),
            arrays=unpacked(content),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise RefusedError("the message of the server is no request of this version.") from error


def packed_reply(reply: Reply) -> RecordDict:
    """A reply as the content of a message."""
    from flwr.app import ConfigRecord  # pyright: ignore[reportMissingImports]

    found = packed(reply.arrays)
    found[_TERMS] = ConfigRecord({"fault": reply.fault})
    found[_FORM] = ConfigRecord({name: list(shape) for name, shape in reply.form.items()})
    return found


def reply_in(content: RecordDict) -> Reply:
    """The reply in a message.

    Raises:
        RefusedError: if there is none.
    """
    try:
        form = {str(name): tuple(int(n) for n in shape) for name, shape in content[_FORM].items()}
        return Reply(arrays=unpacked(content), form=form, fault=str(content[_TERMS]["fault"])[:LONGEST_FAULT])
    except (KeyError, ValueError, TypeError) as error:
        raise RefusedError("the message of a party is no reply of this version.") from error


def packed(arrays: Mapping[str, Any]) -> RecordDict:
    """Arrays by name as the content of a message."""
    from flwr.app import RecordDict  # pyright: ignore[reportMissingImports]

    return RecordDict({_ARRAYS: array_record(arrays)})


def unpacked(content: RecordDict) -> Payload:
    """The arrays in the content of a message."""
    return arrays_in(content[_ARRAYS])


def array_record(arrays: Mapping[str, Any]) -> ArrayRecord:
    """Arrays by name as Flower carries and keeps them."""
    from flwr.app import Array, ArrayRecord  # pyright: ignore[reportMissingImports]

    return ArrayRecord({name: Array(np.asarray(array)) for name, array in arrays.items()})


def arrays_in(record: ArrayRecord) -> Payload:
    """The arrays in a record; Flower reads none that holds objects."""
    return {str(name): array.numpy() for name, array in record.items()}
