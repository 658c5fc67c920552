"""You hold location traces."""
