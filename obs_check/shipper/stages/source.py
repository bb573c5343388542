"""Settings that several stages share."""

from obs_check.documents.yaml_tree import YamlValue


def read_source(node: YamlValue) -> str | None:
    """`source`: the extracted value to work on; None means the line. Promtail refuses an empty one."""
    value = node.mapping().get("source")
    if value is None or value.data is None:
        return None
    if not value.text():
        raise value.error("source is empty", "name an extracted value, or remove the key to work on the line")
    return value.text()


def read_required(node: YamlValue, key: str) -> YamlValue:
    """The value of a key that the stage cannot do without."""
    value = node.get(key)
    if value is None or value.data in ("", [], {}):
        raise node.error(f"{key} is missing")
    return value


def read_names(node: YamlValue) -> tuple[tuple[str, str], ...]:
    """A mapping of name to source where an empty source means the name itself."""
    return tuple((name, value.text() or name) for name, value in node.mapping().items())


def read_reason(node: YamlValue, default: str) -> str:
    """`drop_counter_reason`."""
    value = node.get("drop_counter_reason")
    return (value.text() if value else "") or default
