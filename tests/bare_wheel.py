"""Run inside the bare environment: few distributions, a quick import, nothing heavy loaded."""

import sys
import time
from importlib.metadata import distributions

names = sorted({d.metadata["Name"] for d in distributions()} - {"pip", "setuptools", "confide"})
print(f"{len(names)} distributions: {', '.join(names)}")
assert len(names) <= 12, "the core should stay at about ten distributions"

start = time.perf_counter()
import confide  # noqa: E402

seconds = time.perf_counter() - start
print(f"import confide: {seconds:.2f} s")
assert confide.__version__
heavy = {"torch", "sklearn", "scipy.stats", "onnxruntime", "pandas"} & set(sys.modules)
assert not heavy, f"import confide loads {heavy}"
