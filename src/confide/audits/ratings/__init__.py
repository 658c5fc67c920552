"""You hold ratings."""
