"""You hold likes."""
