"""Games: threat models, a folder for each goal, a file in it for each kind of release."""
