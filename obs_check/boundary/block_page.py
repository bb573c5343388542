"""The page that boundary answers a denied request with: 403, text/plain (v0.9.0)."""

BLOCKED = "Request Blocked by Boundary"
"""What the page is known by: a 403 alone may come from the origin."""


def block_page(method: str, path: str, host: str) -> str:
    """The page for a request, without boundary's hints below it; `path` has no query."""
    return f"🚫 {BLOCKED}\n\nRequest: {method} {path}\nHost: {host}\n"
