"""One request that a proxy client sends, read as Go's HTTP server reads it."""

import http.client
import re
import string
from dataclasses import dataclass
from io import BufferedReader
from urllib.parse import quote_from_bytes, unquote_to_bytes

MAX_LINE = 64 * 1024
"""Bytes of the longest request line that is read."""

_REQUEST_LINE = re.compile(r"(?P<method>[A-Za-z0-9!#$%&'*+\-.^_`|~]+) (?P<target>\S+) HTTP/1\.[01]")
_ABSOLUTE = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://(?P<authority>[^/?]*)(?P<rest>.*)")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH_AS_SENT = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/\[\]]|%[0-9A-Fa-f]{2})*")
_SAFE_IN_PATH = "-._~$&+,/:;=@"


class BadRequest(Exception):
    """The bytes are not a request; nothing is audited for it."""


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """`url` is absolute, as audited; `host` is host[:port] as sent; `path` is decoded; `target` is path and query as
    they go upstream; `headers` are all as sent."""

    method: str
    url: str
    host: str
    path: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def hostname(self) -> str:
        """The host without port and brackets."""
        return re.sub(r":\d*$", "", self.host).strip("[]")

    @property
    def port(self) -> int:
        """The port, 80 when none is written."""
        port = re.search(r":(\d+)$", self.host)
        return int(port[1]) if port else 80


def read_request(stream: BufferedReader) -> ProxyRequest:
    """Read one request with its body; BadRequest for what Go would not parse.

    The URL of a request in absolute form stays as sent, scheme in lower case; in origin form it is put together from
    the Host header. An explicit host in the request line wins over the header.
    """
    raw = stream.readline(MAX_LINE + 1)
    line = raw.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
    if not raw:
        raise BadRequest("EOF")
    if len(raw) > MAX_LINE:
        raise BadRequest("request line too long")
    parts = _REQUEST_LINE.fullmatch(line)
    if parts is None:
        raise BadRequest(f'malformed HTTP request "{line}"')
    try:
        headers = http.client.parse_headers(stream)
        body = _body(stream, headers)
    except (http.client.HTTPException, ValueError) as error:
        raise BadRequest(f"malformed MIME header: {error}") from error
    method, target = parts["method"], parts["target"]
    pairs = tuple(headers.items())
    header_host = headers.get("Host", "")
    if method == "CONNECT":
        return ProxyRequest(method, "", target, "", target, pairs, body)
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None and not target.startswith("/"):
        raise BadRequest(f'parse "{target}": invalid URI for request')
    rest = absolute["rest"] if absolute else target
    path, question, query = rest.partition("?")
    if _BAD_ESCAPE.search(path):
        raise BadRequest(f'parse "{target}": invalid URL escape')
    sent = path if _PATH_AS_SENT.fullmatch(path) else _encoded(path)
    scheme = absolute["scheme"].lower() if absolute else "http"
    host = (absolute["authority"].rpartition("@")[2] if absolute else "") or header_host
    authority = absolute["authority"] if absolute else header_host
    return ProxyRequest(
        method=method,
        url=f"{scheme}://{authority}{sent}{question}{query}",
        host=host,
        path=unquote_to_bytes(path.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape"),
        target=f"{sent or '/'}{question}{query}",
        headers=pairs,
        body=body,
    )


def _encoded(path: str) -> str:
    """A path with characters that may not stand in a URL, encoded afresh from its decoded form."""
    return quote_from_bytes(unquote_to_bytes(path.encode("utf-8", "surrogateescape")), _SAFE_IN_PATH)


def _body(stream: BufferedReader, headers: http.client.HTTPMessage) -> bytes:
    """The body by Content-Length or in chunks, empty without either; ValueError for a length that is none."""
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        chunks = []
        while size := int(stream.readline(MAX_LINE).partition(b";")[0], 16):
            chunks.append(stream.read(size))
            stream.readline(MAX_LINE)
        while stream.readline(MAX_LINE).strip(string.whitespace.encode()):
            continue
        return b"".join(chunks)
    length = int(headers.get("Content-Length", "0"))
    if length < 0:
        raise ValueError(f"Content-Length {length}")
    return stream.read(length)
