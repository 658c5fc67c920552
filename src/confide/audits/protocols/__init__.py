"""An auditor of masking protocols: it runs their functions, and plays the attacks that a weak one allows."""
