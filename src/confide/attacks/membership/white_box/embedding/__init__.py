"""Membership embedding: the unsupervised attack of Nasr, Shokri and Houmansadr (2019)."""
