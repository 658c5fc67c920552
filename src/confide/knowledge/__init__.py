"""Background knowledge: what an adversary knows besides the release, one file for each kind."""
