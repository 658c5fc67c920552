"""Anchors: mechanisms that release everything or nothing, between which every attack is tested."""
