"""The explorer: a page on which analysts ask a private session, with charts, prices and their budget."""
