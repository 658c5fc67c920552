"""confide: what a release gives away about the people behind it."""
