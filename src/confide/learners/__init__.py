"""MEZZANINE: models behind `BlackBox` and `WhiteBox`, and training many of them at once."""
