#!/usr/bin/env bash
# A data-protection officer who was sent report.html and report.json, in German, and nothing else.
cd "$(dirname "$0")" || exit 2
mkdir -p out/sent

# What a colleague did.
python ../traces_and_tables/made.py
confide audit table data/clients.csv --id kunde --known geburtsjahr,plz,geschlecht --secret diagnose \
    --limit auc=0.6 --language de --name Kundentabelle --out out/theirs --cache out/cache --quiet
cp out/theirs/report.json out/sent/

# What the officer does: the first page, its exit code, and the page drawn again from report.json.
confide report out/sent
echo "the report says: exit code $?"

# Facts for the assessment.
confide report out/sent --for dpia

# Is it about the file that will be published, and how was it made?
python provenance.py out/sent/report.json data/clients.csv
echo "this file: exit code $?"
sed "s/Asthma/keine/" data/clients.csv > data/changed.csv
python provenance.py out/sent/report.json data/changed.csv
echo "another file: exit code $?"
