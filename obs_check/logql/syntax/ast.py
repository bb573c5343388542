"""The tree of a LogQL query (Loki 3.5). Nodes are frozen; `span` is the place in the text, no part of equality.

The grammar, in one place (`?` at most once, `*` any number, `+` at least one; texts in `"` or backticks):

    Expr          = LogQuery | Metric | "(" Expr ")"
    LogQuery      = Selector Stage*
    Selector      = "{" (Matcher ("," Matcher)*)? "}"
    Matcher       = name ("=" | "!=" | "=~" | "!~") text

    Stage         = LineFilter | "|" (Parser | Predicate | Format)
    LineFilter    = ("|=" | "!=" | "|~" | "!~" | "|>" | "!>") LineMatch ("or" LineMatch)*
    LineMatch     = text | "ip" "(" text ")"
    Parser        = "json" Extractions? | "logfmt" ("--strict" | "--keep-empty")* Extractions? | "regexp" text
                  | "pattern" text | "unpack"
    Extractions   = Extraction ("," Extraction)*
    Extraction    = name ("=" text)?
    Predicate     = Test (("and" | "or" | ",")? Test)*
    Test          = "(" Predicate ")" | Matcher | name ("=" | "!=") "ip" "(" text ")"
                  | name ("=" | "==" | "!=" | ">" | ">=" | "<" | "<=") (number | duration | bytes)
    Format        = "line_format" text | "label_format" Assignment ("," Assignment)* | "decolorize"
                  | ("drop" | "keep") Choice ("," Choice)*
    Assignment    = name "=" (name | text)
    Choice        = name | Matcher

    Metric        = RangeOp | VectorOp | Metric Operator Metric | "vector" "(" number ")" | number | "(" Metric ")"
                  | "label_replace" "(" Metric "," text "," text "," text "," text ")"
    RangeOp       = range_op "(" (number ",")? LogRange ")" Grouping?
    LogRange      = Selector Stage* Unwrap? Interval | Selector Interval Stage* Unwrap? | "(" LogRange ")"
                  | "(" LogQuery ")" Interval Unwrap?
    Interval      = "[" duration "]" ("offset" duration)?
    Unwrap        = "|" "unwrap" (name | ("duration" | "duration_seconds" | "bytes") "(" name ")") ("|" Predicate)*
    VectorOp      = vector_op Grouping? "(" (number ",")? Metric ")" Grouping?
    Grouping      = ("by" | "without") "(" (name ("," name)*)? ")"
    Operator      = Sign "bool"? (("on" | "ignoring") "(" names ")" (("group_left" | "group_right") ("(" names ")")?)?)?

In a predicate "and" binds tighter than "or", and "," or a blank joins what is before it with all that follows.
`range_op` and `vector_op` are RANGE_OPS and VECTOR_OPS of tokens.py; a Sign is one of `or and unless == != > >= < <=
+ - * / % ^`, which bind as BINDING in metric_grammar.py says, "^" to the right, the others to the left. What parses is
then checked (check.py): which operations take a number, a grouping or an unwrap, and that a selector does not match
everything.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple


class Span(NamedTuple):
    """Character offsets into the query text, end exclusive."""

    start: int
    end: int


NO_SPAN = Span(0, 0)


def _span() -> Span:
    return field(default=NO_SPAN, compare=False, repr=False)


MatchOp = Literal["=", "!=", "=~", "!~"]
CompareOp = Literal["==", "!=", ">", ">=", "<", "<="]


@dataclass(frozen=True, slots=True)
class Matcher:
    """`name op "value"` of a selector, a label filter, drop or keep."""

    name: str
    op: MatchOp
    value: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Selector:
    """`{name="value", ...}`."""

    matchers: tuple[Matcher, ...]
    span: Span = _span()


# --- stages -----------------------------------------------------------------------------------------------------------

LineFilterOp = Literal["|=", "!=", "|~", "!~", "|>", "!>"]


@dataclass(frozen=True, slots=True)
class LineMatch:
    """One alternative of a line filter: a text, regular expression or pattern, or an address when `ip`."""

    value: str
    ip: bool = False


@dataclass(frozen=True, slots=True)
class LineFilter:
    """`|= "a" or "b"`: `matches` holds every alternative, at least one."""

    op: LineFilterOp
    matches: tuple[LineMatch, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Extraction:
    """`label="expression"` of json and logfmt; a bare `label` has the expression `label`."""

    label: str
    expression: str


@dataclass(frozen=True, slots=True)
class JsonParser:
    """`json` or `json a="b.c", d`."""

    WORD: ClassVar = "json"
    extractions: tuple[Extraction, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class LogfmtParser:
    """`logfmt [--strict] [--keep-empty] [a="b", ...]`."""

    WORD: ClassVar = "logfmt"
    extractions: tuple[Extraction, ...] = ()
    strict: bool = False
    keep_empty: bool = False
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class RegexpParser:
    """`regexp "(?P<name>...)"`."""

    WORD: ClassVar = "regexp"
    pattern: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class PatternParser:
    """`pattern "<a> <_> <b>"`."""

    WORD: ClassVar = "pattern"
    pattern: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class UnpackParser:
    """`unpack`."""

    WORD: ClassVar = "unpack"
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class StringPredicate:
    """`label = "text"`, and the other match operators."""

    matcher: Matcher

    @property
    def name(self) -> str:
        """The label, as the other comparisons call it."""
        return self.matcher.name


@dataclass(frozen=True, slots=True)
class NumberPredicate:
    """`label >= 500`. `=` is written `==`."""

    name: str
    op: CompareOp
    value: float


@dataclass(frozen=True, slots=True)
class DurationPredicate:
    """`label > 1.5s`; `ns` in nanoseconds."""

    name: str
    op: CompareOp
    ns: int


@dataclass(frozen=True, slots=True)
class BytesPredicate:
    """`label > 5KB`; `size` in bytes."""

    name: str
    op: CompareOp
    size: int


@dataclass(frozen=True, slots=True)
class IpPredicate:
    """`label = ip("10.0.0.0/8")` or `!=`."""

    name: str
    op: Literal["=", "!="]
    pattern: str


@dataclass(frozen=True, slots=True)
class AndPredicate:
    """`left and right`, `left, right`, `left right`."""

    left: "Predicate"
    right: "Predicate"


@dataclass(frozen=True, slots=True)
class OrPredicate:
    """`left or right`."""

    left: "Predicate"
    right: "Predicate"


Comparison = StringPredicate | NumberPredicate | DurationPredicate | BytesPredicate | IpPredicate
Predicate = Comparison | AndPredicate | OrPredicate


@dataclass(frozen=True, slots=True)
class LabelFilter:
    """`| predicate`."""

    predicate: Predicate
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class LineFormat:
    """`line_format "template"`."""

    WORD: ClassVar = "line_format"
    template: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class LabelAssignment:
    """`name="template"`, or `name=other` when `rename`."""

    name: str
    value: str
    rename: bool = False


@dataclass(frozen=True, slots=True)
class LabelFormat:
    """`label_format a="x {{.b}}", c=d`."""

    WORD: ClassVar = "label_format"
    assignments: tuple[LabelAssignment, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class LabelChoice:
    """`name`, or `name="value"` and the other match operators, of drop and keep."""

    name: str
    matcher: Matcher | None = None


@dataclass(frozen=True, slots=True)
class DropLabels:
    """`drop a, b="c"`."""

    WORD: ClassVar = "drop"
    choices: tuple[LabelChoice, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class KeepLabels:
    """`keep a, b="c"`."""

    WORD: ClassVar = "keep"
    choices: tuple[LabelChoice, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Decolorize:
    """`decolorize`."""

    WORD: ClassVar = "decolorize"
    span: Span = _span()


Parser = JsonParser | LogfmtParser | RegexpParser | PatternParser | UnpackParser
WordStage = Parser | LineFormat | LabelFormat | DropLabels | KeepLabels | Decolorize
"""A stage that begins with a word of its own: what it is stands in stages/, one kind each (stages/registry.py)."""
Stage = LineFilter | LabelFilter | WordStage


@dataclass(frozen=True, slots=True)
class LogQuery:
    """A selector and the stages that its lines pass, in order."""

    selector: Selector
    stages: tuple[Stage, ...] = ()
    span: Span = _span()


# --- metrics ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Grouping:
    """`by (a, b)` or, when `without`, `without (a, b)`. `by ()` has no labels."""

    labels: tuple[str, ...]
    without: bool = False


@dataclass(frozen=True, slots=True)
class Unwrap:
    """`| unwrap [conversion(]label[)]` and the label filters after it."""

    label: str
    conversion: Literal["", "duration", "duration_seconds", "bytes"] = ""
    filters: tuple[LabelFilter, ...] = ()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class LogRange:
    """`{..} | .. [interval] offset o`: `interval_ns` and `offset_ns` in nanoseconds."""

    query: LogQuery
    interval_ns: int
    offset_ns: int = 0
    unwrap: Unwrap | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class RangeAggregation:
    """`op(log range) [by (...)]`; `parameter` is the quantile of quantile_over_time."""

    op: str
    range: LogRange
    grouping: Grouping | None = None
    parameter: float | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class VectorAggregation:
    """`op [by (...)] (metric)`; `parameter` is k of topk, bottomk and approx_topk."""

    op: str
    expr: "Metric"
    grouping: Grouping | None = None
    parameter: int | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Matching:
    """`on (..)` or `ignoring (..)` with `group_left (..)` or `group_right (..)`."""

    labels: tuple[str, ...] = ()
    on: bool = False
    card: Literal["one-to-one", "many-to-one", "one-to-many"] = "one-to-one"
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BinaryOperation:
    """`left op right`; `return_bool` for `> bool`."""

    op: str
    left: "Metric"
    right: "Metric"
    return_bool: bool = False
    matching: Matching | None = None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number."""

    value: float
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class VectorLiteral:
    """`vector(1)`."""

    value: float
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class LabelReplace:
    """`label_replace(metric, "dst", "replacement", "src", "regex")`."""

    expr: "Metric"
    destination: str
    replacement: str
    source: str
    regex: str
    span: Span = _span()


Metric = RangeAggregation | VectorAggregation | BinaryOperation | Number | VectorLiteral | LabelReplace
Expr = LogQuery | Metric
