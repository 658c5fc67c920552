"""Models: trained predictors behind the `LabelOnly`, `BlackBox` and `WhiteBox` protocols."""
