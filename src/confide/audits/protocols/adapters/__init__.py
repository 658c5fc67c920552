"""Protocols as the auditor runs them: our own secure sum, and that of an installed Flower."""
