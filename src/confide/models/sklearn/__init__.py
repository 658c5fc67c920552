"""scikit-learn estimators and pipelines as models."""
