"""Private set intersection: two parties learn whom their lists share, and how long the other's is."""
