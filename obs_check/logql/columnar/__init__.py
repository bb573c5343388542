"""Range aggregations over files by DuckDB, where that gives exactly what the row engine gives. Only SQL is made here.

A line is *simple* when its form leaves no doubt about what Loki's parsers make of it: `key=value` pairs without
escapes, valid JSON whose needed key occurs once. SQL counts the simple lines by their needed labels; the lines that
are not simple go through the row engine; both counts are added up. A query of another form raises NotColumnar with
the reason, and the row engine does it all.
"""
