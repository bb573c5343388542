"""The keys of sections of promtail 3.5's YAML that are not read here: promtail refuses a configuration with another."""

from collections.abc import Mapping

from obs_check.documents.yaml_tree import YamlValue

_PROXY = ("proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header")
_TLS = (
    "ca", "cert", "key", "ca_file", "cert_file", "key_file", "ca_ref", "cert_ref", "key_ref", "server_name",
    "insecure_skip_verify", "min_version", "max_version",
)  # fmt: skip
_HTTP = (
    "basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file", "tls_config", "follow_redirects",
    "enable_http2", "http_headers", *_PROXY,
)  # fmt: skip
CLIENT = {
    "basic_auth": ("username", "username_file", "username_ref", "password", "password_file", "password_ref"),
    "authorization": ("type", "credentials", "credentials_file", "credentials_ref"),
    "oauth2": (
        "client_id", "client_secret", "client_secret_file", "client_secret_ref", "scopes", "token_url",
        "endpoint_params", "tls_config", *_PROXY,
    ),
    "tls_config": _TLS,
}  # fmt: skip
"""Of `clients`."""
TOP = {"target_config": ("sync_period", "stdin"), "tracing": ("enabled", "profiling_enabled")}
"""Of the whole file."""
_RECEIVER = ("labels", "use_incoming_timestamp")
JOB = {
    "journal": ("max_age", "json", "labels", "path", "matches"),
    "syslog": (
        "listen_address", "listen_protocol", "idle_timeout", "label_structured_data", "use_rfc5424_message",
        "syslog_format", "max_message_length", "tls_config", "raw_format_options", *_RECEIVER,
    ),
    "windows_events": (
        "locale", "eventlog_name", "xpath_query", "bookmark_path", "poll_interval", "exclude_event_data",
        "exclude_event_message", "exclude_user_data", *_RECEIVER,
    ),
    "azure_event_hubs": (
        "event_hubs", "connection_string", "fully_qualified_namespace", "group_id", "disallow_custom_messages",
        *_RECEIVER,
    ),
    "kafka": ("brokers", "group_id", "topics", "version", "assignor", "authentication", *_RECEIVER),
    "gelf": ("listen_address", *_RECEIVER),
    "cloudflare": ("api_token", "zone_id", "labels", "workers", "pull_range", "fields_type", "additional_fields"),
    "gcplog": (
        "project_id", "subscription", "subscription_type", "push_timeout", "server", "use_full_line", *_RECEIVER,
    ),
    "heroku_drain": ("server", *_RECEIVER),
    "loki_push_api": ("server", *_RECEIVER),
}  # fmt: skip
"""Of a job; what finds targets by lists has its keys in DISCOVERY."""
DISCOVERY = {
    "kubernetes_sd_configs": (
        "api_server", "role", "kubeconfig_file", "namespaces", "selectors", "attach_metadata", *_HTTP,
    ),
    "docker_sd_configs": (
        "host", "port", "filters", "host_networking_host", "refresh_interval", "match_first_network", *_HTTP,
    ),
    "file_sd_configs": ("files", "refresh_interval"),
}  # fmt: skip
_OF_PODS = {"namespaces": ("names", "own_namespace"), "attach_metadata": ("node",)}
_ROLES = ("pod", "service", "endpoints", "endpointslice", "node", "ingress")


def check_sections(node: YamlValue, sections: Mapping[str, tuple[str, ...]]) -> None:
    """Raise ConfigError for a key that promtail does not know in one of the sections that are there."""
    for name, keys in sections.items():
        if (found := node.get(name)) is not None:
            found.mapping(keys)


def check_discovery(node: YamlValue) -> None:
    """As check_sections, of what a job discovers targets by; ConfigError too where Kubernetes' role or Docker's host is
    missing or none."""
    for name, keys in DISCOVERY.items():
        listed = node.get(name)
        for one in listed.items() if listed else ():
            one.mapping(keys)
            check_sections(one, _OF_PODS if name == "kubernetes_sd_configs" else {})
            role = one.get("role")
            if name == "kubernetes_sd_configs" and (role is None or role.text() not in _ROLES):
                said = "role is missing" if role is None else f"not a role of Kubernetes: {role.text()!r}"
                raise (role or one).error(said, f"one of {', '.join(_ROLES)}")
            if name == "docker_sd_configs" and one.get("host") is None:
                raise one.error("host is missing", "for example unix:///var/run/docker.sock")
