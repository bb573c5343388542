"""Metric queries, and lines that are half broken in what the queries read: made up from a seed, and mostly plain, so
that most of them are counted by DuckDB."""

from random import Random

NAMES = ["a", "b", "a_b", "owner"]
TEXTS = ["1", "x", "allow", "deny"]
BROKEN_LOGFMT = [
    "{k}={v}",
    '{k}="{v}"',
    "{k}",
    '{k}="{v}',
    "{k}=={v}",
    "={v}",
    '{k}=""',
    '{k}=q"',
    "a-b={v}",
    "a_b={v}",
]
BROKEN_JSON = ['"{v}"', "1", "-0", "null", "[1]", "nan", '""', '"\\u0061"', '{{"b":"{v}"}}', '{{"b":nan}}', "}}", ""]


def lines(random: Random, most: int) -> list[str]:
    """Lines of one file, in order of their times: the first line with a key may decide what it is called."""
    times = sorted(random.sample(range(60), random.randint(1, most)))
    return [_line(random, f"2025-11-24T16:00:{at:02}Z") for at in times]


def query(random: Random) -> str:
    """A query that counts what one or two parsers give."""
    form = random.choice([_logfmt, _logfmt, _json, _json, _regexp])
    parsers = [form(random)] + [_regexp(random)] * (random.random() < 0.2)
    stages = [*parsers, *(_filter(random) for _ in range(random.randint(0, 2)))]
    if random.random() < 0.2:
        stages.insert(0, random.choice(["|= `a`", "!= `deny`", "|~ `x|1`"]))
    counted = f'{random.choice(["count_over_time", "absent_over_time"])}({{job="x"}} {" ".join(stages)} [1h])'
    names = ", ".join(random.sample(NAMES, random.randint(1, 2)))
    shapes = ["sum by ({n}) ({c})"] * 4 + ["sum({c})", "max by ({n}) ({c})", "sum by (__error__, {n}) ({c})"]
    return random.choice(shapes).format(n=names, c=counted)


def _line(random: Random, at: str) -> str:
    form = random.randint(0, 3)
    if form == 0:
        return f"{at} [info]  coderd.agentrpc: boundary_request  {_pairs(random, '  ')}"
    if form == 1:
        return f"time={at} {_pairs(random, ' ')}"
    members = _members(random)
    return f'{{"ts":"{at}"{"," if members else ""}{members}' + random.choice(["}"] * 8 + [",}", "", "}x"])


def _pairs(random: Random, blank: str) -> str:
    forms = ["{k}={v}"] if random.random() < 0.7 else BROKEN_LOGFMT
    keys = random.sample([*NAMES, "c"], random.randint(0, 4))
    return blank.join(random.choice(forms).format(k=key, v=random.choice(TEXTS)) for key in keys)


def _members(random: Random) -> str:
    forms = ['"{v}"', "1"] if random.random() < 0.7 else BROKEN_JSON
    keys = random.sample([*NAMES, "c", "a.b", " a"], random.randint(0, 4))
    return ",".join(f'"{key}":' + random.choice(forms).format(v=random.choice(TEXTS)) for key in keys)


def _logfmt(random: Random) -> str:
    flags = random.choice([""] * 4 + [" --strict", " --keep-empty"])
    named = random.sample(NAMES, random.choice([0, 1, 2, 2, 3]))
    return f"| logfmt{flags} {', '.join(named)}"


def _json(random: Random) -> str:
    named = random.sample(NAMES, random.choice([0, 1, 2, 3]))
    return "| json " + ", ".join(random.choice([name, f'{name}="a.b"', f'{name}="c"']) for name in named)


def _regexp(random: Random) -> str:
    first, second = random.sample(NAMES, 2)
    return random.choice(["| regexp `{}=(?P<{}>x?|1)(?P<{}>.)?`", "| regexp `{}(?P<{}>1|x)|(?P<{}>deny)`"]).format(
        random.choice(["a", "owner", ""]), first, second
    )


def _filter(random: Random) -> str:
    test = random.choice(["=`x`", "!=``", "=~`allow|deny`", "=``", ">0", "!~`x.*`", "=`allow` or b=`1`"])
    return random.choice([f"| {random.choice(NAMES)}{test}"] * 5 + ["| __error__=``", "| __error__!=``"])
