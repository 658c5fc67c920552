"""The people whom two parties' lists share, by a plan that both hold: `confide match`."""
