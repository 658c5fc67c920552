"""PyTorch modules as models, with access to every layer."""
