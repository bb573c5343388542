"""What Alloy's components are to a log pipeline, by name (Alloy 1.18)."""

from typing import Literal

from obs_check.shipper.stages.declaration import Form

Part = Literal["source", "middle", "end", "targets", "value", "other"]

SOURCE_FILE: Form = {
    "targets": "any!",
    "forward_to": "any!",
    "encoding": "text",
    "tail_from_end": "flag",
    "legacy_positions_file": "text",
    "on_positions_file_error": "text",
}
SOURCE_FILE_BLOCKS = ("decompression", "file_watch", "file_match")
DECOMPRESSION: Form = {"enabled": "flag!", "initial_delay": "text", "format": "text!"}
FILE_MATCH: Form = {"enabled": "flag", "sync_period": "text", "ignore_older_than": "text"}
SOURCE_KUBERNETES: Form = {"targets": "any!", "forward_to": "any!"}
SOURCE_DOCKER: Form = {
    **SOURCE_KUBERNETES,
    "host": "text!",
    "labels": "any",
    "relabel_rules": "any",
    "refresh_interval": "text",
}
SOURCE_PODLOGS: Form = {"forward_to": "any!", "tail_from_end": "flag", "preserve_discovered_labels": "flag"}
PROCESS: Form = {"forward_to": "any!"}
RELABEL: Form = {"forward_to": "any!", "max_cache_size": "number"}

_SOURCES = (
    "api", "awsfirehose", "azure_event_hubs", "cloudflare", "docker", "file", "gcplog", "gelf", "heroku", "journal",
    "kafka", "kubernetes", "kubernetes_events", "podlogs", "syslog", "windowsevent",
)  # fmt: skip
_DISCOVERIES = (
    "aws", "azure", "consul", "consulagent", "digitalocean", "dns", "docker", "dockerswarm", "ec2", "eureka", "file",
    "gce", "hetzner", "http", "ionos", "kubelet", "kubernetes", "kuma", "lightsail", "linode", "marathon", "nerve",
    "nomad", "openstack", "ovhcloud", "process", "puppetdb", "relabel", "scaleway", "serverset", "triton", "uyuni",
)  # fmt: skip

PARTS: dict[str, Part] = {
    **{f"loki.source.{name}": "source" for name in _SOURCES},
    **{f"discovery.{name}": "targets" for name in _DISCOVERIES},
    "local.file_match": "targets",
    "loki.process": "middle",
    "loki.relabel": "middle",
    "loki.enrich": "middle",
    "loki.secretfilter": "middle",
    "loki.write": "end",
    "loki.echo": "end",
    "loki.rules.kubernetes": "other",
    "local.file": "value",
}
"""`logging` is a source too when it writes to a receiver; it is not a component and has no label."""

ELSEWHERE = ("foreach", "remotecfg")
"""Blocks that make or fetch further pipelines, which are not read."""

APART = (
    "argument", "array.", "beyla.", "database_observability.", "export", "faro.", "http", "labelstore", "livedebugging",
    "logging", "mimir.", "otelcol.", "prometheus.", "pyroscope.", "remote.", "tracing", "usagestats",
)  # fmt: skip
"""Blocks and namespaces that carry no log lines between loki components, as far as is judged here."""
