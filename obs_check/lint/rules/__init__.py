"""The rules, one a file; the registry puts them in order."""
