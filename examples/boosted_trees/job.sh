#!/usr/bin/env bash
# A gate in continuous integration for boosted trees, and the change that opens it.
cd "$(dirname "$0")" || exit 2
mkdir -p data out
python loans.py data
python loans.py 63 data/main.txt
python loans.py 4 data/change.txt

# The model of the main branch: its gate stays closed.
confide audit model data/main.txt --train loans:large --references 4 \
    --members data/train.parquet --nonmembers data/holdout.parquet --label default \
    --limit tpr@0.01=0.2 --limit auc=0.7 --out out/main --cache out/cache \
    --junit out/main.junit.xml --sarif out/main.sarif --markdown out/main.md
echo "gate of main: exit code $?"

# The change: smaller trees. A CI job needs the exit code alone.
confide audit model data/change.txt --train loans:small --references 4 \
    --members data/train.parquet --nonmembers data/holdout.parquet --label default \
    --limit tpr@0.01=0.2 --limit auc=0.7 --out out/change --cache out/cache \
    --junit out/change.junit.xml --quiet
echo "gate of change: exit code $?"

# What the pull request shows: is the change worse than main, for the same people?
confide compare out/main out/change --fail-if-worse --out out/both --markdown out/compare.md
echo "change against main: exit code $?"
confide compare out/change out/main --fail-if-worse --json > out/back.json
echo "main against change: exit code $?"
