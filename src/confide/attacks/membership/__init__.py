"""Was he in it? One file a paper."""
