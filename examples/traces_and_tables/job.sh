#!/usr/bin/env bash
# Files of an office, with semicolons, decimal commas and local times: audit, protect, audit again, compare.
cd "$(dirname "$0")" || exit 2
mkdir -p out
python made.py

# A table: what names people, what others may know, what the table tells about them.
confide identifiers data/clients.csv
confide audit table data/clients.csv --id kunde --known geburtsjahr,plz,geschlecht --secret diagnose \
    --limit auc=0.75 --name clients --out out/table --cache out/cache --quiet
echo "table: exit code $?"
confide protect table data/clients.csv --id kunde --known geburtsjahr,plz,geschlecht --secret diagnose \
    --with "without:email;einkommen" --with local:10 --limit auc=0.75 --name clients \
    --out out/clients_safer.csv --report out/table_safer --cache out/cache --quiet
echo "safer table: exit code $?"
confide compare out/table out/table_safer --fail-if-worse --out out/table_both

# Traces: times by the clock on the wall of Berlin.
confide audit traces data/visits.csv --user kunde --time zeit --lat breite --lon länge \
    --time-format "%d.%m.%Y %H:%M" --time-zone Europe/Berlin --attacks unicity,nearby-points \
    --limit auc=0.75 --out out/traces --cache out/cache --quiet
echo "traces: exit code $?"
confide protect traces data/visits.csv --user kunde --time zeit --lat breite --lon länge \
    --time-format "%d.%m.%Y %H:%M" --time-zone Europe/Berlin --attacks unicity,nearby-points \
    --with cell:2000m --with bin:12h --with split:24h --limit auc=0.75 \
    --out out/visits_safer.csv --report out/traces_safer --cache out/cache --quiet
echo "safer traces: exit code $?"
confide compare out/traces out/traces_safer --fail-if-worse --out out/traces_both
