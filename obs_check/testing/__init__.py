"""Unit tests of dashboards and queries: given lines and events, what a panel or a query must read."""
