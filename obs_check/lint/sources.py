"""Reads the files that lint is given, and finds out what each is."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from obs_check.client.files.log_tree import list_files
from obs_check.client.files.text_files import read_given
from obs_check.documents.embedded import Embedded, keys_of, objects
from obs_check.documents.helm_template import BY_HELM, UNKNOWN, chart_of, named_templates, render_template
from obs_check.documents.yaml_tree import Loader, load
from obs_check.errors import ConfigError, InputError, UsageError
from obs_check.lint.board import LintedDashboard, read_boards
from obs_check.lint.material import Material, ShipperFile, Tree
from obs_check.lint.question import Question, file_question
from obs_check.lint.sample import read_sample
from obs_check.logql.settings import EngineSettings
from obs_check.model.secret import yaml_problem
from obs_check.panel.datasource import Datasources
from obs_check.shipper.read import is_alloy, parse_shipper, parse_shippers

SUFFIXES = (".json", ".yaml", ".yml", ".logql", ".alloy", ".river", ".tpl")
_DASHBOARD_KEYS = {"panels", "rows", "elements", "templating", "schemaVersion"}
_MAY_HOLD_PANELS = re.compile(r"\b(?:panels|elements|rows)\b")
_HOLDS_BOARDS = re.compile(r"^kind:\s*(?:ConfigMap|GrafanaDashboard)\b", re.MULTILINE)
_OF_A_SHIPPER = re.compile(r"scrape_configs|(?:\\[nt]|\b)loki\.(?:source\.\w+|write|process)\s+\\?[\"']")
"""Also in quotes, where a line before it ends in an escape (`\\n`)."""


class _SourceReading:
    """What was read so far; `skipped` are files of directories that are nothing lint knows, `broken` what is wrong with
    those that are and cannot be read."""

    def __init__(self) -> None:
        self.boards: list[LintedDashboard] = []
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
    reading = _SourceReading()
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
    """Grafana's provisioning file, also in ConfigMaps and Secrets (all keys together), an answer of /api/datasources,
    or one of /api/frontend/settings."""
    text = read_given(path, "check path and rights")
    try:
        whole = [one for one in yaml.safe_load_all(text) if one is not None]
        of_kubernetes = any(isinstance(one, Mapping) and "kind" in one for one in whole)
        documents = load(text, str(path)) if of_kubernetes else []
        keys = [key for document in documents for item in objects(document) for key in keys_of(item) or ()]
        held = [yaml.safe_load(key.text) for key in keys if "datasources" in key.text]
    except yaml.YAMLError as error:
        place, words = yaml_problem(error)
        raise ConfigError(f"{path}{place}: {words}", "is it JSON or YAML?") from error
    document: Any = whole[0] if len(whole) == 1 and not keys else None
    if keys:
        provisioned = [one.get("datasources") for one in held if isinstance(one, Mapping)]
        document = {"datasources": [one for listed in provisioned if isinstance(listed, list) for one in listed]}
    listed = document.get("datasources") if isinstance(document, Mapping) else document
    if isinstance(listed, Mapping):
        return Datasources.from_settings(document)
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise InputError(f"{path}: no list of datasources", "give the provisioning file or /api/datasources")
    return Datasources({str(one.get("name") or one.get("uid")): one for one in listed})


def _files(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if p.suffix in SUFFIXES and p.is_file())


def _read(path: Path, reading: _SourceReading, env: Mapping[str, str]) -> bool:
    """Whether the file is something lint knows; it is then part of `reading`."""
    text = read_given(path, "check path and rights")
    known = False
    if path.suffix == ".logql":
        reading.questions.append(file_question(str(path), text))
        known = True
    elif path.suffix == ".json":
        document = _json(text, str(path))
        if isinstance(document, Mapping) and str(document.get("kind")).endswith(("List", "ConfigMap", "Secret")):
            # JSON is YAML, which knows its places.
            known = _read_yaml(path, text, reading, env)
        else:
            known = _dashboards(document, path, text, 1, reading)
    elif path.suffix == ".tpl":
        known = _read_named_templates(path, text, reading)
    elif is_alloy(text, str(path)):
        reading.shippers.append(ShipperFile(parse_shipper(text, str(path), env), text))
        known = True
    elif path.suffix in (".yaml", ".yml"):
        known = _read_yaml(path, text, reading, env)
    if known:
        reading.texts.append((str(path), text))
    return known


def _read_yaml(path: Path, text: str, reading: _SourceReading, env: Mapping[str, str]) -> bool:
    of_a_shipper = bool(_OF_A_SHIPPER.search(text))
    chart = _chart_of_template(path) if "{{" in text else None
    template = text if chart else ""
    if template and not of_a_shipper and not _HOLDS_BOARDS.search(text):
        return False
    if template and reading.in_directory and (of_a_shipper or ".Files." in text):
        # What it inserts are files of the chart, which are read by themselves.
        return False
    if template and of_a_shipper:
        raise ConfigError(f"{path}: a shipper's configuration in a template is not read here", BY_HELM)
    if chart:
        text = _rendered(path, text, chart, reading)
    if reading.in_directory and not of_a_shipper and not _MAY_HOLD_PANELS.search(text):
        return False
    try:
        documents = load(text, str(path))
    except ConfigError:
        if "{{" in text:
            # A template outside of a chart is not YAML before it is rendered.
            return False
        raise
    known = False
    if of_a_shipper:
        found = parse_shippers(text, str(path), env, documents)
        reading.shippers += [ShipperFile(config, text) for _, config in found]
        known = bool(found)
    whole = False
    for item in (item for document in documents for item in objects(document)):
        keys = keys_of(item)
        whole |= keys is None and item.is_map()
        for one in keys or ():
            known |= _key(one, path, template, text, reading)
    if whole and _MAY_HOLD_PANELS.search(text):
        for document in yaml.load_all(text, Loader=Loader):
            known |= _dashboards(document, path, "", 1, reading)
    if chart and not known and not reading.in_directory:
        # What was not followed may be why: that is said.
        render_template(template, path, chart)
    return known


def _read_named_templates(path: Path, text: str, reading: _SourceReading) -> bool:
    """Whether a file of named templates holds dashboards, as far as each is JSON without Helm. ConfigError for a file
    that is named and holds none that can be read."""
    known, left = False, ""
    chart = chart_of(path)
    for name, body, first in named_templates(text):
        if not body.lstrip().startswith("{") or not _MAY_HOLD_PANELS.search(body):
            continue
        try:
            body = render_template(body, path, chart, UNKNOWN) if chart else body
            document = json.loads(body)
        except (ConfigError, ValueError):
            left = f"{path}:{first}: the template {name} is not JSON before Helm ran"
            reading.skipped.append(f"{path}:{first}: template {name}")
            continue
        known |= _dashboards(document, path, body, first, reading)
    if left and not known and not reading.in_directory:
        raise ConfigError(left, BY_HELM)
    return known


def _key(one: Embedded, path: Path, template: str, text: str, reading: _SourceReading) -> bool:
    """Whether a key of a ConfigMap or Secret holds a dashboard; what is none of ours is left out with a note."""
    first = one.first_line
    if template:
        # What stands in front of the key may have more or fewer lines when it is rendered.
        first += _row(template, one.key) - _row(text, one.key)
    # A text in quotes stands on one line of the file.
    body = one.text.replace("\n", " ") if one.escaped else one.text
    of_json = one.key.endswith(".json") or one.key == "json"
    may = of_json and _MAY_HOLD_PANELS.search(one.text)
    if may and _dashboards(_json(one.text, f"{path}:{one.key}"), path, body, first, reading):
        return True
    if not _OF_A_SHIPPER.search(one.text):
        reading.skipped.append(f"{path}:{first}: {one.name}")
    return False


def _chart_of_template(path: Path) -> Path | None:
    """The Helm chart that a file is a template of, None for any other file."""
    chart = chart_of(path)
    return chart if chart is not None and path.resolve().is_relative_to(chart / "templates") else None


def _rendered(path: Path, text: str, chart: Path, reading: _SourceReading) -> str:
    """A template as Helm renders it; "" for one of a directory that cannot be rendered here, ConfigError for one that
    is named."""
    try:
        return render_template(text, path, chart, UNKNOWN)
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


def _dashboards(document: Any, path: Path, text: str, first_line: int, reading: _SourceReading) -> bool:
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
