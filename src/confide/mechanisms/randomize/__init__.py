"""Randomisation: noise on each person's own record, with a promise that is proved."""
