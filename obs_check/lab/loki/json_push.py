"""A push in JSON, and Loki's words for one that does not parse."""

import json
from json import JSONDecodeError
from typing import Any

from obs_check.errors import InputError
from obs_check.lab.loki.label_syntax import check_labels
from obs_check.model.entry import NO_METADATA, Entry, LogStream

_STREAM = "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder"
_BAD_VALUE = "Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol"


class _BadStream(Exception):
    """A stream that is JSON but not what a push holds."""


def _at(operation: str, message: str, text: str, head: int) -> InputError:
    """Loki's JSON reader names the place by what stands around its read position `head`."""
    start = max(0, head - 10)
    near = text[start : head + 10]
    around = text[max(0, head - 50) : head + 50]
    return InputError(
        f"{operation}: {message}, error found in #{head - start} byte of ...|{near}|..., "
        f"bigger context ...|{around}|..."
    )


def _entry(value: Any) -> Entry:
    if not isinstance(value, list) or not 2 <= len(value) <= 3 or not all(isinstance(v, str) for v in value[:2]):
        raise _BadStream
    if not value[0].lstrip("-").isdigit():
        raise _BadStream
    if len(value) == 2:
        return Entry(int(value[0]), value[1])
    metadata = value[2]
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _BadStream
    return Entry(int(value[0]), value[1], metadata or NO_METADATA)


def _stream(value: Any) -> LogStream:
    if not isinstance(value, dict):
        raise _BadStream
    labels = value.get("stream", {})
    if not isinstance(labels, dict) or not all(isinstance(v, str) for v in labels.values()):
        raise _BadStream
    entries = value.get("values", [])
    if not isinstance(entries, list):
        raise _BadStream
    return LogStream(check_labels(labels), [_entry(e) for e in entries])


def _end_of_stream(text: str, index: int) -> int:
    """Offset after the stream of that index, found again only when it has to be named in an error."""
    key = text.find('"streams"')
    at = text.find("[", key) + 1
    decoder = json.JSONDecoder()
    for _ in range(index + 1):
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        _, at = decoder.raw_decode(text, at)
    return at


def _not_json(text: str, error: JSONDecodeError) -> InputError:
    head = min(error.pos + 1, len(text))
    found = text[error.pos : error.pos + 1] or "\\x00"
    if error.msg.startswith("Expecting property name"):
        return _at("loghttp.PushRequest.readFieldHash", f'expect ", but found {found}', text, head)
    return _at("loghttp.PushRequest", f"expect a JSON value, but found {found}", text, head)


def decode_push(body: bytes) -> list[LogStream]:
    """The streams of a push. InputError with the text that Loki answers (it is sent as it stands)."""
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text, strict=False)
    except JSONDecodeError as error:
        raise _not_json(text, error) from None
    if not isinstance(document, dict):
        raise _at("loghttp.PushRequest", f"expect {{ or n, but found {text.lstrip()[:1]}", text, 1)
    streams = document.get("streams") or []
    if not isinstance(streams, list):
        raise _at("loghttp.PushRequest.Streams", "decode slice: expect [ or n", text, text.find('"streams"') + 10)
    decoded = []
    for index, value in enumerate(streams):
        try:
            decoded.append(_stream(value))
        except _BadStream:
            raise _at(_STREAM, _BAD_VALUE, text, _end_of_stream(text, index)) from None
    return decoded
