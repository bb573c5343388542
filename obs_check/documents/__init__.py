"""YAML and JSON texts with their places, and edits of them."""
