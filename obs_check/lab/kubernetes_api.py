"""A stand-in for Kubernetes' API that knows pods: list and watch, as client-go asks for them.

TLS and a bearer token, since client-go sends no token of a kubeconfig without TLS. A list that is asked for as the
beginning of a watch (`sendInitialEvents`) is refused, as by an API server without that feature, and client-go lists.
"""

import json
import re
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from obs_check.lab.origin import LOOPBACK, LoopbackServer
from obs_check.lab.tls.certificate import CA, address_context

PodObject = dict[str, Any]
"""A pod as the API has it."""
_PODS = re.compile(r"/api/v1/(?:namespaces/(?P<namespace>[^/]+)/)?pods")
_FIELDS = {"spec.nodeName": ("spec", "nodeName"), "metadata.name": ("metadata", "name")}
"""What a field selector may name. promtail 3.5 asks for the pods of its own node (`spec.nodeName`, by its HOSTNAME)."""
_RESOURCE = {
    "name": "pods",
    "singularName": "pod",
    "namespaced": True,
    "kind": "Pod",
    "verbs": ["get", "list", "watch"],
}
_DISCOVERY: dict[str, dict[str, Any]] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [_RESOURCE]},
}
"""What kubectl asks for before it lists."""
Selected = Callable[[PodObject], bool]
"""Whether a pod is in what was asked for."""
_WATCH_S = 300.0
"""How long a watch lasts where the client names no time."""


class LabKubernetes:
    """Listens on loopback between `start` and `stop`. `kubeconfig` is how clients reach it and the token they need."""

    def __init__(self, pods: Sequence[PodObject]) -> None:
        self._token = secrets.token_hex(16)
        self._pods: dict[str, PodObject] = {}
        self._events: list[tuple[int, str, PodObject]] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._server = LoopbackServer("lab kubernetes", partial(_Handler, self))
        for pod in pods:
            self.put(pod)

    def start(self) -> None:
        """Listen."""
        self._server.start()

    def stop(self) -> None:
        """End every watch, then stop listening."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._server.stop()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://{LOOPBACK}:{self._server.port}"

    def kubeconfig(self, name: str = "lab") -> str:
        """A kubeconfig with one context of this name, as YAML."""
        cluster = {"server": self.url, "certificate-authority": str(CA)}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": {"token": self._token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
        return yaml.safe_dump(document, sort_keys=False)

    def write_kubeconfig(self, path: Path) -> None:
        """Write it for its owner alone."""
        path.touch(mode=0o600)
        path.write_text(self.kubeconfig(), "utf-8")

    def put(self, pod: PodObject) -> None:
        """A pod is there, or is another now; who watches is told."""
        uid = str(pod["metadata"]["uid"])
        self._note("MODIFIED" if uid in self._pods else "ADDED", uid, pod)

    def remove(self, uid: str) -> None:
        """A pod is gone."""
        self._note("DELETED", uid, self._pods[uid])

    def _note(self, kind: str, uid: str, pod: PodObject) -> None:
        with self._changed:
            version = len(self._events) + 1
            kept = {**pod, "metadata": {**pod["metadata"], "resourceVersion": str(version)}}
            self._events.append((version, kind, kept))
            if kind == "DELETED":
                del self._pods[uid]
            else:
                self._pods[uid] = kept
            self._changed.notify_all()

    def lets_in(self, authorization: str | None) -> bool:
        """Whether a header has the token."""
        return secrets.compare_digest(authorization or "", f"Bearer {self._token}")

    def listed(self, selected: Selected = lambda _pod: True) -> dict[str, Any]:
        """A PodList of now."""
        with self._changed:
            items = [pod for pod in self._pods.values() if selected(pod)]
            version = str(len(self._events))
        meta = {"resourceVersion": version}
        return {"kind": "PodList", "apiVersion": "v1", "metadata": meta, "items": items}

    def watched(self, selected: Selected, since: int, limit_s: float) -> Iterator[dict[str, Any]]:
        """The events behind a version, as they come, for so long."""
        deadline = time.monotonic() + limit_s
        while True:
            with self._changed:
                if not self._stopping and len(self._events) <= since:
                    self._changed.wait(max(0.0, deadline - time.monotonic()))
                fresh, ends = self._events[since:], self._stopping or time.monotonic() >= deadline
                since = len(self._events)
            yield from ({"type": kind, "object": pod} for _, kind, pod in fresh if selected(pod))
            if ends:
                return


def _selector(namespace: str | None, fields: str) -> Selected | None:
    """The pods of a namespace (None: of all) with equal fields (`spec.nodeName=n1`); None for another selector."""
    pairs = [pair.partition("=") for pair in fields.split(",") if pair]
    if any(name not in _FIELDS for name, _, _ in pairs):
        return None
    wanted = [(*_FIELDS[name], value.removeprefix("=")) for name, _, value in pairs]
    wanted += [("metadata", "namespace", namespace)] if namespace is not None else []
    return lambda pod: all(pod[part].get(name) == value for part, name, value in wanted)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, api: LabKubernetes, *given: Any) -> None:
        self._api = api
        super().__init__(*given)

    def setup(self) -> None:
        """TLS first."""
        try:
            self.request = address_context().wrap_socket(self.request, server_side=True)
        except ssl.SSLError as error:
            raise ConnectionAbortedError(str(error)) from error
        super().setup()

    def handle(self) -> None:
        """As any connection that the server can hang up on."""
        with self.server.noting(self.request):  # type: ignore[attr-defined]
            super().handle()

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        found = _PODS.fullmatch(asked.path)
        selected = _selector(found["namespace"], query.get("fieldSelector", "")) if found else None
        if not self._api.lets_in(self.headers.get("Authorization")):
            self._refuse(401, "Unauthorized", "a bearer token is needed")
        elif asked.path in _DISCOVERY:
            self._answer(200, _DISCOVERY[asked.path])
        elif found is None:
            self._refuse(404, "NotFound", "the lab knows pods alone")
        elif selected is None or query.get("labelSelector"):
            self._refuse(400, "BadRequest", f"the lab knows no selectors but {', '.join(_FIELDS)}")
        elif query.get("sendInitialEvents") == "true":
            self._refuse(422, "Invalid", "sendInitialEvents: Forbidden")
        elif query.get("watch") in ("1", "true"):
            self._watch(selected, query)
        else:
            self._answer(200, self._api.listed(selected))

    def _watch(self, selected: Selected, query: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        since, limit_s = int(query.get("resourceVersion") or 0), float(query.get("timeoutSeconds") or _WATCH_S)
        for event in self._api.watched(selected, since, limit_s):
            row = json.dumps(event).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(row), row))
        self.wfile.write(b"0\r\n\r\n")

    def _refuse(self, code: int, reason: str, message: str) -> None:
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
        self._answer(code, {**status, "reason": reason, "message": message})

    def _answer(self, code: int, document: Mapping[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """No access log."""
