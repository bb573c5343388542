"""Metric queries and the lines of the files that they are asked of, as hypothesis makes them up."""

from hypothesis import strategies as st

from tests.client.log_lines import JSON, LOGFMT, UNTIMED, lines

FILTERS = st.sampled_from(
    [""] * 8
    + [
        "|= `DENY`",
        "!= `a`",
        "|~ `[aD]E`",
        "!~ `(?i)deny`",
        "|= `` or `b`",
        "!= ``",
        "|~ `\\bmsg`",
        '|= "\\""',
        "|= `ü`",
    ]
)
LOGFMT_PARSERS = [
    "| logfmt",
    "| logfmt",
    "| logfmt --strict",
    "| logfmt --keep-empty",
    "| logfmt msg, host",
    "| logfmt a_b, b",
    "| logfmt --strict a",
    "| regexp `msg=(?P<msg>[^ ]*)( (?P<host>.))?`",
    "| regexp `(?P<a>\\w)` | logfmt msg",
]
JSON_PARSERS = [
    "| json",
    "| json",
    "| json",
    "| json msg, a",
    "| json a_b=`a.b`",
    "| json x=`a.b`, msg",
    "| json msg | regexp `host\\W+(?P<host>\\w*)`",
    "| json msg | logfmt host",
]
OTHER_PARSERS = ["", "| json level", "| unpack"]
LABEL_FILTERS = st.sampled_from(
    ["", "", "", "| msg=`DENY`", "| msg!=``", "| msg=~`D.*|a`", "| host=`a` or msg=`b`", "| a>0", "| level=`stream`",
     "| __error__=``", "| __error__=``", "| a_b=`a`, msg=~``", "| msg=`x y`", "| b=`deny` | a!=`b`", "| __error__!=``",
     "| drop a"]
)  # fmt: skip
SHAPES = st.sampled_from(
    [
        "sum({})", "sum by (msg) ({})", "sum by (a_b) ({})", "sum by (a, host) ({})", "sum by (level) ({})", "{}",
        "topk(2, sum by (msg) ({}))", "sum without (filename) ({})", "count({})", "avg by (msg) ({})",
        "sum by (b) ({}) / on() group_left sum({})", "sum by (job) ({})", "sum by (x) ({}) > 1", "max by (msg) ({})",
        "sum by (msg_extracted) ({})", "sum by (time) ({})", "sum by (filename, msg) ({})", "bottomk(1, {})",
    ]
)  # fmt: skip
OPS = st.sampled_from(
    ["count_over_time", "count_over_time", "rate", "bytes_over_time", "bytes_rate", "absent_over_time"]
)
WINDOWS = st.sampled_from(["[2s]", "[10s]", "[1m]", "[2m]", "[1h]", "[1h]", "[30s] offset 30s", "[5s] offset -3s"])
SELECTORS = st.sampled_from(['{job="x"}'] * 9 + ['{filename=~".*one.*"}', '{job="y"}'])


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """Metric queries over counted lines, and the lines of one or two files."""
    forms, parsers = draw(
        st.sampled_from([(LOGFMT, LOGFMT_PARSERS), (JSON, JSON_PARSERS), (LOGFMT + JSON, OTHER_PARSERS)])
    )
    texts = []
    for _ in range(draw(st.integers(1, 4))):
        parser = draw(st.sampled_from(parsers * 3 + OTHER_PARSERS))
        stages = f"{draw(FILTERS)} {parser} {draw(LABEL_FILTERS)} {draw(FILTERS)}"
        counted = f"{draw(OPS)}({draw(SELECTORS)} {stages} {draw(WINDOWS)})"
        texts.append(draw(SHAPES).replace("{}", counted))
    content = st.lists(
        st.one_of(*[lines(forms)] * 12, st.just(""), lines(LOGFMT + JSON), lines(UNTIMED)), min_size=1, max_size=20
    )
    return texts, draw(st.lists(content, min_size=1, max_size=2))
