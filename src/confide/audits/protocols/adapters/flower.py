"""The secure aggregation of an installed Flower: its own client, spoken to by the auditor's server.

`flwr` is looked for when this is used, never when it is imported: it cannot share every environment. The
client is Flower's `secaggplus_mod` itself, with messages and state as Flower keeps them. The server's sum is
made of Flower's functions, as its workflow makes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np

from confide.audits.protocols.masking import SERVER, Heard, Kind, Kit, MaskingProtocol, Sealed, Shares, Terms
from confide.core.arrays import Array
from confide.core.errors import DataError, PromiseError

VERSION = "1.42"
INSTALL = "python -m venv flower && flower/bin/pip install flwr==1.42.0 'confide[collaborate]'"
_BETWEEN = b"|"
FACTOR = ((1,),)
"""Before the parameters Flower sends the client's weight, as one word under the same mask."""


@cache
def _flower() -> SimpleNamespace:
    """Flower's functions.

    Raises:
        DataError: if it is not installed, or has them elsewhere.
    """
    places = {
        "flwr.client.mod": ["secaggplus_mod"],
        "flwr.app": ["ConfigRecord", "Context", "Message", "RecordDict"],
        "flwr.common": ["FitRes", "Metadata", "Status", "Code", "bytes_to_ndarray", "ndarrays_to_parameters"],
        "flwr.common.secure_aggregation.crypto.shamir": ["combine_shares"],
        "flwr.common.secure_aggregation.crypto.symmetric_encryption": ["generate_shared_key"],
        "flwr.common.secure_aggregation.secaggplus_constants": [
            "Key",
            "Stage",
            "RECORD_KEY_CONFIGS",
            "RECORD_KEY_STATE",
        ],
        "flwr.common.secure_aggregation.secaggplus_utils": ["pseudo_rand_gen"],
        "flwr.compat.common.recorddict_compat": ["fitres_to_recorddict"],
        "flwr.supercore.primitives.asymmetric": ["bytes_to_private_key", "bytes_to_public_key"],
    }
    found: dict[str, Any] = {}
    try:
        for module, names in places.items():
            loaded = import_module(module)
            found |= {name: getattr(loaded, name) for name in names}
    except (ImportError, AttributeError) as error:
        raise DataError(
            f"Flower's secure aggregation is not here as version {VERSION} has it ({error}): install flwr in "
            f"an environment of its own, with confide beside it, and run this there: {INSTALL}."
        ) from None
    return SimpleNamespace(**found)


def need_flower() -> None:
    """Refuse to go on without an installed Flower.

    Raises:
        DataError: if it is not installed, or has its functions elsewhere.
    """
    _flower()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowerProtocol:
    """SecAgg+ of the installed Flower.

    Vectors of whole numbers from minus the bound on are put into Flower's grid one to one: the clipping range
    is the bound, and the grid has two steps for each unit of it.

    Args:
        name: for the report.
        modulus: the ring, a setting that the server sends.
    """

    name: str = "Flower SecAgg+"
    modulus: int | None = 2**32

    @property
    def refusals(self) -> tuple[type[Exception], ...]:
        """Flower's own checks raise ValueError; what does not open, InvalidToken."""
        from cryptography.fernet import InvalidToken

        return ValueError, InvalidToken, PromiseError

    def smaller(self) -> MaskingProtocol | None:
        """The server may set the ring to 256 words."""
        return replace(self, modulus=256)

    def kits(self, terms: Terms) -> Mapping[str, Kit]:
        """Clients hold nothing before the round: all terms come from the server."""
        return {name: {} for name in (*terms.names, SERVER)}

    def forged(self, kits: Mapping[str, Kit], *, victim: str) -> Mapping[str, Kit]:
        """As there is nothing in a kit, nothing has to be made up."""
        return {name: {} for name in kits if name not in (victim, SERVER)}

    def client(self, name: str, kit: Kit, *, round: int, told: Terms) -> FlowerClient:  # noqa: A002
        """A client whose terms are what the server says."""
        return FlowerClient(self, name, round, told)

    def secret(
        self,
        private: object,
        keys: Mapping[str, bytes],
        *,
        mine: str,
        theirs: str,
        round: int,  # noqa: A002
    ) -> object:
        """Flower's shared key, from a private key in PEM; it is bound to neither round nor names."""
        flower = _flower()
        public = flower.bytes_to_public_key(keys[theirs].split(_BETWEEN)[0])
        return flower.generate_shared_key(flower.bytes_to_private_key(private), public)

    def stream(self, secret: object, shapes: Sequence[tuple[int, ...]]) -> Array:
        """Flower's generator, without the word for the weight."""
        drawn = _flower().pseudo_rand_gen(secret, self.modulus, [*FACTOR, *shapes])
        return np.concatenate([np.ravel(part) for part in drawn[1:]])

    def total(self, heard: Heard) -> Array:
        """As Flower's workflow makes the sum, of the vectors and shares that the server has."""
        flower, shapes = _flower(), heard.terms.shapes
        assert self.modulus is not None
        found = sum(heard.masked.values(), np.zeros(heard.terms.words, np.int64))
        for name in heard.survivors:
            found = found - self.stream(_rebuilt(heard, name, "self"), shapes)
        for name in heard.dropped:
            private = flower.bytes_to_private_key(_rebuilt(heard, name, "pair"))
            for other in heard.survivors:
                public = flower.bytes_to_public_key(heard.keys[other].split(_BETWEEN)[0])
                mask = self.stream(flower.generate_shared_key(private, public), shapes)
                found = found + (mask if _node(name) > _node(other) else -mask)
        half = self.modulus // 2
        return (found + half) % self.modulus - half


class FlowerClient:
    """Flower's client mod with its state, and an app that answers with the vector."""

    def __init__(self, protocol: FlowerProtocol, name: str, round: int, told: Terms) -> None:  # noqa: A002
        flower = _flower()
        self._protocol, self._name, self._round, self._told = protocol, name, round, told
        self._context = flower.Context(
            run_id=1, node_id=_node(name), node_config={}, state=flower.RecordDict(), run_config={}
        )

    def keys(self) -> bytes:
        key, told = _flower().Key, self._told
        answer = self._asked(
            _flower().Stage.SETUP,
            {
                key.SAMPLE_NUMBER: len(told.names),
                key.SHARE_NUMBER: len(told.names),
                key.THRESHOLD: told.threshold,
                key.CLIPPING_RANGE: float(told.bound),
                key.TARGET_RANGE: 2 * told.bound,
                key.MOD_RANGE: self._protocol.modulus,
                key.MAX_WEIGHT: 1.0,
            },
        )
        return answer[key.PUBLIC_KEY_1] + _BETWEEN + answer[key.PUBLIC_KEY_2]

    def share(self, keys: Mapping[str, bytes]) -> Sealed:
        key = _flower().Key
        sent = {str(_node(name)): both.split(_BETWEEN) for name, both in keys.items()}
        answer = self._asked(_flower().Stage.SHARE_KEYS, sent)
        return dict(zip(map(_named, answer[key.DESTINATION_LIST]), answer[key.CIPHERTEXT_LIST], strict=True))

    def mask(self, sealed: Sealed, vector: Array) -> Array:
        flower, told = _flower(), self._told
        ends = np.cumsum([int(np.prod(shape)) for shape in told.shapes])[:-1]
        parts = [
            part.reshape(shape).astype(np.float64)
            for part, shape in zip(np.split(vector, ends), told.shapes, strict=True)
        ]

        def app(message: Any, context: Any) -> Any:
            done = flower.FitRes(
                status=flower.Status(flower.Code.OK, ""),
                parameters=flower.ndarrays_to_parameters(parts),
                num_examples=1,
                metrics={},
            )
            return flower.Message(flower.fitres_to_recorddict(done, False), reply_to=message)

        said = {
            flower.Key.CIPHERTEXT_LIST: list(sealed.values()),
            flower.Key.SOURCE_LIST: [_node(name) for name in sealed],
        }
        self._masked_with = tuple(sealed)
        answer = self._asked(flower.Stage.COLLECT_MASKED_VECTORS, said, app)
        words = [flower.bytes_to_ndarray(part) for part in answer[flower.Key.MASKED_PARAMETERS]]
        flat = np.concatenate([np.ravel(part) for part in words[1:]]).astype(np.int64)
        # The grid begins at minus the clipping range, as everybody knows.
        assert self._protocol.modulus is not None
        return (flat - told.bound) % self._protocol.modulus

    def agree(self, survivors: Collection[str]) -> bytes:
        """Flower has no such step."""
        return b""

    def unmask(
        self, survivors: Collection[str], dropped: Collection[str], agreed: Mapping[str, bytes]
    ) -> Shares:
        key = _flower().Key
        said = {
            key.ACTIVE_NODE_ID_LIST: [_node(name) for name in survivors],
            key.DEAD_NODE_ID_LIST: [_node(name) for name in dropped],
        }
        answer = self._asked(_flower().Stage.UNMASK, said)
        asked: list[tuple[str, Kind]] = []
        asked.extend((name, "self") for name in survivors)
        asked.extend((name, "pair") for name in dropped)
        return dict(zip(asked, answer[key.SHARE_LIST], strict=True))

    def mask_secrets(self) -> Mapping[str, object]:
        flower, state = _flower(), self._state()
        nodes = state["public_keys_dict:K"]
        keys = dict(zip(nodes, state["public_keys_dict:V"][::2], strict=True))  # the first of each two
        private = flower.bytes_to_private_key(state["sk1"])
        pairs = {
            other: flower.generate_shared_key(private, flower.bytes_to_public_key(keys[_node(other)]))
            for other in self._masked_with
        }
        return {**pairs, self._name: state["rd_seed"]}

    def private(self) -> Sequence[object]:
        state = self._state()
        shares = [*state["rd_seed_share_dict:V"], *state["sk1_share_dict:V"], *state["ss2_dict:V"]]
        return [state["sk1"], state["sk2"], state["rd_seed"], *shares]

    def _state(self) -> Any:
        return self._context.state.config_records[_flower().RECORD_KEY_STATE]

    def _asked(self, stage: str, said: Mapping[str, object], app: Callable[..., Any] | None = None) -> Any:
        """What the mod answers to a message of the server."""
        flower = _flower()
        content = flower.RecordDict(
            {flower.RECORD_KEY_CONFIGS: flower.ConfigRecord({flower.Key.STAGE: stage, **said})}
        )
        # With metadata as the server's side makes it: no server runs here that would fill it in.
        about = flower.Metadata(
            run_id=1,
            message_id="1",
            src_node_id=1,
            dst_node_id=_node(self._name),
            reply_to_message_id="",
            group_id=str(self._round),
            created_at=time.time(),
            ttl=3600.0,
            message_type="train",
            src_task_id=1,
        )
        message = flower.Message(content, metadata=about)
        answer = flower.secaggplus_mod(message, self._context, app)
        return answer.content.config_records[flower.RECORD_KEY_CONFIGS]


def _node(name: str) -> int:
    """A number for each name, as Flower names its nodes."""
    return int.from_bytes(name.encode(), "big")


def _named(node: int) -> str:
    return node.to_bytes((node.bit_length() + 7) // 8, "big").decode()


def _rebuilt(heard: Heard, name: str, kind: Kind) -> bytes:
    parts = [given[name, kind] for given in heard.shares.values() if (name, kind) in given]
    if len(parts) < heard.terms.threshold:
        raise PromiseError(f"{len(parts)} shares of the {kind} secret of {name!r}: too few.")
    return _flower().combine_shares(parts)
