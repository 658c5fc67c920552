"""Attribute games: what is true of this person?"""
