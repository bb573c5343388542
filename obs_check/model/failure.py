"""What a failed answer means: an outage, a refusal of this very question, or a lack of rights.

Nothing may be claimed about a pipeline because a system did not answer; a refusal is an answer. The status decides
where it says enough, then a code that the text names, then its first words, then who said so (Grafana's `errorSource`).
What nobody knows behind a 5xx is an outage.
"""

import re
from enum import StrEnum
from typing import NamedTuple


class Failure(StrEnum):
    """OUTAGE: no answer, or one that says nothing about the question. REFUSAL: the question itself is refused, and
    would be again. NOT_ALLOWED: whoever asks is not let in."""

    OUTAGE = "outage"
    REFUSAL = "refusal"
    NOT_ALLOWED = "not allowed"


_STATUSES = {
    **dict.fromkeys((401, 403, 407), Failure.NOT_ALLOWED),
    # Too early, too often, too slow, given up, and what gateways say of themselves (Cloudflare has 520 to 530).
    **dict.fromkeys((408, 425, 429, 499, 502, 503, 504, 509, 529, 530, *range(520, 528)), Failure.OUTAGE),
}
"""Statuses that mean the same whoever says them."""

_GRPC = {
    **dict.fromkeys(("Unauthenticated", "PermissionDenied"), Failure.NOT_ALLOWED),
    # ResourceExhausted is a message larger than gRPC's limit, which Loki's guide counts among a query's limits.
    **dict.fromkeys(("InvalidArgument", "OutOfRange", "FailedPrecondition", "ResourceExhausted"), Failure.REFUSAL),
    **dict.fromkeys(("Unavailable", "DeadlineExceeded", "Canceled", "Aborted", "DataLoss"), Failure.OUTAGE),
}

_SQLSTATE = {
    "28": Failure.NOT_ALLOWED,
    # Connection, resources, operator (shut down, starting, cancelled), system: PostgreSQL, appendix A.
    **dict.fromkeys(("08", "53", "57", "58"), Failure.OUTAGE),
}
"""By class of the SQLSTATE; every other class is an answer of the database to the statement."""


_TO_TLS = r"client sent an HTTP request to an HTTPS server|a page of HTML .400 the plain HTTP request was sent to HTTPS"


class Words(NamedTuple):
    """`pattern` is looked for at the start of a text; `source` says whose words it has."""

    failure: Failure
    pattern: str
    source: str


WORDS: tuple[Words, ...] = (
    Words(Failure.NOT_ALLOWED, r"no org id", "dskit: a request without a tenant, 401 or 400"),
    Words(Failure.NOT_ALLOWED, r"authentication to data source failed", "Grafana's proxy: 400 for a 401"),
    Words(Failure.NOT_ALLOWED, r"access denied to data ?source|plugin request forbidden", "Grafana: ds/query"),
    Words(
        Failure.NOT_ALLOWED, r"pq: (password authentication failed|no pg_hba\.conf entry|role .* does not)", "lib/pq"
    ),
    Words(Failure.NOT_ALLOWED, r"(unauthorized|forbidden)\b", "proxies in front of Loki and Prometheus"),
    Words(Failure.OUTAGE, r"(get|post|head|put) \"\": ", "Go: net/url.Error, a request that got no answer"),
    Words(Failure.OUTAGE, r"(dial (tcp|error)|context deadline exceeded|context canceled|x509: |tls: )", "Go: net"),
    Words(Failure.OUTAGE, r"(unexpected )?EOF$", "Go: io"),
    Words(Failure.OUTAGE, _TO_TLS, "Go: net/http, and the page of nginx: a 400 to plain HTTP at a port of TLS"),
    Words(Failure.OUTAGE, r"failed to (connect|make http request)", "Grafana and pgx: a database that is not there"),
    Words(
        Failure.OUTAGE, r"(plugin (is )?(unavailable|not registered)|an error occurred within the plugin)", "Grafana"
    ),
    Words(Failure.OUTAGE, r"(too many outstanding requests|querying is disabled)", "Loki: 429"),
    Words(Failure.OUTAGE, r"pq: (the database system|sorry, too many|remaining connection|terminating)", "lib/pq"),
    Words(Failure.OUTAGE, r"pq: (canceling statement|could not|out of|SSL is not)", "lib/pq"),
    Words(Failure.OUTAGE, r"(driver: bad|sql: database is closed|error 1040\b|invalid connection)", "database/sql"),
    Words(
        Failure.OUTAGE, r"(execution: )?expanding series|(timeout|canceled|internal|unavailable):", "Prometheus: API"
    ),
    Words(Failure.OUTAGE, r"(bad_response|server_error)\b", "Prometheus: client_golang, a page that is not JSON"),
    Words(Failure.REFUSAL, r"(bad_data|execution|not_acceptable|not_found):", "Prometheus: API"),
    Words(Failure.REFUSAL, r"query processing would load too many samples", "Prometheus: promql"),
    Words(Failure.REFUSAL, r"(parse error|syntax error|failed to parse)", "LogQL: logqlmodel.ParseError"),
    Words(Failure.REFUSAL, r"(queries require at least one|only label matchers are|log queries are not)", "LogQL"),
    Words(Failure.REFUSAL, r"(invalid|unknown) (aggregation|query|direction|step|operation|function|label)", "LogQL"),
    Words(Failure.REFUSAL, r"(\[interval\] value exceeds|multi.?variant queries are disabled|step must be)", "LogQL"),
    Words(Failure.REFUSAL, r"(cannot parse \"|query blocked by policy|aggregated metric queries can)", "LogQL"),
    Words(Failure.REFUSAL, r"(pipeline error|failed execute pipeline)", "LogQL: logqlmodel.PipelineError"),
    Words(Failure.REFUSAL, r"(limit reached while|maximum (number )?of series|max\w* (entries|streams|conc))", "Loki"),
    Words(Failure.REFUSAL, r"the query (would read|hit the max|time range exceeds)", "Loki: queryrange/limits.go"),
    Words(Failure.REFUSAL, r"(un-shardable |shard )?query (is )?too large", "Loki: queryrange/limits.go"),
    Words(Failure.REFUSAL, r"(response larger than|cardinality limit|exceeded maximum resolution)", "Loki"),
    Words(Failure.REFUSAL, r"(stream selector (is|has)|this data is no longer available)", "Loki: querier"),
    Words(Failure.REFUSAL, r"(end timestamp must not|zero or negative query resolution)", "Loki: querier"),
    Words(
        Failure.REFUSAL, r"(found duplicate series|multiple matches for labels|many-to-many)", "LogQL: a 500; PromQL"
    ),
    Words(Failure.REFUSAL, r"vector cannot contain metrics with the same labelset", "LogQL and PromQL: promql"),
    Words(Failure.REFUSAL, r"(could not write JSON response: \d|err while creating labelset)", "Loki: a 500; labels"),
    Words(Failure.REFUSAL, r"(pq: |ERROR: |error \d{4}\b)", "databases: an answer to the statement"),
    Words(Failure.REFUSAL, r"(db has no time column|interpolation failed|convert frame|unknown macro)", "Grafana: SQL"),
)
"""From the most certain on; the first that fits decides."""

_REMEDIES = (
    ("no org id", "name its tenant: loki.tenant, or the header X-Scope-OrgID of the datasource"),
    ("authentication to data source failed", "correct the credentials of the datasource in Grafana"),
)
"""By what an answer says that lets nobody in."""
_REMEDY = "check the token, its permissions and the tenant"
_UNREACHED = re.compile(
    r"connection (refused|reset|timed out)|no such host|server misbehaving|i/o timeout|deadline exceeded"
    r"|client\.timeout|network is unreachable|no route to host|broken pipe|tls handshake|x509: |bad gateway"
    r"|gateway time-?out|upstream (request timeout|connect error)|no healthy upstream|service unavailable"
    r"|plugin unavailable|empty ring|too many unhealthy instances|live replicas required|HTTP response to HTTPS client",
    re.I,
)
"""Words of an outage at any place. They count only where Grafana itself may have chosen a 4xx."""

_WRAPPINGS = re.compile(
    r"\s*(?:\[[\w.]+\]\s*|failed to execute (?:query|conditions?)[^:]{0,40}:\s*|db query error:\s*|client_error:\s*"
    r"|rpc error: code = (?:Code\(500\)|Unknown|Internal) desc =\s*|\d+ errors?:\s*)*",
    re.I,
)
"""What Grafana, gRPC and Prometheus's client put in front of the words."""
_CODES = re.compile(
    r"(?:<[^<>]*>\s*)*(?P<first>[45]\d\d) (?:page not found|(?-i:[A-Z]))"
    r"|(?:unexpected |bad )?(?:response )?(?:with )?(?:status code|status|server error|client error|response code)"
    r":? (?P<named>[45]\d\d)\b"
    r"|rpc error: code = (?:Code\((?P<grpc_status>[45]\d\d)\)|(?P<grpc>[A-Z][A-Za-z]+))"
    r"|(?:ERROR|FATAL|failed to connect to|Error \d{4})\b.*?\((?:SQLSTATE )?(?P<sqlstate>\w{5})\)",
    re.I | re.S,
)
"""A code at the start of a text: an HTTP status, a page's title, gRPC's or SQL's."""
_QUOTED_URL = re.compile(r"\"https?://[^\"]*\"")
"""Go's errors repeat the address that was asked, and in it the query: its words are the user's."""


def failure(status: int | None, words: str, source: str = "") -> Failure:
    """What an answer with an error means.

    `status` is the answer's (None where it has none), `words` its text. `source` is Grafana's `errorSource`, and
    `downstream` for a system that was asked directly: then a 4xx is the word of the one who was asked. Grafana 9 to 11
    give every error of a plugin the status 500, and Grafana 8 none, so behind those the text decides.
    """
    if status in _STATUSES:
        return _STATUSES[status]
    text = _QUOTED_URL.sub('""', words)
    said = _WRAPPINGS.sub("", text, count=1)
    known = _coded(text) or _coded(said) or _worded(said) or _worded(text)
    if known is not None:
        return known
    if status is None or not 400 <= status < 500:
        return Failure.OUTAGE
    return Failure.OUTAGE if source != "downstream" and _UNREACHED.search(said) else Failure.REFUSAL


def wants_tls(words: str) -> bool:
    """Whether an answer says that the port which gave it is one of TLS."""
    return re.match(_TO_TLS, words, re.I) is not None


def remedy_of(words: str) -> str:
    """What helps against an answer that lets nobody in."""
    return next((remedy for phrase, remedy in _REMEDIES if phrase in words.lower()), _REMEDY)


_COMPILED = [(words.failure, re.compile(words.pattern, re.I)) for words in WORDS]


def _worded(text: str) -> Failure | None:
    """What the first words of a text mean. Loki's own may be in brackets, as what Grafana puts in front is."""
    return next((found for found, known in _COMPILED if known.match(text)), None)


def _coded(text: str) -> Failure | None:
    """What a code at the start of a text means; None without one, and for a plain 500, whose words say more."""
    found = _CODES.match(text)
    if found is None:
        return None
    if found["grpc"]:
        return _GRPC.get(found["grpc"])
    if found["sqlstate"]:
        return _SQLSTATE.get(found["sqlstate"][:2], Failure.REFUSAL)
    status = int(found["first"] or found["named"] or found["grpc_status"])
    return _STATUSES.get(status) or (Failure.REFUSAL if status < 500 else None)
