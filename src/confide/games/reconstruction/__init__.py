"""Threat models of reconstruction: which records, or which of their secrets, does a release give away?"""
