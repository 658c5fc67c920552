"""Secure aggregation: a sum of vectors that shows nobody more than the sum (extra `collaborate`)."""
