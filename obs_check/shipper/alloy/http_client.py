"""What Alloy's components that speak HTTP take for it (Alloy 1.18: common/config)."""

from obs_check.shipper.stages.declaration import Form

HTTP: Form = dict.fromkeys(
    (
        "bearer_token",
        "bearer_token_file",
        "proxy_url",
        "no_proxy",
        "proxy_from_environment",
        "proxy_connect_header",
        "follow_redirects",
        "enable_http2",
        "http_headers",
    ),
    "any",
)
HTTP_BLOCKS = ("basic_auth", "authorization", "oauth2", "tls_config")
