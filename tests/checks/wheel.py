"""Run inside the bare environment: few distributions, a quick import, nothing heavy loaded."""

import sys
import time
from importlib.metadata import distributions

MOST = 14


def check() -> None:
    names = sorted({d.metadata["Name"] for d in distributions()} - {"pip", "setuptools", "confide"})
    print(f"{len(names)} distributions: {', '.join(names)}")
    assert len(names) <= MOST, f"the core should stay at {MOST} distributions or fewer"

    start = time.perf_counter()
    import confide

    print(f"import confide {confide.__version__}: {time.perf_counter() - start:.2f} s")
    heavy = {"torch", "sklearn", "scipy", "polars", "onnxruntime", "pandas"} & set(sys.modules)
    assert not heavy, f"import confide loads {heavy}"


if __name__ == "__main__":
    check()
