"""The header that stands for a client's credentials. The arguments are the texts of the configuration's own keys."""

import base64
from collections.abc import Mapping


def basic(given: Mapping[str, str]) -> dict[str, str]:
    """That of `basic_auth`; a `password_file` is not read."""
    pair = f"{given.get('username', '')}:{given.get('password', '')}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    """That of `bearer_token`."""
    return {"Authorization": f"Bearer {token}"}


def authorization(given: Mapping[str, str]) -> dict[str, str]:
    """That of `authorization`; a `credentials_file` is not read."""
    return {"Authorization": f"{given.get('type') or 'Bearer'} {given.get('credentials', '')}"}
