"""The attack networks of Nasr, Shokri and Houmansadr (2019)."""
