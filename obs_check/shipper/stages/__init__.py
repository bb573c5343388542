"""The stages of promtail 3.5, one a file: settings as a frozen dataclass, `read` from YAML, `start` to run."""
