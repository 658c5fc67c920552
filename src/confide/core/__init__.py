"""GROUND: the nouns. numpy and polars only, and nothing of ours from above."""
