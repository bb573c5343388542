"""Log files: found, read, followed, counted."""
