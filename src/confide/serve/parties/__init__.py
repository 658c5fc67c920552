"""Parties of a joint computation as processes of their own, connected over TLS with pinned certificates."""
