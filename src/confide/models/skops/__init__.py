"""Models from skops files, read without unpickling."""
