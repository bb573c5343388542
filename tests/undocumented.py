"""What a document has and its JSON Schema, as msgspec makes it, does not know."""

from typing import Any


def undocumented(value: Any, schema: dict[str, Any], kind: Any = None, at: str = "") -> set[str]:
    """Keys that the types do not know."""
    kind = schema if kind is None else kind
    if "anyOf" in kind:
        fitting = (one for one in kind["anyOf"] if (value is None) == (one.get("type") == "null"))
        return min((undocumented(value, schema, one, at) for one in fitting), default=set(), key=len)
    if "$ref" in kind:
        return undocumented(value, schema, schema["$defs"][kind["$ref"].rsplit("/", 1)[1]], at)
    if isinstance(value, list) and "items" in kind:
        return {name for item in value for name in undocumented(item, schema, kind["items"], at)}
    if not isinstance(value, dict) or "properties" not in kind:
        return set()
    known = kind["properties"]
    here = {f"{at}.{key}" for key in value if key not in known}
    return here.union(*(undocumented(value[key], schema, known[key], f"{at}.{key}") for key in value if key in known))
