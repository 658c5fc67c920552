"""DP-SGD (Abadi et al., CCS 2016): training by clipped gradients of Poisson samples, with noise."""
