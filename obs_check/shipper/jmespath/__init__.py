"""JMESPath, the language of the `expressions` of promtail's json stage."""
