"""Outsourced evaluation: rows encrypted with CKKS, scores computed on them by somebody who cannot read them.

Cheon, Kim, Kim and Song (2017), by TenSEAL. *What the adversary learns.* An evaluator that computes as told
learns the number of batches and nothing else. **Scores are not protected**: who sees them decrypted can play
every attack on the model. Decrypted scores must not go back to the evaluator (Li and Micciancio 2021: their
errors tell about the key), so nothing here sends them.

*Wrong answers.* A ciphertext of another key, or a damaged one, is decrypted to numbers without a word. Each
batch therefore holds one row twice, in secret random slots; it is discarded where the two disagree or a score
leaves the announced range. This finds accidents, not an evaluator that computes another function.
"""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from confide.core.arrays import Floats
from confide.core.errors import DataError, PromiseError
from confide.mechanisms.encrypt.arithmetic import Arithmetic, Square, applied
from confide.mechanisms.encrypt.measuring import public_part
from confide.mechanisms.encrypt.messages import Message, read_message
from confide.mechanisms.encrypt.parameters import tenseal
from confide.mechanisms.encrypt.plan import Plan


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
        """What the evaluator gets: parameters, and a key for squares where the model has them."""
        return public_part(self._context, squares=self.plan.squares)

    def secret(self) -> bytes:
        """The secret key itself, for a file of its owner and for nobody else: it decrypts every row."""
        return self._context.serialize(
            save_public_key=True, save_secret_key=True, save_galois_keys=False, save_relin_keys=False
        )

    def encrypt(self, rows: Floats) -> bytes:
        """Encrypt one batch of rows float[n, inputs], one of them twice, in random slots.

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
        places = secrets.SystemRandom().sample(range(plan.parameters.slots), len(rows) + 1)
        doubled = np.vstack([rows, rows[secrets.randbelow(len(rows))][None]])
        slots = np.zeros((plan.parameters.slots, plan.inputs))
        slots[places] = doubled
        parts = [tenseal().ckks_vector(self._context, column.tolist()).serialize() for column in slots.T]
        batch = secrets.token_hex(16)
        twin = int(np.flatnonzero((rows == doubled[-1]).all(axis=1))[0])
        self._sent[batch] = (places, twin)
        sent = Message(kind="rows", plan=plan.hash, key=self.key, batch=batch, parts=tuple(parts))
        return sent.to_bytes()

    def decrypt(self, raw: bytes) -> Floats:
        """Decrypt the scores of one batch, float[n, outputs], and apply the model's link.

        Raises:
            DataError: if they belong to no batch that waits for an answer, or the batch must be discarded.
        """
        plan = self.plan
        answer = read_message(raw, kind="scores", plan=plan.hash, key=self.key, parts=plan.outputs)
        if answer.batch not in self._sent:
            raise DataError(f"an answer to batch {answer.batch[:8]}, which waits for none: it was replayed.")
        places, twin = self._sent.pop(answer.batch)
        slots = np.array([self._opened(part) for part in answer.parts]).T
        scores = slots[places]
        apart = float(np.abs(scores[twin] - scores[-1]).max())
        if not apart <= 2 * plan.precision:
            raise DataError(
                f"a batch was discarded: one row was in it twice, and its scores differ by {apart:.2g} "
                f"(promised {plan.precision:g}); it is damaged or of another key: send the rows again."
            )
        if not (np.abs(scores) <= plan.largest + plan.precision).all():
            raise DataError(
                f"a batch was discarded: a score of {np.abs(scores).max():.3g} is above the announced "
                f"{plan.largest:.3g}; the evaluator computed something else: compare the models."
            )
        return applied(plan.link, scores[:-1])

    def _opened(self, part: bytes) -> list[float]:
        try:
            opened = tenseal().ckks_vector_from(self._context, part).decrypt()
        except (ValueError, RuntimeError) as error:
            raise DataError("a ciphertext cannot be read, the batch was discarded: send it again.") from error
        if len(opened) != self.plan.parameters.slots:
            raise DataError(
                f"a ciphertext of {len(opened)} numbers, not {self.plan.parameters.slots}: discarded."
            )
        return opened


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
        try:
            context = tenseal().context_from(raw, n_threads=1)
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
        self._seen: set[str] = set()

    def evaluate(self, model: Arithmetic, raw: bytes) -> bytes:
        """Compute the model's scores on a batch of encrypted rows.

        Raises:
            DataError: if the model or the message is another than planned, or the batch came before.
        """
        plan = self.plan
        if model.digest != plan.model:
            raise DataError("this is not the model of the plan (its digest differs): make a new plan.")
        asked = read_message(raw, kind="rows", plan=plan.hash, key=self.key, parts=plan.inputs)
        if asked.batch in self._seen:
            raise DataError(f"batch {asked.batch[:8]} came before: encrypt the rows again.")
        try:
            columns = [tenseal().ckks_vector_from(self._context, part) for part in asked.parts]
        except (ValueError, RuntimeError) as error:
            raise DataError("a ciphertext cannot be read: encrypt the rows again.") from error
        self._seen.add(asked.batch)
        parts = tuple(vector.serialize() for vector in _evaluated(model, columns, plan))
        return Message(kind="scores", plan=plan.hash, key=self.key, batch=asked.batch, parts=parts).to_bytes()


def _restored(plan: Plan, secret: bytes) -> Any:
    try:
        context = tenseal().context_from(secret, n_threads=1)
    except (ValueError, RuntimeError) as error:
        raise DataError("this secret key cannot be read: make new keys.") from error
    if not context.has_secret_key() or not plan.parameters.are_of(context):
        raise DataError("this secret key belongs to another plan: make keys with this one.")
    return context


def _evaluated(model: Arithmetic, columns: list[Any], plan: Plan) -> list[Any]:
    """The layers on one ciphertext a feature.

    `drift` is what a ciphertext holds for each unit of the true value: squares change it, weights mend it.
    """
    drift, smallest = 1.0, 1 / plan.parameters.scale
    for layer, correction in zip(model.layers, plan.parameters.corrections(), strict=True):
        if isinstance(layer, Square):
            columns, drift = [column.square() for column in columns], drift**2 * correction
            continue
        weights = layer.weights / (drift * correction)
        columns = [
            _weighed(row, columns, offset, smallest)
            for row, offset in zip(weights, layer.offset, strict=True)
        ]
        drift = 1.0
    return columns


def _weighed(weights: Floats, columns: list[Any], offset: float, smallest: float) -> Any:
    """One row of a matrix: a sum of ciphertexts times numbers. A weight that rounds to zero is left out."""
    total: Any = None
    for weight, column in zip(weights.tolist(), columns, strict=True):
        if abs(weight) >= smallest:
            total = column * weight if total is None else total + column * weight
    if total is None:
        raise DataError("all weights of a score round to zero: multiply them, and divide the score.")
    return total + offset
