"""Membership games: is this person in the data?"""
