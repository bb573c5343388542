"""Reads the files that lint is given, and finds out what each is."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from obs_check.client.files.log_tree import list_files
from obs_check.client.files.text_files import read_given
from obs_check.documents.embedded import Embedded, keys_of, objects
from obs_check.documents.helm_template import (
    BY_HELM,
    UNKNOWN,
    chart_of,
    chart_of_template,
    named_templates,
    render_template,
)
from obs_check.documents.yaml_tree import Loader, load, load_plain
from obs_check.errors import ConfigError, InputError, UsageError
from obs_check.lint.board import LintedDashboard, read_boards
from obs_check.lint.charts import RenderedChart, RenderedTemplate, render_charts
from obs_check.lint.material import Material, ShipperFile, Tree
from obs_check.lint.other_lines import OF_TOOLS, files_around, other_lines
from obs_check.lint.question import Question, file_question
from obs_check.lint.sample import read_sample
from obs_check.logql.settings import EngineSettings
from obs_check.model.secret import yaml_problem
from obs_check.panel.dashboard import NoPanels, is_perses
from obs_check.panel.datasource import Datasources
from obs_check.shipper.read import is_alloy, parse_shipper, parse_shippers
from obs_check.shipper.wrapping import is_prometheus_text

SUFFIXES = (".json", ".yaml", ".yml", ".logql", ".alloy", ".river", ".tpl")
_ALLOY = {".alloy", ".river"}
_ALWAYS_OURS = {".logql", *_ALLOY}
_COMPONENT = re.compile(r'^[ \t]*([a-z_]+(?:\.[a-z_]+)+)[ \t]+"(\w+)"[ \t]*\{', re.MULTILINE)
_DASHBOARD_KEYS = {"panels", "rows", "elements", "templating", "schemaVersion"}
_MAY_HOLD_PANELS = re.compile(r"\b(?:panels|elements|rows)\b")
_KEYS = re.compile(r'\\?"(?:panels|elements|rows)\\?"\s*:')
"""What JSON of a dashboard has, also as a text in a ConfigMap."""
_HOLDS_BOARDS = re.compile(r"^kind:\s*(?:ConfigMap|GrafanaDashboard)\b", re.MULTILINE)
_IS_MANIFEST = re.compile(r"^[ \t-]*kind:\s*(?:ConfigMap|Secret|GrafanaDashboard)\b", re.MULTILINE)
_OF_A_SHIPPER = re.compile(r"scrape_configs|(?:\\[nt]|\b)loki\.(?:source\.\w+|write|process)\s+\\?[\"']")
"""Also in quotes, where a line before it ends in an escape (`\\n`)."""

_FILLED_IN = {".ftl", ".tpl", ".tmpl", ".template", ".gotmpl", ".mustache", ".hbs", ".erb", ".j2", ".jinja", ".jinja2"}
"""What stands in front of the ending of a file that a program makes another one of."""
_OF_HELM = re.compile(r"\{\{[^}]*(?:\.(?:Values|Release|Chart|Files|Capabilities)\b|\b(?:include|toYaml|tpl)\s)")
_ESCAPED = re.compile(r"\$\$(?!hashKey\b)(?=[\w{])")
"""Flux (`postBuild` of a Kustomization) replaces `${NAME}` in manifests, and leaves one `$` of two; `$$hashKey` is a
key of old dashboards that no query has."""
_TAKEN = re.compile(r"(?<!\$)\$\{([A-Za-z_]\w*)(?:\}|:?[-=])|\benv\(\\?\"(\w+)\\?\"\)")
_WITH_DEFAULT = re.compile(r"\$\{\w+:?[-=]([^{}\"]*)\}")


_NEITHER = "neither a dashboard, a query nor a shipper configuration"
_PERSES = "a dashboard of Perses"


class _SourceReading:
    """What was read so far; `skipped` says what was left out, `broken` what is wrong with files of directories that
    cannot be read, `perses` which files hold dashboards of Perses."""

    def __init__(self) -> None:
        self.rendered: dict[str, RenderedTemplate] = {}
        self.perses: set[str] = set()
        self.notes: list[str] = []
        self.boards: list[LintedDashboard] = []
        self.shippers: list[ShipperFile] = []
        self.questions: list[Question] = []
        self.texts: list[tuple[str, str]] = []
        self.skipped: list[str] = []
        self.broken: list[UsageError] = []
        self.other_lines: list[tuple[str, frozenset[str]]] = []
        self.in_directory = False
        self.components: set[str] = set()
        """The ids of Alloy's components in the files of the directory."""


def read_material(
    paths: Sequence[Path],
    samples: Sequence[str],
    datasources: Path | None,
    root: Path | None,
    env: Mapping[str, str],
    settings: EngineSettings,
) -> tuple[Material, list[str], list[UsageError]]:
    """The material, sentences on what was left out, and what is wrong with files of directories that are broken. Charts
    are rendered by the `helm` on the PATH of `env`, where there is one. Raises InputError, ConfigError or UsageError
    for a named file that is broken, or is nothing that lint knows."""
    reading = _SourceReading()
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file or directory", "name dashboards, queries or configurations")
        reading.in_directory = path.is_dir()
        charts = render_charts(path, env, reading.notes)
        files = _files(path, charts)
        reading.components = set(_components(files)) if path.is_dir() else set()
        for file in files:
            try:
                known = _read(file, reading, env)
            except UsageError as error:
                if not path.is_dir():
                    raise
                reading.broken.append(error)
                if file.suffix != ".json":
                    reading.other_lines.append((f"{file}", frozenset()))
                continue
            if not known and not path.is_dir():
                raise _unknown(file, reading)
            if not known:
                reading.skipped.append(f"{file} is {_PERSES if str(file) in reading.perses else _NEITHER}")
        for chart in charts:
            _read_chart(chart, reading, env)
    if not reading.texts and not reading.broken:
        raise InputError(f"nothing to lint below {', '.join(map(str, paths))}", f"files end in {', '.join(SUFFIXES)}")
    instances = read_datasources(datasources) if datasources else None
    tree = Tree(root, tuple(list_files(root, ["/"], settings.now_ns()))) if root else None
    own = " ".join(shipper.text for shipper in reading.shippers)
    others = [who for who, names in reading.other_lines if not any(name in own for name in names)]
    others += [one for shipper in reading.shippers for one in shipper.config.other_lines]
    material = Material(
        tuple(reading.boards),
        tuple(reading.shippers),
        tuple(reading.questions),
        tuple(read_sample(given, settings) for given in samples),
        instances,
        tree,
        tuple(reading.texts),
        reading.rendered,
        (
            *reading.notes,
            *(f"{one} brings lines to Loki whose labels are not read: none is called unset" for one in others),
        ),
        tuple(path for path in paths if path.is_dir()),
        tuple(others),
    )
    return material, reading.skipped, reading.broken


def read_datasources(path: Path) -> Datasources:
    """Grafana's provisioning file, also in ConfigMaps and Secrets (all keys together), an answer of /api/datasources,
    or one of /api/frontend/settings."""
    text = read_given(path, "check path and rights")
    try:
        whole = load_plain(text)
        of_kubernetes = any(isinstance(one, Mapping) and "kind" in one for one in whole)
        documents = load(text, str(path)) if of_kubernetes else []
        keys = [key for document in documents for item in objects(document) for key in keys_of(item) or ()]
        held = [yaml.load(key.text, Loader) for key in keys if "datasources" in key.text]
    except yaml.YAMLError as error:
        place, words = yaml_problem(error)
        raise ConfigError(f"{path}{place}: {words}", "is it JSON or YAML?") from error
    document: Any = whole[0] if len(whole) == 1 and not keys else None
    if keys:
        provisioned = [one.get("datasources") for one in held if isinstance(one, Mapping)]
        document = {"datasources": [one for listed in provisioned if isinstance(listed, list) for one in listed]}
    listed = document.get("datasources") if isinstance(document, Mapping) else document
    each = list(listed.values()) if isinstance(listed, Mapping) else listed
    if not isinstance(each, list) or not all(isinstance(one, Mapping) for one in each):
        raise InputError(f"{path}: datasources are not a list", "give the provisioning file or /api/datasources")
    if isinstance(listed, Mapping):
        return Datasources.from_settings(document)
    return Datasources({str(one.get("name") or one.get("uid")): one for one in each})


def _unknown(file: Path, reading: _SourceReading) -> InputError:
    if str(file) in reading.perses:
        return InputError(f"{file}: {_PERSES}", "obs-check reads dashboards of Grafana: give that one")
    return InputError(f"{file}: {_NEITHER}", f"files end in {', '.join(SUFFIXES)}")


def _files(path: Path, charts: Sequence[RenderedChart]) -> list[Path]:
    """The files to read of a path, without those that rendered charts stand for."""
    if not path.is_dir():
        return [] if any(chart.templates for chart in charts) else [path]
    found = (one for one in files_around(path, OF_TOOLS) if one.suffix in SUFFIXES and one.is_file())
    return sorted(one for one in found if not any(chart.stands_for(one) for chart in charts))


def _components(files: Sequence[Path]) -> Iterator[str]:
    """What other files of a folder may refer to: Alloy 1.18 takes all of a folder for one configuration."""
    for file in files:
        if file.suffix in _ALLOY:
            with contextlib.suppress(OSError):
                yield from (".".join(found) for found in _COMPONENT.findall(file.read_text("utf-8", "replace")))


def _read(path: Path, reading: _SourceReading, env: Mapping[str, str]) -> bool:
    """Whether the file is something lint knows; it is then part of `reading`."""
    try:
        text = read_given(path, "check path and rights")
    except InputError as error:
        of_bytes = error.__cause__.object if isinstance(error.__cause__, UnicodeDecodeError) else b""
        if path.suffix in (".yaml", ".yml") and of_bytes.startswith((b"\xff\xfe", b"\xfe\xff")):
            # YAML 1.2 may be of that coding, and promtail 3.5 reads it.
            return _read_text(path, of_bytes.decode("utf-16", "replace"), reading, env)
        # UTF-16 has a zero beside each letter of the words that are looked for.
        if reading.in_directory and of_bytes and not _is_hopeful(path, of_bytes.decode("latin-1").replace("\0", "")):
            return False
        raise
    return _read_text(path, text, reading, env)


def _read_text(path: Path, text: str, reading: _SourceReading, env: Mapping[str, str]) -> bool:
    shippers = len(reading.shippers)
    known = False
    if path.suffix == ".logql":
        reading.questions.append(file_question(str(path), text))
        known = True
    elif path.suffix == ".json" and reading.in_directory and not _is_hopeful(path, text):
        # Other programs' files, some of them with comments, are not read for what they are.
        return False
    elif path.suffix == ".json" and reading.in_directory and _is_template(text):
        return False
    elif path.suffix == ".json":
        document, text = _first_json(text, str(path), reading)
        if isinstance(document, Mapping) and str(document.get("kind")).endswith(("List", "ConfigMap", "Secret")):
            # JSON is YAML, which knows its places.
            known = _read_yaml(path, text, reading, env)
        else:
            known = _dashboards(document, path, text, 1, reading)
    elif path.suffix == ".tpl":
        known = _read_named_templates(path, text, reading)
    elif is_alloy(text, str(path)):
        config = parse_shipper(text, str(path), _told(text, env), reading.components)
        reading.shippers.append(ShipperFile(config, text))
        known = True
    elif path.suffix in (".yaml", ".yml"):
        known = _read_yaml(path, text, reading, env)
    if known:
        reading.texts.append((str(path), text))
    if path.suffix in (".yaml", ".yml") and len(reading.shippers) == shippers:
        reading.other_lines += [(f"{path}:{line}: {way}", names) for line, way, names in other_lines(text)]
    return known


def _is_template(text: str) -> bool:
    """Whether JSON without queries, or with actions of Helm, is none before a program fills it in."""
    if not (_OF_HELM.search(text) or ("{{" in text and '"targets"' not in text)):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return True
    return False


def _is_hopeful(path: Path, text: str) -> bool:
    """Whether a file shows a sign of a dashboard, a query or a shipper's configuration."""
    of_panels = _KEYS if path.suffix == ".json" else _MAY_HOLD_PANELS
    return path.suffix in _ALWAYS_OURS or bool(of_panels.search(text) or _OF_A_SHIPPER.search(text))


def _read_yaml(path: Path, text: str, reading: _SourceReading, env: Mapping[str, str]) -> bool:
    chart = chart_of_template(path) if "{{" in text else None
    template = text if chart else ""
    if chart and _OF_A_SHIPPER.search(text):
        return _read_shipper_template(path, text, chart, reading, env)
    if template and not _HOLDS_BOARDS.search(text):
        return False
    if template and reading.in_directory and ".Files." in text:
        # What it inserts are files of the chart, which are read by themselves.
        return False
    if chart:
        text = _rendered(path, text, chart, reading)
    known = _read_documents(path, text, template, reading, env)
    if chart and not known and not reading.in_directory:
        # What was not followed may be why: that is said.
        render_template(template, path, chart)
    return known


def _read_shipper_template(path: Path, text: str, chart: Path, reading: _SourceReading, env: Mapping[str, str]) -> bool:
    """Whether a template holds a shipper's configuration. It is read where all of its data can be rendered without
    Helm: what stands in for a value would say what the shipper does. ConfigError for one that is named and is not."""
    if is_prometheus_text(text):
        return False
    try:
        rendered = RenderedTemplate(path, text, render_template(text, path, chart))
    except ConfigError:
        if reading.in_directory:
            return False
        raise
    return _read_rendered(rendered, reading, env)


def _read_rendered(template: RenderedTemplate, reading: _SourceReading, env: Mapping[str, str]) -> bool:
    """Whether what a template becomes holds something that lint knows, which is then said of the template."""
    reading.rendered[template.name] = template
    return _read_documents(Path(template.name), template.rendered, "", reading, env)


def _read_chart(chart: RenderedChart, reading: _SourceReading, env: Mapping[str, str]) -> None:
    """The templates of a chart as Helm renders them, but for what they insert of the chart's files that were read by
    themselves."""
    boards, shippers = list(reading.boards), list(reading.shippers)
    for template in chart.templates:
        first_board, first_shipper = len(reading.boards), len(reading.shippers)
        try:
            known = _read_rendered(template, reading, env)
        except UsageError as error:
            if not reading.in_directory:
                raise
            reading.broken.append(error)
            continue
        if not known:
            if not reading.in_directory:
                raise _unknown(template.path, reading)
            continue
        models = [board.dashboard.document for board in boards if Path(board.path).is_relative_to(chart.folder)]
        new = [board for board in reading.boards[first_board:] if board.dashboard.document not in models]
        own = [one.config.text.strip() for one in shippers if Path(one.config.file).is_relative_to(chart.folder)]
        added = [one for one in reading.shippers[first_shipper:] if one.config.text.strip() not in own]
        reading.boards[first_board:], reading.shippers[first_shipper:] = new, added
        reading.texts.append((str(template.path), template.source or template.rendered))


def _read_documents(path: Path, text: str, template: str, reading: _SourceReading, env: Mapping[str, str]) -> bool:
    """Whether YAML holds something that lint knows; `template` is what it was rendered from here, "" for none."""
    of_a_shipper = bool(_OF_A_SHIPPER.search(text))
    if reading.in_directory and not _is_hopeful(path, text):
        return False
    try:
        documents = load(text, str(path))
    except ConfigError:
        if reading.in_directory and _FILLED_IN & {*path.suffixes[:-1], f".{path.stem.rpartition('-')[2]}"}:
            return False
        ours = (of_a_shipper and not is_prometheus_text(text)) or _IS_MANIFEST.search(text)
        if "{{" in text or (reading.in_directory and (template or not ours)):
            # A template outside of a chart is not YAML before it is rendered.
            return False
        raise
    known = False
    wrong: list[ConfigError] = []
    if of_a_shipper:
        found = parse_shippers(text, str(path), _told(text, env), documents, failed=wrong)
        reading.shippers += [ShipperFile(config, text) for _, config in found]
        known = bool(found)
        if wrong and reading.in_directory and (is_prometheus_text(text) or _OF_HELM.search(text)):
            reading.skipped += [f"{error.message}: left out, a template that Helm fills in" for error in wrong]
            reading.other_lines.append((str(path), frozenset()))
            wrong.clear()
    failed: list[UsageError] = [*wrong]
    whole = False
    for item in (item for document in documents for item in objects(document)):
        keys = keys_of(item)
        whole |= keys is None and item.is_map()
        for one in keys or ():
            try:
                known |= _key(one, path, template, text, reading)
            except UsageError as error:
                if template and reading.in_directory:
                    reading.skipped.append(f"{path}:{one.first_line}: {one.name} is not JSON before Helm ran")
                else:
                    failed.append(error)
    if whole and _MAY_HOLD_PANELS.search(text):
        known |= _whole_documents(path, text, reading)
    if len(failed) == 1 and not known:
        raise failed[0]
    reading.broken += failed
    if any(isinstance(error, ConfigError) for error in failed):
        # Which labels that one sets is not known.
        reading.other_lines.append((f"{path}", frozenset()))
    return known or bool(failed)


def _whole_documents(path: Path, text: str, reading: _SourceReading) -> bool:
    """Whether documents of YAML are dashboards. Grafana itself reads YAML only where an API's version says what it is:
    another one that is none is what a program of a directory makes dashboards from."""
    known = False
    try:
        for document in load_plain(_applied(text)):
            try:
                known |= _dashboards(document, path, "", 1, reading)
            except InputError:
                if not reading.in_directory or (isinstance(document, Mapping) and "apiVersion" in document):
                    raise
    except yaml.YAMLError as error:
        if not reading.in_directory:
            place, words = yaml_problem(error)
            raise ConfigError(f"{path}{place}: {words}", "correct that line") from error
    return known


def _has_elements(held: Mapping[str, Any]) -> bool:
    """Whether a document has a schema v2 dashboard's elements: drawings, maps and graphs have such a key, too."""
    elements = held.get("elements")
    kinds = elements.values() if isinstance(elements, Mapping) and "layout" in held else ()
    return any(isinstance(one, Mapping) and "kind" in one for one in kinds)


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
        except (ConfigError, ValueError, RecursionError):
            left = f"{path}:{first}: the template {name} is not JSON before Helm ran"
            reading.skipped.append(f"{path}:{first}: template {name} is not JSON before Helm ran")
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
    applied = _applied(one.text)
    # A text in quotes stands on one line of the file.
    body = applied.replace("\n", " ") if one.escaped else applied
    of_json = one.key.endswith(".json") or one.key == "json"
    may = of_json and _MAY_HOLD_PANELS.search(applied)
    document = _json(applied, f"{path}:{one.key}") if may else None
    try:
        if _dashboards(document, path, body, first, reading):
            return True
    except NoPanels as error:
        reading.skipped.append(error.message)
        return False
    if not _OF_A_SHIPPER.search(one.text) or is_prometheus_text(one.text):
        reading.skipped.append(f"{path}:{first}: {one.name} is {_PERSES if is_perses(document) else _NEITHER}")
    return False


def _told(text: str, env: Mapping[str, str]) -> Mapping[str, str] | None:
    """The environment, None where it lacks a variable that a configuration takes: its machine may have it."""
    taken = (found[1] or found[2] for found in _TAKEN.finditer(text))
    return env if all(name in env for name in taken) else None


def _applied(text: str) -> str:
    """A text of a manifest as the cluster gets it, where Flux builds it: no query has `$$NAME` or `${NAME:=x}` by
    itself."""
    return _WITH_DEFAULT.sub(r"\1", _ESCAPED.sub("$", text)) if "$" in text else text


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


def _first_json(text: str, name: str, reading: _SourceReading) -> tuple[Any, str]:
    """The document of a file and its text, without what stands behind it: Grafana 9.4 and Go's decoder do not look
    there."""
    try:
        document, end = json.JSONDecoder().raw_decode(text, len(text) - len(text.lstrip()))
    except (ValueError, RecursionError):
        return _json(text, name), text
    if text[end:].strip():
        reading.notes.append(f"{name}: what stands behind the dashboard's last brace is left out")
    return document, text[:end]


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        # Grafana refuses it, too, when it provisions.
        hint = "save it without the byte order mark" if text.startswith("\ufeff") else "export the dashboard again"
        raise InputError(f"{name}: not JSON: {error}", hint) from error


def _dashboards(document: object, path: Path, text: str, first_line: int, reading: _SourceReading) -> bool:
    if is_perses(document):
        reading.perses.add(str(path))
        return False
    held = document
    while isinstance(held, Mapping) and not _DASHBOARD_KEYS & held.keys():
        held = held.get("dashboard", held.get("spec"))
    if not isinstance(held, Mapping) or isinstance(held.get("panels"), Mapping):
        # What a dashboard has to read (NAME.expect.yaml) has a mapping of panels.
        return False
    if not isinstance(held.get("templating", {}), Mapping | None) and '"targets"' not in json.dumps(held, default=str):
        # What dashboards are generated from.
        return False
    if reading.in_directory and not ({"templating", "schemaVersion"} & held.keys() or _has_elements(held)):
        # Other documents list panels, too, by name.
        listed = held.get("panels") or held.get("rows")
        if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
            return False
    try:
        reading.boards += read_boards(document, str(path), text, first_line)
    except NoPanels:
        # A directory may hold dashboards that nobody filled; a file that is named has to have panels.
        if reading.in_directory:
            return False
        raise
    return True
