"""Linkage games: which row of the release belongs to this person?"""
