"""A Grafana for the lab: the HTTP API of Grafana 13 as far as obs-check uses it."""
