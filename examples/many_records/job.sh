#!/usr/bin/env bash
# A register of 300,000 records, or of as many as you say: bash job.sh [RECORDS]
cd "$(dirname "$0")" || exit 2
mkdir -p out
python many.py "${1:-300000}"

# Before hours are spent: what would be played, about how long, how much memory.
confide audit model data/model.skops --members data/train.parquet --nonmembers data/holdout.parquet \
    --label ill --dry-run | tee out/plan.txt

time confide audit model data/model.skops --members data/train.parquet --nonmembers data/holdout.parquet \
    --label ill --out out/report --cache out/cache
