"""Membership games: was this person in the data?"""
