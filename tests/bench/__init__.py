"""How fast both paths of a query over files are, a real Loki beside them, and how much memory they take."""
