"""A Kubernetes cluster through kubectl, and so with the user's own authentication: lists, a pod's files, forwards."""

import os
import queue
import re
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from obs_check.client.answer import NoJson, decode_json
from obs_check.client.executors.kubectl import SAYINGS, kubectl_command, kubectl_environment
from obs_check.client.executors.process import ProcessRun, Saying, error_of_words, keep_errors, opened, read_output
from obs_check.config import ClusterConfig
from obs_check.errors import NotAllowed, Unavailable, UsageError
from obs_check.model.tree import Json

_ASK_S = 30.0
_CHUNK = 4096
_FORWARD_S = 30.0
"""Seconds until kubectl has to say where it listens."""
_LISTENS = re.compile(rb"(?m)^Forwarding from 127\.0\.0\.1:(\d{1,5}) ->")
"""kubectl 1.0 to 1.34, on standard output."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
"""RFC 1123, which Kubernetes holds names of objects to; so none begins with a hyphen and becomes an option."""
_SAYINGS = (
    Saying(
        r'cannot (\S+) resource "([^"]+)" in API group "([^"]*)" (at the cluster scope|in the namespace "[^"]+")',
        NotAllowed,
        r"not allowed: \1 on \2 \4",
        "give the role that verb on that resource there, or say --namespace for one that it may read",
    ),
    Saying(r"unknown flag|unknown shorthand", UsageError, "this kubectl is too old", "take kubectl 1.23 or later"),
    *SAYINGS,
)


def name_of(text: str, what: str) -> str:
    """A name of an object; UsageError for what Kubernetes does not name anything."""
    if not _NAME.fullmatch(text):
        raise UsageError(
            f"{text!r} is not a name of a {what} of Kubernetes", "write lower case letters, digits, - and ."
        )
    return text


@dataclass(frozen=True, slots=True)
class Cluster:
    """`config` names the context. Every method may raise Unavailable, NotAllowed with the verb and the resource, or
    UsageError where kubectl or the context is not there."""

    config: ClusterConfig
    env: Mapping[str, str]

    def check(self) -> None:
        """Whether kubectl is there and knows the context; the cluster is not asked."""
        self._json("config", "view", "--minify", "--output=json")

    def items(self, kind: str, namespace: str | None, selector: str = "") -> list[dict[str, Any]]:
        """The objects of a kind, in all namespaces without one."""
        where = f"--namespace={name_of(namespace, 'namespace')}" if namespace else "--all-namespaces"
        narrowed = (f"--selector={selector}",) if selector else ()
        found = self._json("get", kind, where, *narrowed, "--output=json").get("items")
        if not isinstance(found, list):
            raise Unavailable(f"{self.config.context}: kubectl's answer is not a list of {kind}", "run it by hand")
        return [one for one in found if isinstance(one, dict)]

    def item(self, kind: str, namespace: str, name: str) -> dict[str, Any]:
        """One object."""
        return self._json(
            "get", kind, name_of(name, kind), f"--namespace={name_of(namespace, 'namespace')}", "--output=json"
        )

    def printed(self, namespace: str, pod: str, program: str) -> str:
        """What a program of POSIX sh prints in a pod's default container."""
        where = f"--namespace={name_of(namespace, 'namespace')}"
        argv = self._argv("exec", "--stdin", where, name_of(pod, "pod"), "--", "sh", "-s")
        return read_output(ProcessRun(argv, program, _ASK_S, self.config.context, _SAYINGS, self._environment()))

    def forward(self, namespace: str, service: str, port: int) -> "Forward":
        """A port of this machine that leads to a service's."""
        where = f"--namespace={name_of(namespace, 'namespace')}"
        target = f"service/{name_of(service, 'service')}"
        argv = self._argv("port-forward", where, "--address=127.0.0.1", target, f":{port}")
        return Forward(argv, f"{self.config.context}: {namespace}/{service}", self._environment())

    def _argv(self, verb: str, *arguments: str) -> tuple[str, ...]:
        return (*kubectl_command(self.config.context, self.config.kubeconfig), verb, *arguments)

    def _environment(self) -> dict[str, str]:
        return kubectl_environment(self.config.kubeconfig, self.env)

    def _json(self, *arguments: str) -> dict[str, Json]:
        argv = self._argv(*arguments)
        text = read_output(ProcessRun(argv, "", _ASK_S, self.config.context, _SAYINGS, self._environment()))
        try:
            document = decode_json(text.encode())
        except NoJson:
            document = None
        if not isinstance(document, dict):
            raise Unavailable(f"{self.config.context}: kubectl's answer is not a JSON object", "run it by hand")
        return document


class Forward:
    """A `kubectl port-forward` that runs until `close`; `port` is where it listens on 127.0.0.1. Raises as Cluster."""

    def __init__(self, argv: Sequence[str], place: str, env: Mapping[str, str]) -> None:
        try:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(env)
            )
        except OSError as error:
            raise UsageError(f"{argv[0]} cannot be started: {error.strerror}", "is it on PATH?") from error
        ports: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        errors = bytearray()
        said = threading.Thread(target=keep_errors, args=(self._process, errors), daemon=True)
        said.start()
        threading.Thread(target=_find_port, args=(self._process, ports), daemon=True).start()
        try:
            port = self._listening(ports, place)
            if port is None:
                code = self._process.wait(5)
                said.join(5)
                words = errors.decode("utf-8", "replace")
                raise error_of_words(words, code, place, "kubectl port-forward", _SAYINGS)
            if not 0 < port < 2**16:
                raise Unavailable(f"{place}: kubectl port-forward listens on port {port}", "run it by hand")
            self.port = port
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether kubectl still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it."""
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)

    def _listening(self, ports: "queue.SimpleQueue[int | None]", place: str) -> int | None:
        try:
            return ports.get(timeout=_FORWARD_S)
        except queue.Empty:
            raise Unavailable(f"{place}: port-forward does not begin", "run it by hand") from None


def _find_port(process: "subprocess.Popen[bytes]", ports: "queue.SimpleQueue[int | None]") -> None:
    """Hand on where it listens once it says so, and None at the end; what else it prints, a line for each connection,
    is let go."""
    got = bytearray()
    with opened(process.stdout) as pipe:
        while chunk := os.read(pipe.fileno(), _CHUNK):
            got += chunk
            if found := _LISTENS.search(got):
                ports.put(int(found[1]))
            del got[: None if found else -_CHUNK]
    ports.put(None)
