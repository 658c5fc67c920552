"""Collaborative learning: protocols by which parties train one model without pooling their records."""
