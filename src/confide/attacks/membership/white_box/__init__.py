"""Membership inference from a model's parameters, layers and gradients; one file or room an attack."""
