#!/usr/bin/env bash
# The built wheel, installed alone into a bare environment, must work as a user meets it.
set -euo pipefail
cd "$(dirname "$0")/../.."
repo=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m build --wheel --no-isolation --outdir "$work/dist" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --upgrade pip
"$work/env/bin/python" -m pip install --quiet --constraint constraints.txt "$work"/dist/confide-*.whl
cd "$work"
env/bin/python "$repo/tests/checks/wheel.py"
env/bin/confide version
env/bin/confide demo --out demo-core --quick
env/bin/confide audit scores demo-core/evidence.parquet --out from-scores >/dev/null
test -s from-scores/report.html
env/bin/python -m pip install --quiet --constraint "$repo/constraints.txt" "$(ls dist/*.whl)[demo]"
env/bin/confide demo --out demo-real --quick
test -s demo-real/report.html
# Every later Python that runs on this machine, from the same wheel. A version manager puts names on the path that
# only print a complaint, so each one is asked to run, also where the manager keeps it.
for later in 3.12 3.13; do
  for python in "python$later" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$later".*/bin/python; do
    "$python" -c "import venv" 2>/dev/null || continue
    "$python" -m venv "$work/$later"
    "$work/$later/bin/python" -m pip install --quiet --constraint "$repo/constraints.txt" dist/confide-*.whl
    "$work/$later/bin/python" "$repo/tests/checks/wheel.py"
    "$work/$later/bin/confide" demo --out "demo-$later" --quick
    test -s "demo-$later/report.html"
    break
  done
done
echo "bare wheel: ok"
