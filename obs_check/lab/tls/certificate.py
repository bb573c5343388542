"""TLS as the lab's firewall terminates it.

boundary makes a CA of its own and a certificate a host. The lab ships one certificate for names that exist nowhere
(`*.example`, `*.invalid`, 127.0.0.1), so that nothing has to be generated; its key protects nothing and the key of the
CA that signed it was thrown away. Both are valid from the year 2000 to 2199, whatever a machine takes for today.
"""

import ssl
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
CA = _HERE / "ca-cert.pem"
"""What a client has to trust."""


@cache
def tls_context() -> ssl.SSLContext:
    """The server side of a tunnel. Without a server name, as for an address in a URL, the handshake fails: boundary
    makes its certificates by that name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_HERE / "leaf-cert.pem", _HERE / "leaf-key.pem")
    context.sni_callback = _named
    return context


@cache
def address_context() -> ssl.SSLContext:
    """The server side for clients that go by address, and so name no server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_HERE / "leaf-cert.pem", _HERE / "leaf-key.pem")
    return context


def _named(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> int | None:
    return None if name else ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
