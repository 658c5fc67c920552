"""You hold pictures."""
