"""Lines of logs as hypothesis makes them up: usual ones, and those that readers take differently."""

from hypothesis import strategies as st

TIMES = st.sampled_from(
    [
        "2025-11-24T16:00:00Z",
        "2025-11-24T16:00:01.5Z",
        "2025-11-24T16:00:01.500000001Z",
        "2025-11-24T18:00:02+02:00",
        "2025-11-24T10:30:03.25-05:30",
        "2025-11-24 16:00:04",
        "2025-11-24T16:00:05",
        "2025-11-24T16:00:30.999999999Z",
        "2025-11-24T16:01:00Z",
    ]
)
ODD_TIMES = st.sampled_from(
    [
        "2025-11-24T16:00:07,123Z",
        "2025-11-24t16:00:08z",
        "2025-11-24T16:00:09+0100",
        "2025-11-24T16:00:09.1234567891Z",
        "2025-02-30T16:00:00Z",
        "1764000010",
        "1764000011.5",
        "2025-11-24T16:00:08Zx",
    ]
)
VALUES = st.sampled_from(
    [
        "a",
        "b",
        "DENY",
        "deny",
        "allow",
        "x y",
        "",
        "1",
        "0",
        "-0",
        "1.50",
        "1e3",
        "ü",
        "�",
        "😀",
        "k=v",
        "e: nan",
        "msg",
    ]
)
ODD_TEXTS = st.text(
    st.characters(exclude_characters="\n\r\0\x01", exclude_categories=["Cs"]) | st.sampled_from(' "\\=,:{}[]'),
    max_size=12,
)
KEYS = st.sampled_from(
    ["msg", "host", "a", "a_b", "b", "time", "ts", "level", "job", "msg_extracted", "a b", "b ", "é"]
)
JSON_KEYS = st.sampled_from(
    ["msg", "a", "b", "\\u0061", "", "a.b", "a-b", " b", "b\u00a0", "b\x85", "b\t", "b\x7f", "smsg", "message", "\\"]
)
NUMBERS = st.sampled_from(
    ["0", "-0", "1", "-12", "1.50", "1e3", "12345678901234567890", "1764000010", "01", "1e999", "-", "+1", "7" * 5000]
)
BLANK = st.sampled_from([""] * 12 + [" ", "\t", "  "])


@st.composite
def json_texts(draw: st.DrawFn, depth: int = 2) -> str:
    """A JSON value, mostly."""
    kinds = ["text", "text", "word", "number"] + (["object", "object", "array"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "text":
        text = draw(VALUES | ODD_TEXTS)
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + draw(st.sampled_from([escaped, escaped, text, "\\u0026" + escaped, "\\u0041", "\\ud83d"])) + '"'
    if kind == "word":
        return draw(st.sampled_from(["true", "false", "null", "nan", "NaN", "-Infinity", "inF", "-nan", "True", "nul"]))
    if kind == "number":
        return draw(NUMBERS)
    if kind == "array":
        inner = ", ".join(draw(st.lists(json_texts(depth=depth - 1), max_size=2)))
        return "[" + inner + draw(st.sampled_from(["]"] * 8 + [",]", ""]))
    return str(draw(json_objects(depth=depth - 1)))


@st.composite
def json_objects(draw: st.DrawFn, depth: int = 2) -> str:
    """A JSON object, mostly: keys may repeat, and a comma may stand before the end."""
    pairs = draw(st.lists(st.tuples(KEYS | KEYS | JSON_KEYS, BLANK, BLANK, json_texts(depth=depth)), max_size=3))
    body = ",".join(f'"{key}"{before}:{after}{value}' for key, before, after, value in pairs)
    return "{" + body + draw(st.sampled_from(["}"] * 12 + [",}", ", }", ",", " }", "", "} ", "}x", "}}", "}//"]))


@st.composite
def logfmt_pairs(draw: st.DrawFn) -> str:
    """Pairs, mostly plain."""
    parts = []
    for key in draw(st.lists(KEYS, max_size=4)):
        value = draw(VALUES | VALUES | ODD_TEXTS)
        parts.append(key + draw(st.sampled_from([f"={value}", f'="{value}"', f'="{value}"', f'="{value}', ""])))
    return str(draw(st.sampled_from([" "] * 9 + ["  ", "\t", "\u00a0"]))).join(parts)


@st.composite
def lines(draw: st.DrawFn, forms: tuple[int, ...]) -> str:
    """A line of a log: mostly one with a timestamp."""
    at = draw(st.one_of(*[TIMES] * 20, ODD_TIMES))
    key = draw(st.sampled_from(["ts", "time", "ts", "timestamp"]))
    form = draw(st.sampled_from(forms))
    if form <= 3:
        return f"time={at} {draw(logfmt_pairs())}"
    if form == 4:
        return f'{draw(logfmt_pairs())} {key}="{at}" {draw(logfmt_pairs())}'
    if form == 5:
        return f"{at} {draw(ODD_TEXTS | logfmt_pairs() | json_objects())}"
    inner = draw(json_objects())[1:]
    if form <= 8:
        return f'{{"{key}":"{at}"' + ("," if not inner.startswith("}") else "") + inner
    if form == 9:
        return f'{{"a":{draw(json_texts())},"{key}":"{at}"}}'
    return str(draw(st.sampled_from(["  at frame 1", "panic: DENY"]) | logfmt_pairs() | json_objects()))


LOGFMT, JSON, UNTIMED = (1, 2, 3, 4, 5), (6, 7, 8, 9), (10,)
