"""Attack networks of Nasr, Shokri and Houmansadr (2019): trained on known members."""
