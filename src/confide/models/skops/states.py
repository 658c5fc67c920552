"""Objects from their kept attributes, none of which may stand in the place of a method."""

from __future__ import annotations

from inspect import isdatadescriptor
from typing import Any, cast

from confide.models.skops.refusal import harmful
from confide.models.skops.trusted import ESTIMATORS


def restore(kind: type, state: object, *, name: str) -> object:
    """An object of this type with these attributes; its `__init__` is not called.

    Raises:
        ModelError: if the state is no table of attributes, or an attribute would hide one of the class.
    """
    made: object = cast(Any, kind).__new__(kind)
    if state is None:
        return made
    if name not in ESTIMATORS and hasattr(made, "__setstate__"):
        cast(Any, made).__setstate__(state)  # a type that the user or the estimator in memory answers for
        return made
    if not isinstance(state, dict):
        raise harmful(kind.__name__, "no table of attributes")
    _need_attributes(kind, cast("dict[object, object]", state))
    if hasattr(made, "__setstate__"):  # scikit-learn's own says if another version wrote the file
        cast(Any, made).__setstate__(state)
    else:
        vars(made).update(state)
    return made


def _need_attributes(kind: type, state: dict[object, object]) -> None:
    """Refuse attributes that hide what the class says: its methods, its checks, its constants.

    `_impl` of a support vector machine is such a constant: it says which native code reads the arrays.
    """
    arguments = set(cast(Any, kind)._get_param_names()) if hasattr(kind, "_get_param_names") else set[str]()
    for attribute in state:
        if not isinstance(attribute, str) or attribute.startswith("__"):
            raise harmful(kind.__name__, f"an attribute {attribute!r}")
        own = getattr(kind, attribute, None)
        # A property is found before an attribute of the same name, so that one hides nothing.
        if own is not None and not isdatadescriptor(own) and attribute not in arguments:
            raise harmful(kind.__name__, f"an attribute {attribute!r} in the place of its class's own")
