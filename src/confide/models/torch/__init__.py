"""PyTorch modules as models, with every layer shown."""
