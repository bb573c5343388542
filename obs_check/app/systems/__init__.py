"""The systems that a configuration names, and what is changed in them."""
