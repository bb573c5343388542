"""Go's text/template as Loki uses it in line_format and label_format."""
