"""Reconstruction of traces: where people were, restored from what was released of their visits."""
