"""Groups of parameters whose gradients are computed together, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from torch import Tensor, nn

from confide.models.torch.layers import has_rule

Way: TypeAlias = Literal["pairs", "made", "patches", "shared", "vmap"]
"""How norms are computed: see `products.py`; "shared" adds up the uses of a parameter, "vmap" has no rule."""


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters of one layer, or of several layers that share some of them.

    Args:
        layers: the names of the layers, each with its trainable parameters as {attribute: full name}.
        names: the full names of the parameters, in the order in which their gradients stand.
        way: how.
    """

    layers: Mapping[str, Mapping[str, str]]
    names: tuple[str, ...]
    way: Way

    def by(self, way: Way) -> Group:
        """The same group, by this way."""
        return Group(self.layers, self.names, way)

    @property
    def title(self) -> str:
        """The layers' names, for messages; a parameter of the whole module has its own."""
        return ", ".join(layer or "/".join(self.names) for layer in self.layers)


def trainable(module: nn.Module) -> dict[str, Tensor]:
    """The trainable parameters by name; one that several layers share has its first name only."""
    return {name: p for name, p in module.named_parameters() if p.requires_grad}


def groups_of(module: nn.Module) -> list[Group]:
    """The trainable parameters in groups that share nothing, in the order of the module.

    A group is "made" where every layer has a rule, and "vmap" elsewhere; what the layers do in a pass decides
    the rest.
    """
    named = {id(p): name for name, p in trainable(module).items()}
    # Each part with parameters of its own, under all its names' first one.
    owned: dict[str, dict[str, str]] = {}
    for name, part in module.named_modules():
        own = {key: named[id(p)] for key, p in part._parameters.items() if p is not None and id(p) in named}
        if own:
            owned[name] = own
    return [_group(module, owned, layers) for layers in _connected(owned)]


def _group(module: nn.Module, owned: Mapping[str, dict[str, str]], layers: Sequence[str]) -> Group:
    mine = {layer: owned[layer] for layer in layers}
    names = tuple(dict.fromkeys(name for own in mine.values() for name in _in_order(own)))
    ruled = all(
        has_rule(module.get_submodule(layer)) and own.keys() <= {"weight", "bias"}
        for layer, own in mine.items()
    )
    twice = len(names) < sum(len(own) for own in mine.values())
    return Group(mine, names, "vmap" if not ruled else "shared" if twice else "made")


def _in_order(own: Mapping[str, str]) -> list[str]:
    """Weights before biases, as the rules give them."""
    return [own[key] for key in sorted(own, key=lambda key: (key == "bias", key))]


def _connected(owned: Mapping[str, Mapping[str, str]]) -> list[list[str]]:
    """The layers, joined where they share a parameter."""
    joined: list[tuple[set[str], list[str]]] = []
    for layer, own in owned.items():
        names, layers = set(own.values()), [layer]
        for other in [j for j in joined if j[0] & names]:
            joined.remove(other)
            names, layers = names | other[0], other[1] + layers
        joined.append((names, layers))
    return [layers for _, layers in joined]
