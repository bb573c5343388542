"""What the handlers need of a request: tenant, parameters, body."""

import zlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import cramjam

from obs_check.errors import InputError
from obs_check.model.entry import LogStream
from obs_check.standin.loki import json_push, protobuf
from obs_check.standin.loki.limits import Limits
from obs_check.standin.loki.refusal import LokiRefusal

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection, Request

TENANT = "X-Scope-OrgID"
_GZIP_HEADER = 10
_LONGEST = 150
_CORRUPT = "snappy: corrupt input"
SINGLE_TENANT = "fake"
_ALLOWED = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!-_.*'()")


def tenant_of(request: "HTTPConnection", limits: Limits, *, push: bool = False) -> str:
    """Whose lines a request means; Refusal without a tenant where one is required, or with a name that is none."""
    name = request.headers.get(TENANT, "")
    if limits.tenancy == "off":
        return SINGLE_TENANT
    if not name:
        if limits.tenancy == "optional":
            return SINGLE_TENANT
        raise LokiRefusal(401, "no org id\n")
    if "|" in name:
        raise LokiRefusal(400 if push else 500, "multiple org IDs present\n")
    if name in (".", ".."):
        raise LokiRefusal(400, "tenant ID is '.' or '..'\n")
    if len(name) > _LONGEST:
        raise LokiRefusal(400, f"tenant ID is too long: max {_LONGEST} characters\n")
    for character in name:
        if character not in _ALLOWED:
            raise LokiRefusal(400, f"tenant ID '{name}' contains unsupported character '{character}'\n")
    return name


async def read_body(request: "Request", limits: Limits) -> bytes:
    """The body as it was sent. Refusal (413) before more than it may have is in memory."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limits.max_push_size:
            raise _too_large(limits)
    return bytes(body)


def _too_large(limits: Limits) -> LokiRefusal:
    return LokiRefusal(413, f"the body is larger than {limits.max_push_size} bytes")


def _inflated(body: bytes, encoding: str, limits: Limits) -> bytes:
    try:
        if encoding in ("gzip", "deflate"):
            return _unpacked(body, 31 if encoding == "gzip" else -zlib.MAX_WBITS, limits)
    except (EOFError, zlib.error) as error:
        # Go's words: a header that is cut short, or one that is none.
        if not body:
            raise LokiRefusal(400, "EOF") from None
        cut = isinstance(error, EOFError) or len(body) < _GZIP_HEADER
        raise LokiRefusal(400, "unexpected EOF" if cut else f"{encoding}: invalid header") from None
    if encoding in ("", "snappy"):
        return body
    raise LokiRefusal(400, f'Content-Encoding "{encoding}" not supported')


def _unpacked(body: bytes, wbits: int, limits: Limits) -> bytes:
    """What zlib unpacks, of one part behind the other. Refusal (413) for more than a push may have."""
    found = bytearray()
    while True:
        stream = zlib.decompressobj(wbits)
        found += stream.decompress(body, limits.max_push_size + 1 - len(found))
        if len(found) > limits.max_push_size:
            raise _too_large(limits)
        if not stream.eof:
            raise EOFError
        body = stream.unused_data.lstrip(b"\0")
        if not body or wbits < 0:
            return bytes(found)


def decode_push(body: bytes, content_type: str, encoding: str, limits: Limits) -> list[LogStream]:
    """The streams of a push body, by its content type: JSON, or protobuf in snappy for every other.

    Loki 3.5: any type but JSON is read as snappy, and a request without a type is refused.
    """
    media, _, rest = content_type.partition(";")
    media = media.strip().lower()
    if not media:
        raise LokiRefusal(400, "mime: no media type")
    if any("=" not in parameter for parameter in rest.split(";") if parameter.strip()):
        raise LokiRefusal(400, "mime: invalid media parameter")
    try:
        if media == "application/json":
            return json_push.decode_push(_inflated(body, encoding, limits))
        if encoding not in ("", "snappy"):
            raise LokiRefusal(400, f'Content-Encoding "{encoding}" not supported')
        return protobuf.decode_push(decode_snappy(body, limits.max_push_size))
    except InputError as error:
        raise LokiRefusal(400, error.message) from None
    except RecursionError:
        raise LokiRefusal(400, "the JSON is nested too deep") from None


async def parameters(request: "Request", limits: Limits) -> list[tuple[str, str]]:
    """Names and values of the form when the request is a POST, then of the query string. Refusal for one too large."""
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    if request.method == "POST":
        pairs = parse_qsl((await read_body(request, limits)).decode("utf-8", "replace"), keep_blank_values=True) + pairs
    return pairs


def first_of_each(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Of several values of one name the first counts (Go: Form.Get)."""
    return dict(reversed(pairs))


def decode_snappy(data: bytes, limit: int = 100 * 1024 * 1024) -> bytes:
    """The uncompressed bytes of a block of snappy. InputError when the data is not one or is larger than `limit` bytes
    uncompressed: a block says its size in front, so nothing larger is unpacked."""
    try:
        if cramjam.snappy.decompress_raw_len(data) > limit:
            raise InputError(_CORRUPT, "")
        return bytes(cramjam.snappy.decompress_raw(data))
    except cramjam.DecompressionError:
        raise InputError(_CORRUPT, "") from None
