"""Go's fmt.Sprintf for the values of a template."""

import re
from collections.abc import Sequence

from obs_check.golang.numbers import float_text
from obs_check.golang.template.values import Duration, show, type_name

_VERB = re.compile(r"%([-+# 0]*)(?:\[(\d+)\])?(\*|\d+)?(?:\.(?:\[(\d+)\])?(\*|\d*))?(?:\[(\d+)\])?(.?)", re.DOTALL)
_NAMED = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
}


def _escaped(char: str, ascii_only: bool = False) -> str:
    if char.isprintable() and (char.isascii() or not ascii_only):
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 128 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quote(text: str, ascii_only: bool = False) -> str:
    """A text as %q writes it, or as %+q does."""
    return '"' + "".join(_NAMED.get(char) or _escaped(char, ascii_only) for char in text) + '"'


def _quoted_char(code: int) -> str:
    char = chr(code) if 0 <= code < 0x110000 else "\ufffd"
    return "'\\''" if char == "'" else "'\"'" if char == '"' else f"'{_NAMED.get(char) or _escaped(char)}'"


def _integer(flags: str, value: int, verb: str, precision: int | None) -> str | None:
    sign = "-" if value < 0 else "+" if "+" in flags and verb != "v" else " " if " " in flags else ""
    size = abs(value)
    sharp = "#" in flags
    match verb:
        case "d" | "v" | "x" | "X" | "o" | "b" | "O":
            prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(verb, "") if sharp else "0o" * (verb == "O")
            digits = format(size, {"v": "d", "O": "o"}.get(verb, verb))
            if precision is not None:
                digits = "" if precision == size == 0 else digits.zfill(precision)
            return f"{sign}{prefix}{digits}" if digits else ""
        case "c":
            return chr(value) if 0 <= value < 0x110000 else "\ufffd"
        case "q":
            return _quoted_char(value)
        case "U":
            return f"U+{size:04X}" + (f" {_quoted_char(value)}" if sharp else "")
        case _:
            return None


def _float(flags: str, value: float, verb: str, precision: int | None) -> str | None:
    sign = "+" if "+" in flags and verb != "v" else " " if " " in flags else ""
    if verb not in "feEgGFv":
        return None
    if verb in "gGv" and precision is None:
        text = float_text(value)
        return (sign if sign and text[0] not in "+-" else "") + (text.upper() if verb == "G" else text)
    return format(value, f"{sign}.{6 if precision is None else precision}{'g' if verb == 'v' else verb}")


def _string(flags: str, value: str, verb: str, precision: int | None) -> str | None:
    cut = value if precision is None else value[:precision]
    match verb:
        case "s":
            return cut
        case "v":
            return quote(cut) if "#" in flags else cut
        case "q":
            return f"`{cut}`" if "#" in flags and "`" not in cut and cut.isprintable() else quote(cut, "+" in flags)
        case "x" | "X":
            prefix = "0x" if "#" in flags and cut else ""
            digits = prefix + (cut.encode().hex(" ").replace(" ", f" {prefix}") if " " in flags else cut.encode().hex())
            return digits.upper() if verb == "X" else digits
        case _:
            return None


def _formatted(flags: str, precision: int | None, verb: str, value: object) -> str:
    if verb == "T":
        return type_name(value)
    if value is None:
        return "<nil>" if verb == "v" else f"%!{verb}(<nil>)"
    text: str | None = None
    if isinstance(value, Duration) and verb in "sv":
        return show(value)
    if isinstance(value, bool):
        text = show(value) if verb in "tv" else None
    elif isinstance(value, int):
        text = _integer(flags, int(value), verb, precision)
    elif isinstance(value, float):
        text = _float(flags, value, verb, precision)
    elif isinstance(value, str):
        text = _string(flags, value, verb, precision)
    elif isinstance(value, list):
        return "[" + " ".join(_formatted(flags, precision, verb, item) for item in value) + "]"
    elif isinstance(value, dict):
        pairs = (
            (_formatted(flags, precision, verb, k), _formatted(flags, precision, verb, value[k])) for k in sorted(value)
        )
        return "map[" + " ".join(f"{key}:{item}" for key, item in pairs) + "]"
    elif verb in "sv":
        text = show(value)
    if text is not None:
        return text
    shown = format(value, f".{precision}g") if isinstance(value, float) and precision is not None else show(value)
    return f"%!{verb}({type_name(value)}={shown})"


def _padded(flags: str, size: int, text: str, value: object) -> str:
    if "-" in flags or size < 0:
        return text.ljust(abs(size))
    if "0" not in flags:
        return text.rjust(size)
    signed = text[:1] in ("+", "-", " ") and isinstance(value, int | float)
    return text[0] + text[1:].rjust(size - 1, "0") if signed else text.rjust(size, "0")


class _Arguments:
    """The values in the order in which the verbs take them."""

    def __init__(self, values: Sequence[object]) -> None:
        self.values = values
        self.at = 0
        self.reordered = False

    def jump(self, number: str | None) -> bool:
        """Goes to an argument by its number, from 1; False when there is none such."""
        if number is None:
            return True
        self.reordered = True
        if not 1 <= int(number) <= len(self.values):
            return False
        self.at = int(number) - 1
        return True

    def size(self, written: str | None) -> int | None:
        """A width or precision, taken from the values for `*`."""
        if written != "*":
            return int(written) if written else None
        value = self.values[self.at] if self.at < len(self.values) else None
        self.at += 1
        return value if isinstance(value, int) else None


def sprintf(form: str, *values: object) -> str:
    """The form with its verbs replaced; wrong verbs and numbers of values are shown as Go shows them."""
    given = _Arguments(values)

    def replaced(found: "re.Match[str]") -> str:
        flags, width_at, width, precision_at, dot, at, verb = found.groups()
        good = given.jump(width_at)
        size = given.size(width) or 0
        good = given.jump(precision_at) and good
        precision = None if dot is None else given.size(dot) or 0
        good = given.jump(at) and good
        if not verb:
            return "%!(NOVERB)"
        if verb == "%":
            return "%"
        if not good:
            return f"%!{verb}(BADINDEX)"
        if given.at >= len(values):
            return f"%!{verb}(MISSING)"
        value = values[given.at]
        given.at += 1
        if isinstance(value, int) and precision is not None:
            flags = flags.replace("0", "")
        return _padded(flags, size, _formatted(flags, precision, verb, value), value)

    text = _VERB.sub(replaced, form)
    if given.at < len(values) and not given.reordered:
        rest = values[given.at :]
        shown = ("<nil>" if value is None else f"{type_name(value)}={show(value)}" for value in rest)
        text += f"%!(EXTRA {', '.join(shown)})"
    return text
