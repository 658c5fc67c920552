"""Reconstruction of tables: pseudonyms and generalised cells turned back into what they stand for."""
