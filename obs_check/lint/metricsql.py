"""What a query has of MetricsQL that PromQL has not: VictoriaMetrics stands behind datasources of the type prometheus.

A reader of MetricsQL's grammar (github.com/VictoriaMetrics/metricsql: lexer.go, parser.go, rollup.go, aggr.go,
transform.go) that keeps no tree: whether a query is one is all that is asked.
"""

import re
from typing import Literal

_TOKEN = re.compile(
    r"""(?:\s+|\#[^\n]*)*(?:
    (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    |(?P<range>\[[^\]\[({"'`]*\])
    |(?P<duration>(?:\d+(?:\.\d*)?(?:ms|[smhdwyi]))+(?!\w))
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?P<unit>(?i:[kmgt]i?b?))?(?!\w))
    |(?P<name>[^\W\d]\w*(?:[:.]\w+|:)*|:[\w:]*)
    |(?P<sign>==|!=|>=|<=|=~|!~|[-+*/%^<>={}(),@])
    |(?P<eof>\Z))""",
    re.VERBOSE | re.DOTALL,
)
_RANGE = re.compile(r"\[\s*(?P<window>[\w.]+)?\s*(?P<step>:\s*[\w.]*)?\s*\]")
_OF_STEP = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdwyi]))*(?:\d+i|\d+\.\d+(?:ms|[smhdwy]))", re.IGNORECASE)
"""Durations in steps of the panel (`5i`) or with a fraction."""
_SIGNS = {"+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<="}
_COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}
_WORDS = {"and", "or", "unless", "atan2"}
_OWN_WORDS = {"if", "ifnot", "default"}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BY_RANGE = _words(
    """
    absent_over_time avg_over_time changes count_over_time delta deriv holt_winters idelta increase irate
    last_over_time mad_over_time max_over_time min_over_time predict_linear present_over_time quantile_over_time
    rate resets stddev_over_time stdvar_over_time sum_over_time
    """
)
"""Functions of both languages that Prometheus wants a range for."""
_BOTH = _words(
    """
    abs absent acos acosh asin asinh atan atanh ceil clamp clamp_max clamp_min cos cosh day_of_month day_of_week
    day_of_year days_in_month deg exp floor histogram_avg histogram_fraction histogram_quantile histogram_stddev
    histogram_stdvar hour label_join label_replace ln log10 log2 minute month pi rad round scalar sgn sin sinh
    sort sort_by_label sort_by_label_desc sort_desc sqrt tan tanh time timestamp vector year
    """
)
_OWN = _words(
    """
    aggr_over_time ascent_over_time bitmap_and bitmap_or bitmap_xor buckets_limit changes_prometheus
    count_eq_over_time count_gt_over_time count_le_over_time count_ne_over_time count_values_over_time
    decreases_over_time default_rollup delta_prometheus deriv_fast descent_over_time distinct_over_time
    drop_common_labels drop_empty_series duration_over_time end first_over_time geomean_over_time
    histogram_over_time histogram_quantiles histogram_share hoeffding_bound_lower hoeffding_bound_upper ideriv
    increase_prometheus increase_pure increases_over_time integrate interpolate keep_last_value keep_next_value
    label_copy label_del label_graphite_group label_keep label_lowercase label_map label_match label_mismatch
    label_move label_set label_transform label_uppercase label_value labels_equal lag lifetime limit_offset
    median_over_time mode_over_time now outlier_iqr_over_time prometheus_buckets quantiles_over_time rand
    rand_exponential rand_normal range_avg range_first range_last range_linear_regression range_mad range_max
    range_median range_min range_normalize range_over_time range_quantile range_stddev range_stdvar range_sum
    range_trim_outliers range_trim_spikes range_trim_zscore range_zscore rate_over_sum rate_prometheus
    remove_resets rollup rollup_candlestick rollup_delta rollup_deriv rollup_increase rollup_rate
    rollup_scrape_interval running_avg running_max running_min running_sum scrape_interval share_eq_over_time
    share_gt_over_time share_le_over_time smooth_exponential sort_by_label_numeric sort_by_label_numeric_desc
    stale_samples_over_time start step sum2_over_time sum_eq_over_time sum_gt_over_time sum_le_over_time
    tfirst_over_time timestamp_with_name timezone_offset tlast_change_over_time tlast_over_time tmax_over_time
    tmin_over_time union zscore_over_time
    """
)
_NUMBERS = _words("pi scalar time")
_SERIES_AT = {"histogram_quantile": 1, "histogram_fraction": 2}
"""Which argument of a function is series, the first by default."""
_AGGREGATIONS = _words(
    """
    avg bottomk count count_values group limitk max min quantile stddev stdvar sum topk
    """
)
_OWN_AGGREGATIONS = _words(
    """
    any bottomk_avg bottomk_last bottomk_max bottomk_median bottomk_min distinct geomean histogram mad median
    mode outliers_iqr outliers_mad outliersk quantiles share sum2 topk_avg topk_last topk_max topk_median
    topk_min zscore
    """
)


_Kind = Literal["series", "number", "selector", "range"]
"""What an expression is: `selector` names a series by its name or its labels alone, `range` is that with a range."""


def only_in_metricsql(text: str) -> tuple[str, ...]:
    """What of a query only MetricsQL reads, each as a sentence names it, in order; nothing for one that MetricsQL
    refuses, or that has none of it."""
    try:
        return tuple(_MetricsQLReading(text).habits)
    except (_NoMetricsQL, RecursionError):
        return ()


class _NoMetricsQL(Exception):
    """It is not MetricsQL."""


class _MetricsQLReading:
    """Reads as it is made; `habits` are then what PromQL has not."""

    def __init__(self, text: str) -> None:
        self.habits: dict[str, None] = {}
        self._tokens = _tokens(text)
        self._at = 0
        self._templates: set[str] = set()
        self._expression()
        self._want("eof")

    def _is(self, *texts: str) -> bool:
        kind, text = self._tokens[self._at]
        return (text.lower() in texts and kind in ("name", "sign")) or kind in texts

    def _take(self, *texts: str) -> bool:
        taken = self._is(*texts)
        self._at += taken and not self._is("eof")
        return taken

    def _want(self, *texts: str) -> str:
        text = self._tokens[self._at][1]
        if not self._take(*texts):
            raise _NoMetricsQL
        return text

    def _found(self, habit: str) -> None:
        self.habits[habit] = None

    def _expression(self) -> _Kind:
        kind = self._operand()
        while self._is(*_SIGNS, *_WORDS, *_OWN_WORDS):
            self._rolled_up([kind])
            word = self._want(*_SIGNS, *_WORDS, *_OWN_WORDS).lower()
            if word in _OWN_WORDS:
                self._found(f"the operator `{word}`")
            to_bool = self._take("bool")
            if self._take("on", "ignoring"):
                self._names()
            if self._take("group_left", "group_right"):
                if self._is("("):
                    self._names()
                if self._take("prefix"):
                    self._want("string")
                    self._found("`prefix`")
            other = self._operand()
            self._rolled_up([other])
            if word in _WORDS and word != "atan2" and "number" in (kind, other):
                self._found(f"a number beside `{word}`")
            if word in _COMPARISONS and not to_bool and kind == other == "number":
                self._found("numbers compared without `bool`")
            kind = "number" if kind == other == "number" else "series"
        return kind

    def _operand(self) -> _Kind:
        while self._take("+", "-"):
            pass
        kind = self._single()
        if self._is("range"):
            self._range(self._want("range"), kind == "selector")
            kind = "range"
        while True:
            if self._take("@"):
                # PromQL has two functions for this place alone.
                if self._take("start", "end"):
                    self._want("(")
                    self._want(")")
                else:
                    self._single()
            elif self._take("offset"):
                if kind not in ("selector", "range"):
                    self._found("`offset` behind an expression")
                self._take("-")
                self._duration(self._want("duration", "number", "name"))
            else:
                return kind

    def _range(self, text: str, series: bool) -> None:
        parts = _RANGE.fullmatch(text)
        if parts is None or not (parts["window"] or parts["step"]):
            raise _NoMetricsQL
        for part in (parts["window"], (parts["step"] or "").lstrip(": ")):
            self._duration(part or "")
        if not series and parts["step"] is None:
            self._found("a range behind an expression")

    def _duration(self, text: str) -> None:
        if _OF_STEP.fullmatch(text):
            self._found(f"the duration `{text}`")

    def _single(self) -> _Kind:
        if self._take("string"):
            return "series"
        if self._take("duration"):
            self._duration(self._tokens[self._at - 1][1])
            return "number"
        if self._is("number"):
            number = self._want("number")
            if number[-1:].isalpha() and not number.lower().startswith("0x"):
                self._found(f"the number `{number}`")
            return "number"
        if self._take("("):
            return self._in_brackets()
        if self._is("{"):
            self._matchers()
            return "selector"
        return self._named(self._want("name"))

    def _in_brackets(self) -> _Kind:
        kinds: list[_Kind] = []
        while not self._take(")"):
            kinds.append(self._expression())
            if not self._is(")"):
                self._want(",")
                self._found("a list in brackets")
        if self._take("keep_metric_names"):
            self._found("`keep_metric_names`")
        return "number" if kinds == ["number"] else "series"

    def _named(self, name: str) -> _Kind:
        plain = name.lower()
        if plain == "with" and self._is("("):
            return self._with()
        if plain in _AGGREGATIONS | _OWN_AGGREGATIONS and self._is("(", "by", "without"):
            return self._aggregation(name)
        if self._is("("):
            return self._function(name)
        if self._is("{"):
            self._matchers()
        return "number" if plain in ("inf", "nan") else "selector"

    def _with(self) -> _Kind:
        self._found("`WITH` templates")
        self._want("(")
        while not self._take(")"):
            self._templates.add(self._want("name"))
            if self._is("("):
                self._names()
            self._want("=")
            self._expression()
            if not self._is(")"):
                self._want(",")
        self._expression()
        return "series"

    def _aggregation(self, name: str) -> _Kind:
        if name.lower() in _OWN_AGGREGATIONS:
            self._found(f"the aggregation `{name}`")
        before = self._take("by", "without")
        if before:
            self._names()
        kinds = self._arguments()
        self._rolled_up(kinds)
        self._series_wanted(name, kinds[-1:])
        if not before and self._take("by", "without"):
            self._names()
        if self._take("limit"):
            self._want("number")
            self._found("`limit` behind an aggregation")
        return "series"

    def _function(self, name: str) -> _Kind:
        plain = name.lower()
        kinds = self._arguments()
        if plain in _BY_RANGE and "range" not in kinds:
            self._found(f"`{name}` without a range")
        elif plain in _OWN or (plain in _BY_RANGE | _BOTH and plain != name):
            self._found(f"the function `{name}`")
        elif plain not in _BY_RANGE | _BOTH and name not in self._templates:
            raise _NoMetricsQL
        if plain in _BOTH:
            self._rolled_up(kinds)
        at = _SERIES_AT.get(plain, 0)
        if plain == "vector" and kinds[:1] != ["number"]:
            self._found("series in `vector`")
        elif plain in _BOTH - {"vector"}:
            self._series_wanted(name, kinds[at : at + 1])
        if self._take("keep_metric_names"):
            self._found("`keep_metric_names`")
        return "number" if plain in _NUMBERS else "series"

    def _rolled_up(self, kinds: list[_Kind]) -> None:
        if "range" in kinds:
            self._found("a range without a function")

    def _series_wanted(self, name: str, kinds: list[_Kind]) -> None:
        if "number" in kinds:
            self._found(f"a number in `{name}`")

    def _arguments(self) -> list[_Kind]:
        self._want("(")
        found: list[_Kind] = []
        while not self._take(")"):
            found.append(self._expression())
            if not self._is(")"):
                self._want(",")
        return found

    def _names(self) -> None:
        self._want("(")
        while not self._take(")"):
            self._want("name", "string", "*")
            if not self._is(")"):
                self._want(",")

    def _matchers(self) -> None:
        self._want("{")
        while not self._take("}"):
            self._want("name", "string")
            if self._take("=", "!=", "=~", "!~"):
                self._want("string", "name")
                while self._take("+"):
                    self._want("string", "name")
            if not self._is("}"):
                self._want(",", "or")


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while not found or found[-1][0] != "eof":
        token = _TOKEN.match(text, at)
        if token is None:
            raise _NoMetricsQL
        kind = token.lastgroup if token.lastgroup != "unit" else "number"
        found.append((str(kind), token[str(kind)]))
        at = token.end()
    return found
