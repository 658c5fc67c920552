"""Language models: a user's own function of texts, or a folder of Hugging Face's form."""
