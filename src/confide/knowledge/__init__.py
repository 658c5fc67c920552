"""Knowledge: what the adversary knows besides the release, one file a kind."""
