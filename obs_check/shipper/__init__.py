"""One neutral model of a log shipper: configuration read into it, pipelines run on lines."""
