"""Learning mechanisms: records -> a model."""
