"""Outsourced evaluation: rows encrypted with CKKS, scores computed on them by somebody who cannot read them.

Cheon, Kim, Kim and Song (2017), by SEAL in TenSEAL. *What the adversary learns.* An evaluator that computes
as told learns the number of batches and nothing else. **Scores are not protected**: who sees them decrypted
can play every attack on the model. Decrypted scores must not go back to the evaluator (Li and Micciancio
2021: their errors tell about the key), so nothing here sends them.

*Wrong answers.* A ciphertext of another key, or a damaged one, is decrypted to numbers without a word. In
columns a batch therefore holds one row twice, in secret random slots, and random numbers in all slots that
are left; in row layout the row stands in all slots, at least twice. A batch is discarded where two copies
disagree or a score leaves the announced range. This finds accidents, not an evaluator that computes another
function, or that answers one row with the scores of another of the same key.
"""

from __future__ import annotations

import math
import secrets
from functools import cached_property
from typing import Any

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.encrypt.arithmetic import Arithmetic, applied
from confide.mechanisms.encrypt.evaluating import column_scores, period, row_scores
from confide.mechanisms.encrypt.measuring import public_part
from confide.mechanisms.encrypt.messages import Message, read_message
from confide.mechanisms.encrypt.parameters import tenseal
from confide.mechanisms.encrypt.plan import Plan
from confide.mechanisms.encrypt.seal import Seal, rotation_keys, saved

DISCARDED = (
    "Ask who runs the server what happened before you ask about rows again: which answers are garbage tells "
    "a server about your key."
)
LENGTH = 8  # bytes before a kit with rotation keys: how long its first part is


class SecretContext:
    """The client's side: encrypts rows, and decrypts scores. It holds the secret key.

    Args:
        plan: agreed with the evaluator.
        secret: of `SecretContext.secret`; by default new keys are made.
        key: the id of these keys.

    Raises:
        DataError: if the secret cannot be read, or belongs to another plan.

    >>> from confide.mechanisms.encrypt.arithmetic import Affine
    >>> from confide.mechanisms.encrypt.plan import plan_columns
    >>> model = Arithmetic((Affine(np.array([[2.0, 1.0]]), np.array([0.5])),))
    >>> plan, forecast = plan_columns(model, rows=2, bound=4.0)
    >>> client = SecretContext(plan)
    >>> server = EvaluationKit(plan, client.kit(), key=client.key)
    >>> rows = client.encrypt(np.array([[1.0, 3.0], [0.0, 1.0]]))
    >>> client.decrypt(server.evaluate(model, rows)).round(3)
    array([[5.5], [1.5]])
    """

    def __init__(self, plan: Plan, *, secret: bytes | None = None, key: str | None = None) -> None:
        self.plan = plan
        self.key = key or secrets.token_hex(16)
        self._context = plan.parameters.context() if secret is None else _restored(plan, secret)
        self._sent: dict[str, tuple[list[int], int]] = {}  # slots and number of rows of unanswered batches

    def kit(self) -> bytes:
        """What the evaluator gets: parameters, and keys for squares and rotations where the plan has them."""
        plan, first = self.plan, public_part(self._context, squares=self.plan.squares)
        if not plan.rotations:
            return first
        return (
            len(first).to_bytes(LENGTH, "big")
            + first
            + rotation_keys(self._context, plan.parameters, plan.rotations)
        )

    def secret(self) -> bytes:
        """The secret key itself, for a file of its owner and for nobody else: it decrypts every row."""
        return self._context.serialize(
            save_public_key=True, save_secret_key=True, save_galois_keys=False, save_relin_keys=False
        )

    def encrypt(self, rows: Floats) -> bytes:
        """Encrypt one batch of rows float[n, inputs]; in row layout, of one row.

        Raises:
            DataError: if the rows have another width, are too many, or leave the plan's bound.
        """
        plan, rows = self.plan, np.asarray(rows, float)
        if rows.ndim != 2 or rows.shape[1] != plan.inputs or not 0 < len(rows) <= plan.rows_a_batch:
            raise DataError(
                f"a batch of shape {rows.shape}: at most {plan.rows_a_batch} rows of {plan.inputs} fit."
            )
        if not np.isfinite(rows).all() or np.abs(rows).max() > plan.bound:
            found = float(np.abs(rows).max())
            raise DataError(
                f"a value of {found:g} or a gap in the rows, and the plan's bound is {plan.bound:g}: clip or "
                "fill it, or plan with a larger bound."
            )
        slots, places, twin = _in_columns(rows, plan) if plan.layout == "columns" else _in_a_row(rows, plan)
        parts = tuple(self._seal.encrypted(column) for column in slots.T)
        batch = secrets.token_hex(16)
        self._sent[batch] = (places, twin)
        return Message(kind="rows", plan=plan.hash, key=self.key, batch=batch, parts=parts).to_bytes()

    def decrypt(self, raw: bytes) -> Floats:
        """Decrypt the scores of one batch, float[n, outputs], and apply the model's link.

        Raises:
            DataError: if they belong to no batch that waits for an answer, or the batch must be discarded.
        """
        plan = self.plan
        answer = read_message(raw, kind="scores", plan=plan.hash, key=self.key, parts=plan.score_parts)
        if answer.batch not in self._sent:
            raise DataError(f"an answer to batch {answer.batch[:8]}, which waits for none: it was replayed.")
        places, twin = self._sent.pop(answer.batch)
        slots = np.array([self._opened(part) for part in answer.parts])
        if plan.layout == "columns":
            scores, copies = slots.T[places[:-1]], slots.T[places[-1:]]
        else:
            copies = slots.reshape(-1, period(plan.outputs))[:, : plan.outputs]
            scores = copies[:1]
        apart = float(np.abs(scores[twin] - copies).max())
        if not apart <= 2 * plan.precision:
            raise DataError(
                f"a batch was discarded: one row was in it twice, and its scores differ by {apart:.2g} "
                f"(promised {plan.precision:g}); it is damaged or of another key. {DISCARDED}"
            )
        if not (np.abs(scores) <= plan.largest + plan.precision).all():
            raise DataError(
                f"a batch was discarded: a score of {np.abs(scores).max():.3g} is above the announced "
                f"{plan.largest:.3g}; the evaluator computed something else. {DISCARDED}"
            )
        return applied(plan.link, scores)

    @cached_property
    def _seal(self) -> Seal:
        return Seal(self._context, self.plan.parameters)

    def _opened(self, part: bytes) -> Floats:
        try:
            one = self._seal.read(part)
            if self._seal.level(one) == 0 and self._seal.scale(one) == self.plan.parameters.scale:
                return self._seal.decrypted(one)
        except (ValueError, RuntimeError) as error:
            raise DataError(f"a batch was discarded: a ciphertext cannot be read. {DISCARDED}") from error
        raise DataError(f"a batch was discarded: a ciphertext has another level or scale. {DISCARDED}")


class EvaluationKit:
    """The evaluator's side: what it needs to compute, and no key that decrypts.

    Args:
        plan: agreed with the client.
        raw: of `SecretContext.kit`.
        key: the id of the client's key.

    Raises:
        PromiseError: if the kit holds a secret key, or is not one of the plan's.
        DataError: if it cannot be read.
    """

    def __init__(self, plan: Plan, raw: bytes, *, key: str) -> None:
        cut = LENGTH + int.from_bytes(raw[:LENGTH], "big") if plan.rotations else len(raw)
        try:
            context = tenseal().context_from(raw[LENGTH:cut] if plan.rotations else raw, n_threads=1)
        except (ValueError, RuntimeError) as error:
            raise DataError("this kit cannot be read: ask the client for it again.") from error
        if context.has_secret_key():
            raise PromiseError(
                f"the kit of key {key[:8]} holds a secret key: nothing that it encrypted is hidden from you; "
                "delete it, and tell the client to make new keys and send `SecretContext.kit`."
            )
        if not plan.parameters.are_of(context) or (plan.squares and not context.has_relin_keys()):
            raise PromiseError("the kit has other parameters than the plan: make keys with this plan.")
        self.plan, self.key, self._context = plan, key, context
        try:
            self._seal = Seal(context, plan.parameters, rotations=raw[cut:] if plan.rotations else None)
        except (ValueError, RuntimeError) as error:
            raise DataError("the rotation keys of this kit cannot be read: ask for it again.") from error
        if not self._seal.turns(plan.rotations):
            raise PromiseError("the kit lacks rotation keys of the plan: make keys with this plan.")
        self._coded: dict[tuple[int, int], Any] = {}  # diagonals of the plan's one model
        self._seen: set[str] = set()

    def evaluate(self, model: Arithmetic, raw: bytes) -> bytes:
        """Compute the model's scores on a batch of encrypted rows.

        Raises:
            DataError: if the model or the message is another than planned, or the batch came before.
        """
        plan = self.plan
        if model.digest != plan.model:
            raise DataError("this is not the model of the plan (its digest differs): make a new plan.")
        asked = read_message(raw, kind="rows", plan=plan.hash, key=self.key, parts=plan.sent_parts)
        if asked.batch in self._seen:
            raise DataError(f"batch {asked.batch[:8]} came before: each batch is answered once.")
        try:
            ones = [self._seal.read(part) for part in asked.parts]
        except (ValueError, RuntimeError) as error:
            raise DataError(
                "a ciphertext of these rows cannot be read: make new keys of this plan."
            ) from error
        levels, scale = plan.parameters.levels, plan.parameters.scale
        if any(self._seal.level(one) != levels or self._seal.scale(one) != scale for one in ones):
            raise DataError("a ciphertext of another level or scale: make new keys of this plan.")
        self._seen.add(asked.batch)
        if plan.layout == "columns":
            made = column_scores(self._seal, model, ones, scale)
        else:
            made = [row_scores(self._seal, model, ones[0], scale, plan.parameters.slots, self._coded)]
        parts = tuple(saved(one) for one in made)
        return Message(kind="scores", plan=plan.hash, key=self.key, batch=asked.batch, parts=parts).to_bytes()


def _restored(plan: Plan, secret: bytes) -> Any:
    try:
        context = tenseal().context_from(secret, n_threads=1)
    except (ValueError, RuntimeError) as error:
        raise DataError("this secret key cannot be read: make new keys.") from error
    if not context.has_secret_key() or not plan.parameters.are_of(context):
        raise DataError("this secret key belongs to another plan: make keys with this one.")
    return context


def _in_columns(rows: Floats, plan: Plan) -> tuple[Floats, list[int], int]:
    """The rows in random slots float[slots, inputs], one of them twice; the slots, and which row it is."""
    places = secrets.SystemRandom().sample(range(plan.parameters.slots), len(rows) + 1)
    twin = secrets.randbelow(len(rows))
    slots = _fill(plan)  # zeros would agree with each other in an answer to another batch
    slots[places] = np.vstack([rows, rows[twin][None]])
    return slots, places, twin


def _fill(plan: Plan) -> Floats:
    """Random inputs within the bound: float[slots, inputs]."""
    shape = (plan.parameters.slots, plan.inputs)
    words = np.frombuffer(secrets.token_bytes(4 * math.prod(shape)), np.uint32).reshape(shape)
    return (words / 2**31 - 1) * plan.bound


def _in_a_row(rows: Floats, plan: Plan) -> tuple[Floats, list[int], int]:
    """The row in all slots float[slots, 1], again and again."""
    width = period(plan.inputs)
    padded = np.pad(rows[0], (0, width - plan.inputs))
    return np.tile(padded, plan.parameters.slots // width)[:, None], [], 0
