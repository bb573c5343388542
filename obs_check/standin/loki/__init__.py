"""A Loki for the lab: the HTTP API of Loki 3.5 over the project's own LogQL engine."""
