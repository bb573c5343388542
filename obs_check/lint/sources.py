"""Reads the files that lint is given, and finds out what each is."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from obs_check.client.files.log_tree import list_files
from obs_check.client.files.text_files import read_given
from obs_check.documents.helm_template import BY_HELM, chart_of, rendered
from obs_check.documents.yaml_tree import load
from obs_check.errors import ConfigError, InputError, UsageError
from obs_check.lint.board import Board, read_boards
from obs_check.lint.material import Material, ShipperFile, Tree
from obs_check.lint.question import Question, file_question
from obs_check.lint.sample import read_sample
from obs_check.logql.settings import EngineSettings
from obs_check.model.secret import yaml_problem
from obs_check.panel.datasource import Datasources
from obs_check.shipper.read import is_alloy, parse_shipper

SUFFIXES = (".json", ".yaml", ".yml", ".logql", ".alloy", ".river")
_DASHBOARD_KEYS = {"panels", "rows", "elements", "templating", "schemaVersion"}
_ALLOY = re.compile(r'^\s*loki\.(source|write)[a-z_.]*\s+"\w+"\s*\{', re.MULTILINE)
_MAY_HOLD_PANELS = re.compile(r"\b(?:panels|elements|rows)\b")
_SHIPPER_WORDS = ("__path__", "pipeline_stages", "clients:", "relabel_configs")


class _Reading:
    """What was read so far; `skipped` are files of directories that are nothing lint knows, `broken` what is wrong with
    those that are and cannot be read."""

    def __init__(self) -> None:
        self.boards: list[Board] = []
        self.shippers: list[ShipperFile] = []
        self.questions: list[Question] = []
        self.texts: list[tuple[str, str]] = []
        self.skipped: list[str] = []
        self.broken: list[UsageError] = []
        self.in_directory = False


def read_material(
    paths: Sequence[Path],
    samples: Sequence[str],
    datasources: Path | None,
    root: Path | None,
    env: Mapping[str, str],
    settings: EngineSettings,
) -> tuple[Material, list[str], list[UsageError]]:
    """The material, the files of directories that were left out, and what is wrong with those that are broken. Raises
    InputError, ConfigError or UsageError for a named file that is broken, or is nothing that lint knows."""
    reading = _Reading()
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file or directory", "name dashboards, queries or configurations")
        reading.in_directory = path.is_dir()
        for file in sorted(_files(path)) if path.is_dir() else [path]:
            try:
                known = _read(file, reading, env)
            except UsageError as error:
                if not path.is_dir():
                    raise
                reading.broken.append(error)
                continue
            if not known and path.is_dir():
                reading.skipped.append(str(file))
            elif not known:
                raise InputError(
                    f"{file}: neither a dashboard, a query nor a shipper configuration",
                    f"files end in {', '.join(SUFFIXES)}",
                )
    if not reading.texts and not reading.broken:
        raise InputError(f"nothing to lint below {', '.join(map(str, paths))}", f"files end in {', '.join(SUFFIXES)}")
    instances = read_datasources(datasources) if datasources else None
    tree = Tree(root, tuple(list_files(root, ["/"], settings.now_ns()))) if root else None
    material = Material(
        tuple(reading.boards),
        tuple(reading.shippers),
        tuple(reading.questions),
        tuple(read_sample(given, settings) for given in samples),
        instances,
        tree,
        tuple(reading.texts),
    )
    return material, reading.skipped, reading.broken


def read_datasources(path: Path) -> Datasources:
    """Grafana's provisioning file, an answer of /api/datasources, or one of /api/frontend/settings."""
    try:
        document = yaml.safe_load(read_given(path, "check path and rights"))
    except yaml.YAMLError as error:
        place, words = yaml_problem(error)
        raise ConfigError(f"{path}{place}: {words}", "is it JSON or YAML?") from error
    listed = document.get("datasources") if isinstance(document, Mapping) else document
    if isinstance(listed, Mapping):
        return Datasources.from_settings(document)
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise InputError(f"{path}: no list of datasources", "give the provisioning file or /api/datasources")
    return Datasources({str(one.get("name") or one.get("uid")): one for one in listed})


def _files(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if p.suffix in SUFFIXES and p.is_file())


def _read(path: Path, reading: _Reading, env: Mapping[str, str]) -> bool:
    """Whether the file is something lint knows; it is then part of `reading`."""
    text = read_given(path, "check path and rights")
    known = False
    if path.suffix == ".logql":
        reading.questions.append(file_question(str(path), text))
        known = True
    elif path.suffix == ".json":
        known = _dashboards(_json(text, str(path)), path, text, 1, reading)
    elif is_alloy(text, str(path)):
        reading.shippers.append(ShipperFile(parse_shipper(text, str(path), env), text))
        known = True
    elif path.suffix in (".yaml", ".yml"):
        known = _read_yaml(path, text, reading, env)
    if known:
        reading.texts.append((str(path), text))
    return known


def _read_yaml(path: Path, text: str, reading: _Reading, env: Mapping[str, str]) -> bool:
    of_promtail = "scrape_configs" in text and any(word in text for word in _SHIPPER_WORDS)
    of_a_shipper = of_promtail or _ALLOY.search(text)
    template = text if "{{" in text and _is_template(path) else ""
    if template and reading.in_directory and (of_a_shipper or ".Files." in text):
        # What it inserts are files of the chart, which are read by themselves.
        return False
    if template and of_a_shipper:
        raise ConfigError(f"{path}: a shipper's configuration in a template is not read here", BY_HELM)
    if template:
        text = _rendered(path, text, reading)
    elif of_a_shipper:
        reading.shippers.append(ShipperFile(parse_shipper(text, str(path), env), text))
        return True
    if reading.in_directory and not _MAY_HOLD_PANELS.search(text):
        return False
    try:
        documents = load(text, str(path))
    except ConfigError:
        if "{{" in text:
            # A template outside of a chart is no YAML before it is rendered.
            return False
        raise
    known = False
    for document in documents:
        if not document.is_map():
            continue
        top = document.mapping()
        if "kind" in top and top["kind"].data == "ConfigMap" and "data" in top:
            for key, value in top["data"].mapping().items():
                if key.endswith(".json") and isinstance(value.data, str):
                    first = value.line + 1 if value.style in ("|", ">") else value.line
                    if template:
                        # What stands in front of the key may have more or fewer lines when it is rendered.
                        first += _row(template, key) - _row(text, key)
                    known |= _dashboards(_json(value.data, f"{path}:{key}"), path, value.data, first, reading)
        else:
            known |= _dashboards(yaml.safe_load(text) if len(documents) == 1 else None, path, "", 1, reading)
    return known


def _is_template(path: Path) -> bool:
    """Whether a file is a template of a Helm chart."""
    chart = chart_of(path)
    return chart is not None and path.resolve().is_relative_to(chart / "templates")


def _rendered(path: Path, text: str, reading: _Reading) -> str:
    """A template as Helm renders it; "" for one of a directory that cannot be rendered here, ConfigError for one that
    is named."""
    chart = chart_of(path)
    assert chart is not None
    try:
        return rendered(text, path, chart)
    except ConfigError:
        if reading.in_directory:
            return ""
        raise


def _row(text: str, key: str) -> int:
    """The line (from 1) at which a key of YAML stands."""
    found = re.search(rf"^[ \t]*[\"']?{re.escape(key)}[\"']?:", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InputError(f"{name}: not JSON: {error}", "export the dashboard again") from error


def _dashboards(document: Any, path: Path, text: str, first_line: int, reading: _Reading) -> bool:
    held = document
    while isinstance(held, Mapping) and not _DASHBOARD_KEYS & held.keys():
        held = held.get("dashboard", held.get("spec"))
    if not isinstance(held, Mapping) or isinstance(held.get("panels"), Mapping):
        # What a dashboard has to read (NAME.expect.yaml) has a mapping of panels.
        return False
    try:
        reading.boards += read_boards(document, str(path), text, first_line)
    except InputError as error:
        # A directory may hold dashboards that nobody filled; a file that is named has to have panels.
        if reading.in_directory and error.message.endswith("without panels"):
            return False
        raise
    return True
