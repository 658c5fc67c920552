"""The core nouns: mechanism, release, game, attack, evidence. It imports numpy and polars only."""
