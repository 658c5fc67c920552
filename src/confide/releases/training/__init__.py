"""Training of a model that is to be published, from a file, under a budget: `confide.learn.train`."""
