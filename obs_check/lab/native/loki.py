"""A Loki from PATH with the limits of the lab's own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from obs_check.errors import UsageError
from obs_check.lab.native.program import NativeProgram
from obs_check.lab.settings import LOKI_UID, LabSettings
from obs_check.model.tree import Json
from obs_check.model.window import MS
from obs_check.standin.loki.limits import HOUR, MIB, Limits
from obs_check.standin.loki.served import Served

DEFAULT_TENANT = "fake"
"""Loki's name for the tenant of those who name none, where it has no tenants."""
_HEADER = "X-Scope-OrgID"


class NativeLoki(NativeProgram):
    """One process with its data below `directory`: rings in memory, chunks on the file system, no cache of results."""

    program = "loki"
    ready_path = "/ready"

    def __init__(self, directory: Path, limits: Limits) -> None:
        super().__init__(directory)
        self._limits = limits
        self._grpc = self.free_port()

    def arguments(self) -> list[str]:
        """With a configuration of its own."""
        config = self._directory / "loki.yaml"
        config.write_text(yaml.safe_dump(self.config()), "utf-8")
        return [f"-config.file={config}"]

    @property
    def served(self) -> Served | None:
        """None: only the lab's own counts what it was asked."""
        return None

    def config(self) -> dict[str, Any]:
        """loki.yaml as a document."""
        data = self._directory / "data"
        period = {"index": {"prefix": "index_", "period": "24h"}, "object_store": "filesystem"}
        return {
            "auth_enabled": self._limits.tenancy == "required",
            "server": {
                "http_listen_address": "127.0.0.1",
                "http_listen_port": self._port,
                "grpc_listen_address": "127.0.0.1",
                "grpc_listen_port": self._grpc,
                "log_level": "warn",
            },
            "common": {
                "instance_addr": "127.0.0.1",
                "path_prefix": str(data),
                "replication_factor": 1,
                "ring": {"kvstore": {"store": "inmemory"}},
                "storage": {
                    "filesystem": {"chunks_directory": str(data / "chunks"), "rules_directory": str(data / "rules")}
                },
            },
            "schema_config": {"configs": [{"from": "2020-01-01", "store": "tsdb", "schema": "v13", **period}]},
            # Without these two Loki waits 15 s before it is ready and 30 s before it ends.
            "ingester": {"lifecycler": {"min_ready_duration": "0s", "final_sleep": "0s"}},
            "query_range": {"cache_results": False},
            "limits_config": limits_config(self._limits),
            "analytics": {"reporting_enabled": False},
        }


def limits_config(limits: Limits) -> dict[str, Any]:
    """The lab's limits in Loki's words (Loki 3.5: `limits_config`)."""
    found: dict[str, Json] = {
        "reject_old_samples": limits.reject_old_samples_max_age > 0,
        "reject_old_samples_max_age": _duration(limits.reject_old_samples_max_age or HOUR),
        "creation_grace_period": _duration(limits.creation_grace_period),
        "max_line_size": f"{limits.max_line_size}B",
        "max_line_size_truncate": limits.max_line_size_truncate,
        "max_label_names_per_series": limits.max_label_names,
        "max_label_name_length": limits.max_label_name_length,
        "max_label_value_length": limits.max_label_value_length,
        "allow_structured_metadata": limits.allow_structured_metadata,
        "max_structured_metadata_entries_count": limits.max_structured_metadata_entries,
        "max_structured_metadata_size": f"{limits.max_structured_metadata_size}B",
        "ingestion_rate_mb": limits.ingestion_rate / MIB,
        "ingestion_burst_size_mb": limits.ingestion_burst / MIB,
        "per_stream_rate_limit": f"{limits.per_stream_rate}B",
        "per_stream_rate_limit_burst": f"{limits.per_stream_burst}B",
        "max_global_streams_per_user": limits.max_streams,
        "discover_service_name": list(limits.discover_service_name),
        "discover_log_levels": limits.discover_log_levels,
        "max_entries_limit_per_query": limits.max_entries_per_query,
        "max_query_series": limits.max_query_series,
        "max_query_length": _duration(limits.max_query_length),
        "max_query_lookback": _duration(limits.max_query_lookback),
        "enforced_labels": list(limits.enforced_labels),
    }
    if limits.blocked_until:
        found |= {"block_ingestion_until": limits.blocked_until, "block_ingestion_status_code": limits.blocked_status}
    if limits.blocked_queries:
        found["blocked_queries"] = [{"pattern": one, "regex": True} for one in limits.blocked_queries]
    return found


def _duration(ns: int) -> str:
    return f"{ns // MS}ms"


def fit(settings: LabSettings) -> None:
    """Make of the settings what Loki can be told. UsageError for what it cannot.

    Loki has tenants or has none: where one is named, all others name the one that those without a name write for. The
    header of a datasource then hides all other tenants, so what the shipper names is asked for at Loki itself.
    """
    if 0 < settings.loki.retention_period < 24 * HOUR:
        raise UsageError("a Loki from PATH keeps lines for a day at least", "leave out --native loki")
    clients = settings.promtail["clients"]
    sources = [one for one in settings.datasources if one["uid"] == LOKI_UID]
    by_client = any("tenant_id" in one for one in clients)
    if settings.loki.tenancy == "optional" and (by_client or any("secureJsonData" in one for one in sources)):
        settings.loki_direct |= by_client
        settings.loki = replace(settings.loki, tenancy="required")
        for client in clients:
            client.setdefault("tenant_id", DEFAULT_TENANT)
        for source in sources:
            source.setdefault("jsonData", {}).setdefault("httpHeaderName1", _HEADER)
            source.setdefault("secureJsonData", {}).setdefault("httpHeaderValue1", DEFAULT_TENANT)
        settings.reached.append(_as_tenant)


def _as_tenant(document: dict[str, Any]) -> None:
    document["loki"].setdefault("tenant", DEFAULT_TENANT)
