"""`loki.write`: where lines are pushed."""

from collections.abc import Callable, Mapping

from obs_check.documents.yaml_tree import YamlValue
from obs_check.golang.quantity import duration_ns, size_bytes
from obs_check.shipper import credentials
from obs_check.shipper.alloy.arguments import ArgumentReader
from obs_check.shipper.alloy.http_client import HTTP, HTTP_BLOCKS
from obs_check.shipper.alloy.syntax import Block
from obs_check.shipper.environment import read_known
from obs_check.shipper.model import PushClient
from obs_check.shipper.stages.declaration import Form

_WRITE: Form = {"external_labels": "map", "max_streams": "number"}
_ENDPOINT: Form = {
    **HTTP,
    "name": "text",
    "url": "text!",
    "batch_wait": "text",
    "batch_size": "text",
    "remote_timeout": "text",
    "headers": "map",
    "min_backoff_period": "text",
    "max_backoff_period": "text",
    "max_backoff_retries": "number",
    "tenant_id": "text",
    "retry_on_http_429": "flag",
}
_ENDPOINT_BLOCKS = (*HTTP_BLOCKS, "queue_config")
_CREDENTIALS: dict[str, tuple[Form, Callable[[Mapping[str, str]], dict[str, str]]]] = {
    "basic_auth": (dict.fromkeys(("username", "password", "password_file"), "text"), credentials.basic),
    "authorization": (dict.fromkeys(("type", "credentials", "credentials_file"), "text"), credentials.authorization),
}
"""The blocks that hold credentials."""


def read_write(block: Block, reading: ArgumentReader) -> list[PushClient]:
    """The endpoints of a `loki.write`, each named after the component; raises ConfigError."""
    reading.check(block, block.id, _WRITE, ("endpoint", "wal"))
    node = reading.tree(block, block.id, _WRITE)
    external = node.get("external_labels")
    labels = external.texts() if external else {}
    return [_endpoint(inner, block.id, labels, reading) for inner in block.blocks() if inner.name == "endpoint"]


def _endpoint(block: Block, name: str, external: dict[str, str], reading: ArgumentReader) -> PushClient:
    where = f"{name} > endpoint"
    reading.check(block, where, _ENDPOINT, _ENDPOINT_BLOCKS)
    node = reading.tree(block, where, _ENDPOINT)
    url = node.mapping()["url"]
    default = PushClient("")
    tenant, retries, retried = node.get("tenant_id"), node.get("max_backoff_retries"), node.get("retry_on_http_429")
    return PushClient(
        url.text(),
        tenant.text() if tenant else "",
        external,
        _quantity(node, "batch_wait", duration_ns, default.batch_wait),
        _quantity(node, "batch_size", size_bytes, default.batch_bytes),
        _quantity(node, "remote_timeout", duration_ns, default.timeout),
        _quantity(node, "min_backoff_period", duration_ns, default.min_backoff),
        _quantity(node, "max_backoff_period", duration_ns, default.max_backoff),
        read_known(retries, YamlValue.integer, default.max_retries),
        not read_known(retried, YamlValue.flag, True),
        _headers(block, node, where, reading),
        name,
        reading.lines.place(block.line),
    )


def _quantity(node: YamlValue, name: str, read: Callable[[str], int], default: int) -> int:
    return read_known(node.get(name), lambda value: value.read(read), default)


def _headers(block: Block, node: YamlValue, where: str, reading: ArgumentReader) -> dict[str, str]:
    own, token = node.get("headers"), node.get("bearer_token")
    headers = own.texts() if own else {}
    if token:
        headers |= credentials.bearer(token.text())
    for inner in block.blocks():
        if inner.name in _CREDENTIALS:
            form, header = _CREDENTIALS[inner.name]
            reading.check(inner, f"{where} > {inner.name}", form)
            headers |= header(reading.tree(inner, f"{where} > {inner.name}", form).texts())
    return headers
