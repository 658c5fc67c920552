"""FLOOR 1: what did the person do or look like? Hidden values brought back from what was released.

`hidden_markov` and `mobility_profile` are the mathematics of the location-privacy meter, `observation` says
how regions look in a release, and `localisation` puts people back on the map.
"""
