"""Other people's files: what of them is read."""
