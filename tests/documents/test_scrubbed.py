"""Configuration files are kept without their secrets, and with everything else."""

import pytest

from obs_check.documents.scrubbed import without_secret_values

CASES = {
    "plain": ("password: hunter2\n", "password: (hidden)\n", 1),
    "quoted": ('bearer_token: "a b: c"  # why\n', "bearer_token: (hidden)  # why\n", 1),
    "block": ("client_secret: |\n  one\n  two\nurl: u\n", "client_secret: (hidden)url: u\n", 1),
    "flow": ("basic_auth: {username: u, password: p4ss}\n", "basic_auth: {username: u, password: (hidden)}\n", 1),
    "header": (
        "headers: {X-Api-Key: k3y, X-Scope-OrgID: t}\n",
        "headers: {X-Api-Key: (hidden), X-Scope-OrgID: t}\n",
        1,
    ),
    "pair": ("- name: Authorization\n  value: Basic x\n", "- name: Authorization\n  value: (hidden)\n", 1),
    "reference": ("bearer_token: ${TOKEN}\npassword_file: /p\n", "bearer_token: ${TOKEN}\npassword_file: /p\n", 0),
    "token by reference": ("token:\n  file: /run/token\n", "token:\n  file: /run/token\n", 0),
    "comment": ("# password: hunter2\na: 1\n", "# password: (hidden)\na: 1\n", 1),
    "json": ('{"token": "t0k", "a": [1]}', '{"token": (hidden), "a": [1]}', 1),
    "alloy": ('bearer_token = "t0k"\nurl = "u"\n', 'bearer_token = (hidden)\nurl = "u"\n', 1),
    "alloy reference": ('password = sys.env("P")\nx = local.file.s.content\n',) * 2 + (0,),
    "url": ("url: http://u:p4ss@loki.example/\n", "url: http://(hidden)@loki.example/\n", 0),
    "key": ("k: |\n  -----BEGIN RSA PRIVATE KEY-----\n  x\n  -----END RSA PRIVATE KEY-----\n", "k: |\n  (hidden)\n", 1),
    "template": ("{{ if }}\npassword: hunter2\n{{ end }}\n", "{{ if }}\npassword: (hidden)\n{{ end }}\n", 1),
    "none": ("page_token: 7\nmax_tokens: 3\n", "page_token: 7\nmax_tokens: 3\n", 0),
}


@pytest.mark.parametrize(("text", "kept", "count"), CASES.values(), ids=CASES.keys())
def test_a_file_without_its_secrets(text: str, kept: str, count: int) -> None:
    assert without_secret_values(text) == (kept, count)
