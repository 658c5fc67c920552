"""The unsupervised embedding of Nasr, Shokri and Houmansadr (2019)."""
