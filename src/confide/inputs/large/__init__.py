"""Tables too large to hold: rows stay in their files or their database, and only distinct rows come here."""
