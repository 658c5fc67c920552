"""Reconstruction: what did a person do, or look like? Hidden values restored from a release."""
