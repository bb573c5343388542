"""One mapping of obs-check.yaml, read by key, with the line kept for messages; and secrets by reference."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import yaml

from obs_check.documents.nearest import check_keys
from obs_check.errors import ConfigError
from obs_check.model.paths import AbsoluteGlob, AbsolutePath, absolute_glob, absolute_path
from obs_check.model.secret import hide_value

PORTS = {"http": 80, "https": 443}


class Secret:
    """A secret by reference: read once, when it is needed, never shown. `source` names it, for example `file token`."""

    __slots__ = ("_read", "_value", "source")

    def __init__(self, source: str, read: Callable[[], str]) -> None:
        self.source = source
        self._read = read
        self._value: str | None = None

    def reveal(self) -> str:
        """The value, without blanks around it. Raises ConfigError when it is not there, or when no header can carry
        it: then the HTTP library would put all of it into its message."""
        if self._value is None:
            value = self._read().strip(" \t\r\n")
            if not value:
                raise ConfigError(
                    f"{self.source} is empty or not set", "set it: the configuration refers to it for a token"
                )
            hide_value(value)
            if wrong := _NO_HEADER.search(value):
                raise ConfigError(
                    f"{self.source}: character {wrong.start() + 1} is {_kind(wrong[0])}, which no header can carry",
                    "it has to be one line of plain ASCII: copy the token again",
                )
            self._value = value
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.source}, hidden)"


_COMMAND_S = 30.0
"""How long a command may take to print a secret."""
_NO_HEADER = re.compile(r"[^\x20-\x7e]")


def _kind(character: str) -> str:
    """A character in words, without showing it."""
    if character in "\r\n":
        return "a line break"
    if character == "\ufeff":
        return "a byte order mark"
    return "a control character" if ord(character) < 0x20 or character == "\x7f" else "not ASCII"


class Section:
    """One mapping of the file, read by key with the line kept for messages."""

    def __init__(self, node: yaml.Node | None, file: Path, name: str, env: Mapping[str, str]) -> None:
        self.file = file
        self.given = node is not None
        self._node = node
        self._name = name
        self._env = env
        self._keys: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        if node is None:
            return
        if not isinstance(node, yaml.MappingNode):
            raise ConfigError(f"{self.place()}: {name or 'the file'} has to be a mapping", "write key: value")
        for key, value in node.value:
            text = str(key.value)
            if text in self._keys:
                raise ConfigError(f"{self.place(key)}: {self._full(text)} is given twice", "keep one of them")
            self._keys[text] = (key, value)

    def place(self, node: yaml.Node | None = None) -> str:
        """file:line of a node, of the section itself without one."""
        at = node or self._node
        return f"{self.file}:{at.start_mark.line + 1}" if at else str(self.file)

    def place_of(self, key: str) -> str:
        """file:line of a key; "" where it is absent."""
        return self.place(self._keys[key][0]) if key in self._keys else ""

    def _full(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def only(self, *known: str) -> None:
        """Raise ConfigError for the first key that is not known, with the nearest one that is."""
        within = f": {self._name}" if self._name else ""
        check_keys({key: f"{self.place(node)}{within}" for key, (node, _) in self._keys.items()}, known)

    def section(self, key: str, *known: str) -> "Section":
        """The mapping under a key (empty when absent) with its keys checked."""
        child = Section(self._value(key), self.file, self._full(key), self._env)
        child.only(*known)
        return child

    def items(self, key: str, *known: str) -> list["Section"]:
        """The mappings of the list under a key (none when absent) with their keys checked."""
        value = self._value(key)
        if value is None:
            return []
        if not isinstance(value, yaml.SequenceNode):
            raise ConfigError(f"{self.place(value)}: {self._full(key)} has to be a list", "begin each with - ")
        found = [Section(node, self.file, f"{self._full(key)}[{n}]", self._env) for n, node in enumerate(value.value)]
        for child in found:
            child.only(*known)
        return found

    def _value(self, key: str) -> yaml.Node | None:
        value = self._keys[key][1] if key in self._keys else None
        return None if value is None or value.tag == "tag:yaml.org,2002:null" else value

    def text(self, key: str) -> str | None:
        """A scalar as text."""
        value = self._value(key)
        if value is None:
            return None
        if not isinstance(value, yaml.ScalarNode):
            raise ConfigError(f"{self.place(value)}: {self._full(key)} has to be a text", "write one value")
        return str(value.value)

    def name(self, key: str) -> str | None:
        """A text that a program gets as an argument: neither empty nor an option, whatever it is called."""
        text = self.text(key)
        if text is not None and (not text.strip() or text.startswith("-")):
            said = "is an option, not a name" if text.strip() else "is empty"
            raise ConfigError(f"{self.place(self._value(key))}: {self._full(key)} {said}: {text!r}", "write its name")
        return text

    def needed_name(self, key: str) -> str:
        """As `name`; ConfigError where it is absent."""
        self.needed(key)
        return self.name(key) or ""

    def _texts(self, key: str) -> list[str] | None:
        """A list of texts, at least one."""
        value = self._value(key)
        if value is None:
            return None
        scalars = isinstance(value, yaml.SequenceNode) and all(isinstance(one, yaml.ScalarNode) for one in value.value)
        if not scalars or not value.value:
            raise ConfigError(
                f"{self.place(value)}: {self._full(key)} has to be a list of program and arguments",
                "for example [pass, show, grafana]",
            )
        return [str(one.value) for one in value.value]

    def needed(self, key: str) -> str:
        """A scalar as text; ConfigError where it is absent or empty."""
        value = self.text(key)
        if not value:
            raise ConfigError(f"{self.place()}: {self._full(key)} is missing", f"add {key}:")
        return value

    def url(self, key: str) -> str | None:
        """An http(s) URL without credentials and without a trailing slash."""
        text = self.text(key)
        if text is None:
            return None
        where = self.place(self._keys[key][1])
        try:
            parts = urlsplit(text)
            sound = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        if not sound:
            raise ConfigError(
                f"{where}: {self._full(key)} is not an http or https URL", "for example https://loki.example"
            )
        if parts.username is not None or parts.password is not None:
            raise ConfigError(
                f"{where}: {self._full(key)} holds credentials", "take them out of the URL and refer to a token"
            )
        return text.rstrip("/")

    def path(self, key: str) -> AbsolutePath | None:
        """A path; relative ones start at the file's directory."""
        text = self.text(key)
        return None if text is None else absolute_path(text, self.file.parent)

    def glob(self, key: str) -> AbsoluteGlob | None:
        """A glob; relative ones start at the file's directory."""
        text = self.text(key)
        return None if text is None else absolute_glob(text, self.file.parent)

    def integer(self, key: str) -> int | None:
        """A whole number above 0."""
        text = self.text(key)
        if text is None:
            return None
        if not text.isdecimal() or int(text) < 1:
            raise ConfigError(
                f"{self.place(self._keys[key][1])}: {self._full(key)} is not a whole number", "for example 1"
            )
        return int(text)

    def seconds(self, key: str, default: float) -> float:
        """A number of seconds, 0 or more."""
        text = self.text(key)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            raise ConfigError(
                f"{self.place(self._keys[key][1])}: {self._full(key)} is not a number of seconds",
                f"for example {default:g}",
            )
        return value

    def kind(self, key: str) -> Literal["promtail", "alloy"]:
        """The kind of shipper."""
        text = self.text(key)
        if text is None or text == "promtail":
            return "promtail"
        if text == "alloy":
            return "alloy"
        raise ConfigError(
            f"{self.place(self._keys[key][1])}: {self._full(key)} is neither promtail nor alloy", "write one of the two"
        )

    def secret(self, key: str) -> Secret | None:
        """A reference to a secret; a value in the file is refused without being repeated."""
        value = self._value(key)
        if value is None:
            return None
        where, full = self.place(value), self._full(key)
        if not isinstance(value, yaml.MappingNode):
            raise ConfigError(
                f"{where}: {full} holds a value",
                f"write {key}: {{env: NAME}} or {key}: {{file: PATH}}; revoke the old one",
            )
        reference = Section(value, self.file, full, self._env)
        reference.only("env", "file", "command")
        name, file, command = reference.text("env"), reference.path("file"), reference._texts("command")
        one_of_three = [name, file, command].count(None) == 2
        if one_of_three and command is not None:
            shown = f"{where}: the command of {full}"
            return Secret(shown, _from_command(command, self.file.parent, self._env, shown))
        if one_of_three and name is not None:
            # Whoever writes the token itself in the place of its name must not see it in a message.
            shown = f"environment variable {name}" if _VARIABLE.fullmatch(name) else f"{where}: the variable of {full}"
            return Secret(shown, _from_env(self._env, name))
        if one_of_three and file is not None:
            shown = f"file {file}" if _PATH.search(reference.text("file") or "") else f"{where}: the file of {full}"
            return Secret(shown, _from_file(file, shown))
        raise ConfigError(f"{where}: {full} needs exactly one of env, file and command", f"write {key}: {{env: NAME}}")


def _from_env(env: Mapping[str, str], name: str) -> Callable[[], str]:
    return lambda: env.get(name, "")


_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_PATH = re.compile(r"[/.]|^[a-z_-]{1,20}$")


def _from_command(command: list[str], folder: Path, env: Mapping[str, str], shown: str) -> Callable[[], str]:
    def read() -> str:
        import subprocess

        hint = "run it by hand: it has to print the secret and to end with 0"
        try:
            done = subprocess.run(
                command, cwd=folder, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, timeout=_COMMAND_S
            )
            if done.returncode:
                # What it said may hold the secret.
                raise ConfigError(f"{shown} ended with {done.returncode}", hint)
            return done.stdout.decode("utf-8")
        except subprocess.TimeoutExpired:
            raise ConfigError(f"{shown} did not end within {_COMMAND_S:g} s", hint) from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it printed what is not UTF-8 text"
            raise ConfigError(f"{shown} cannot be used: {reason}", hint) from None

    return read


def _from_file(file: Path, shown: str) -> Callable[[], str]:
    def read() -> str:
        try:
            return file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise ConfigError(f"{shown}: the secret cannot be read: {reason}", "check the path and its mode") from None

    return read
