"""A shipper's configuration, whatever its dialect and wrapping, into the neutral model."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import yaml

from obs_check.documents.embedded import Embedded, embedded, keys_of, objects
from obs_check.documents.helm_template import BY_HELM
from obs_check.documents.yaml_tree import YamlValue, load
from obs_check.errors import ConfigError
from obs_check.shipper.alloy.read import parse_alloy
from obs_check.shipper.environment import expand
from obs_check.shipper.model import ShipperConfig
from obs_check.shipper.promtail import parse_promtail
from obs_check.shipper.wrapping import ONE, promtail_texts, several_configurations, unwrap

_BLOCK = re.compile(r'^\s*(?:logging|[a-z_]+(?:\.[a-z_]+)+\s+"\w*")\s*\{', re.MULTILINE)
_LOKI = re.compile(r'^\s*loki\.[a-z_.]+\s+"\w*"\s*\{', re.MULTILINE)


_OF_HELM = re.compile(
    r"\{\{-?\s*(?:\.(?:Values|Release|Chart|Files)\b|(?:include|if|range|with|template|toYaml|tpl)\s)"
)
_SHORTEST_SECRET = 4
"""Characters of a variable's value from which it is taken for itself where it stands in a message."""


def read_shipper(path: Path, env: Mapping[str, str] | None) -> ShipperConfig:
    """The configuration in a file: promtail's YAML or Alloy's syntax, plain or in a ConfigMap, Secret or Helm values.

    `env` is for `${NAME}` (promtail) and `sys.env` (Alloy), None leaves them unexpanded. Raises ConfigError.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: not UTF-8 text (byte {error.start})", "give promtail's YAML, or Alloy's text"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", "check path and rights") from None
    return parse_shipper(text, str(path), env)


def parse_shipper(text: str, file: str, env: Mapping[str, str] | None, others: Collection[str] = ()) -> ShipperConfig:
    """As `read_shipper`, of a text; `file` is its name in messages, and its ending decides where it is known; `others`
    are ids of Alloy's components that further files have. Raises ConfigError, also where the text holds more than one
    configuration."""
    found = parse_shippers(text, file, env, others=others)
    if len(found) > 1:
        raise ConfigError(several_configurations(file, [name for name, _ in found]), ONE)
    if not found:
        # Says what is wrong with it.
        unwrap(text, file)
    return found[0][1]


def parse_shippers(
    text: str,
    file: str,
    env: Mapping[str, str] | None,
    documents: Sequence[YamlValue] | None = None,
    others: Collection[str] = (),
    failed: list[ConfigError] | None = None,
) -> list[tuple[str, ShipperConfig]]:
    """Every configuration in a text, with its name in messages: the text itself, or the keys of ConfigMaps and Secrets
    and Helm values, each by itself; `documents` are those of its YAML, where somebody has read it. Raises ConfigError
    for one that is broken; with `failed` the error is put there, and the others are read.

    What a message quotes may come from the environment, where secrets are: it is shown by the variable's name.
    """
    ways: list[tuple[str, Callable[[], ShipperConfig]]] = []
    with _told(file, env):
        if is_alloy(text, file):
            ways.append((file, partial(parse_alloy, [(text, 1)], file, env, _beside(file), others=others)))
        else:
            if documents is None:
                documents, text = _documents(text, file, env)
            for one, own in promtail_texts(documents, text, file, failed):
                ways.append((one.name, partial(parse_promtail, one, own, env)))
            for parts in _alloy_texts(documents):
                texts = [(one.text, one.first_line) for one in parts]
                alloy = partial(parse_alloy, texts, file, env, _beside(file), partial=not parts[0].key)
                ways.append((parts[0].name, alloy))
    found = []
    for name, read in ways:
        try:
            with _told(file, env):
                found.append((name, read()))
        except ConfigError as error:
            if failed is None:
                raise
            failed.append(error)
    return found


@contextmanager
def _told(file: str, env: Mapping[str, str] | None) -> Iterator[None]:
    """What goes wrong inside is a ConfigError that shows no value of the environment."""
    try:
        yield
    except ConfigError as error:
        told = (file.join(_named(part, env) for part in words.split(file)) for words in (error.message, error.hint))
        raise ConfigError(*told) from None
    except (ArithmeticError, LookupError, RecursionError, SyntaxError, TypeError, ValueError, yaml.YAMLError) as error:
        # Alloy's expressions compute with whatever stands there; the error's own text may quote a secret.
        raise ConfigError(
            f"{file}: an expression cannot be evaluated ({type(error).__name__})",
            "correct what `alloy validate` says of it",
        ) from None


def _documents(text: str, file: str, env: Mapping[str, str] | None) -> tuple[list[YamlValue], str]:
    """The documents of a YAML text, and the text: one that is not YAML before its references are expanded is taken as
    it is then."""
    try:
        return load(text, file), text
    except ConfigError as error:
        if _OF_HELM.search(text):
            raise ConfigError(error.message, BY_HELM) from None
        if env is None or "${" not in text:
            raise
        text = expand(text, env, file)
        return load(text, file), text


def _named(message: str, env: Mapping[str, str] | None) -> str:
    for name, value in sorted((env or {}).items(), key=lambda pair: -len(pair[1])):
        if len(value) >= _SHORTEST_SECRET and value in message:
            message = message.replace(value, f"${name}")
    return message


def _beside(file: str) -> Callable[[str], str | None]:
    """Reads a module that a configuration names, from its own folder where the path is relative; None for one that is
    not on this machine."""

    def source(name: str) -> str | None:
        try:
            path = Path(file).parent / name
            # Of a directory Alloy takes all of its own files for one module.
            files = sorted(path.glob("*.alloy")) if path.is_dir() else [path]
            return "\n".join(one.read_text(encoding="utf-8") for one in files) or None
        except (OSError, UnicodeDecodeError):
            return None

    return source


def alloy_parts(text: str, file: str) -> list[tuple[str, int]]:
    """The Alloy texts of the one configuration in a file, each with its first line: the file itself, or values of YAML;
    none for promtail's. Raises ConfigError for YAML that is none."""
    if is_alloy(text, file):
        return [(text, 1)]
    found = _alloy_texts(load(text, file)) if "loki." in text else []
    return [(one.text, one.first_line) for one in found[0]] if found else []


def is_alloy(text: str, file: str) -> bool:
    """True for a text in Alloy's own syntax, by the ending of its name or by its first statements."""
    if file.endswith((".alloy", ".river")):
        return True
    statements = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("//"))
    begins = _BLOCK.match(next(statements, "")) is not None
    if file.endswith((".yaml", ".yml", ".json")):
        # A block at the left edge, or in front of all else, is not YAML: Loki's own examples call an Alloy
        # configuration .yaml.
        at_edge = re.search(r'^loki\.[a-z_.]+\s+"\w+"\s*\{', text, re.MULTILINE)
        return bool(at_edge or (begins and _LOKI.search(text)))
    return begins or bool(_LOKI.search(text) and not re.search(r"^\s*[\w-]+:(\s|$)", text, re.MULTILINE))


def _alloy_texts(documents: Sequence[YamlValue]) -> list[list[Embedded]]:
    """The Alloy configurations in YAML. The keys of one ConfigMap are one configuration, as Alloy takes a directory,
    unless they name the same components: then each is one of its own."""
    found: list[list[Embedded]] = []
    for item in (item for document in documents for item in objects(document)):
        keys = keys_of(item)
        texts = [one for one in (_values(item) if keys is None else keys) if _LOKI.search(one.text)]
        names = [name for one in texts for name in set(_LOKI.findall(one.text))]
        if len(names) > len(set(names)):
            found += [[one] for one in texts]
        elif texts:
            found.append(texts)
    return found


def _values(value: YamlValue) -> list[Embedded]:
    """The texts in any YAML, such as Helm values."""
    if isinstance(value.data, dict):
        return [found for inner in value.data.values() for found in _values(inner)]
    if isinstance(value.data, list):
        return [found for inner in value.data for found in _values(inner)]
    return [embedded(value)] if isinstance(value.data, str) else []
