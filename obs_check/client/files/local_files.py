"""The files of this machine as causes ask for them."""

from pathlib import Path
from typing import Any

from obs_check.client.files.search import deleted_but_open, expand
from obs_check.client.files.text_files import read_exact, read_log
from obs_check.documents.helm_template import chart_of, render_template
from obs_check.documents.yaml_tree import load_plain
from obs_check.errors import ConfigError
from obs_check.model.secret import yaml_problem


def read_document(path: Path) -> Any:
    """A JSON or YAML file, also as a template of a Helm chart; ConfigError naming the file and the place."""
    import yaml

    try:
        text = path.read_text("utf-8")
        chart = chart_of(path) if "{{" in text and path.suffix != ".json" else None
        held = [one for one in load_plain(text if chart is None else render_template(text, path, chart)) if one]
        return held[0] if len(held) == 1 else {"kind": "List", "items": held}
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", "is the path right?") from error
    except yaml.YAMLError as error:
        place, words = yaml_problem(error)
        raise ConfigError(f"{path}{place}: {words}", "is it JSON or YAML?") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})", "is it JSON or YAML?") from error


class LocalFiles:
    """See the functions that it has by its own names."""

    read_text = staticmethod(read_exact)
    read_log = staticmethod(read_log)
    read_document = staticmethod(read_document)
    matching = staticmethod(expand)
    deleted_but_open = staticmethod(deleted_but_open)

    def mode(self, path: Path) -> int | None:
        """Mode bits of a file, None where it cannot be looked at."""
        try:
            return path.stat().st_mode
        except OSError:
            return None

    def changed_s(self, path: Path) -> float | None:
        """When a file was last written (s since the epoch), None where it cannot be looked at."""
        try:
            return path.stat().st_mtime
        except OSError:
            return None
