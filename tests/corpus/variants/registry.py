"""Every variant, in the order of the pipeline: how it is reached, written and read, and what else goes on in it."""

from zoneinfo import ZoneInfo

from obs_check.lab.faults.kubernetes import KUBERNETES_FAULTS
from obs_check.lab.kubernetes import on_kubernetes
from obs_check.lab.settings import LabSettings
from tests.corpus.variants.alloy import with_alloy
from tests.corpus.variants.dashboards import deployed, drawn, folded, seldom
from tests.corpus.variants.lines import human, spaced
from tests.corpus.variants.past import with_a_past
from tests.corpus.variants.reached import loki_by_url, without
from tests.corpus.variants.variant import Variant
from tests.corpus.variants.written import commented, crlf_everywhere, flow, rewritten

_EAST, _WEST = "Asia/Kolkata", "America/St_Johns"
_HAPPENED = {"quiet-quarter": "something did happen in that quarter"}
_LONGER = {"positions-ahead": "the file is longer than that by now"}
_SAME = {"sessions": "both runs are of one session of the firewall, whose number does not rise again"}
_AMONG = _LONGER | {"long-urls": "a batch with shorter requests in it fits"}
_WRAPPED = {"short-run": "the command ends after so many requests, whoever sends them"}

_OF_PROMTAIL = dict.fromkeys(("limited", "line-cut-by-shipper"), "limits_config is promtail's, and Alloy cuts no line")
_OF_NODE = dict.fromkeys((fault.id for fault in KUBERNETES_FAULTS), "it is promtail that finds pods at the API here")


def _in_zone(name: str) -> Variant:
    def before(settings: LabSettings) -> None:
        settings.zone = ZoneInfo(name)

    return Variant(f"zone-{name.rpartition('/')[2].lower()}", f"machine and boundary are in {name}", before, zone=name)


_JSON_ONLY = {
    "drop-stage": "the stage's expression is one of JSON",
    "zone-behind-cri": "the time is read from a field of JSON",
    "replace-keys": "the keys that are replaced are those of JSON",
    "output-fields": "the field that is put out is one of JSON",
    "packed": "logfmt reads the pairs of the line inside of the packed one, too",
    "no-cri": "logfmt reads the line behind the runtime's prefix",
    "line-too-long": "a line for people is shorter",
    "every-line-counted": "logfmt makes no error of a line that is none",
}
"""Faults of JSON lines."""
_COMPACT_ONLY = dict.fromkeys(("drop-stage", "zone-behind-cri"), "the stage's expression has no blank behind the colon")

PLAIN = Variant("plain", "the stack as it is")
VARIANTS: tuple[Variant, ...] = (
    Variant("name", "obs-check.yaml is read from the working directory", named_by="name"),
    Variant("relative", "obs-check.yaml is named by a path from another folder", named_by="relative"),
    Variant("no-boundary-config", "boundary.config is not named", after=without("boundary", "config")),
    Variant("no-shipper-config", "shipper.config is not named", after=without("shipper", "config")),
    Variant("no-shipper", "nothing is said of the shipper", after=without("shipper")),
    Variant(
        "loki-url",
        "Loki is asked by its URL",
        after=loki_by_url,
        # There the lines are found, and it is a tenant that differs.
        instead={"datasource-elsewhere": "select.wrong-tenant"},
    ),
    Variant("flow", "boundary's and promtail's configuration are in flow style", after=rewritten(flow)),
    Variant("comments", "they are full of comments", after=rewritten(commented)),
    Variant("crlf", "all configuration has CRLF", after=crlf_everywhere),
    Variant("alloy", "the shipper is Alloy", after=with_alloy, apart=_OF_PROMTAIL | _OF_NODE),
    Variant("kubernetes", "the lab is a node of a cluster: promtail finds pods at the API", after=on_kubernetes),
    Variant(
        "earlier",
        "the stack ran before and nothing was broken",
        ran_before=True,
        apart=_HAPPENED | _LONGER,
    ),
    Variant("human", "coderd logs for people, and the dashboard reads that", human, apart=_JSON_ONLY),
    Variant("spaced", "there are blanks in coderd's JSON", spaced, apart=_COMPACT_ONLY),
    Variant("past", "boundary's log directory has a past", with_a_past),
    _in_zone(_EAST),
    _in_zone(_WEST),
    Variant(
        "others",
        "other agents use the same boundary",
        others="same",
        apart=_WRAPPED | _HAPPENED | _AMONG,
        # Their requests fill what room boundary has for decisions that it cannot hand over.
        instead={"agent-gone": "socket.channel-full"},
    ),
    Variant("others-own", "other agents have a boundary of their own", others="own", apart=_HAPPENED | _LONGER),
    Variant("two-runs", "another run came just before", runs=2, apart=_WRAPPED | _HAPPENED | _LONGER | _SAME),
    Variant(
        "deployed",
        "the dashboard is drawn as in a deployment",
        deployed,
        # The owner is a variable of several values there, `.*` for all of them.
        instead={"variable-not-regex": "panel.variable-multi-value"},
    ),
    Variant("folded", "the dashboard's rows are closed and its datasource is a variable", after=drawn(folded)),
    Variant("seldom", "the dashboard has panels of lines that seldom come", drawn(seldom)),
)  # fmt: skip


def find_variant(name: str) -> Variant:
    """The variant of that id, `plain` for none; StopIteration for an unknown one."""
    return next(v for v in (PLAIN, *VARIANTS) if v.id == name)
