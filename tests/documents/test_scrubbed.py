"""Configuration files are kept without their secrets, and with everything else."""

import pytest

from obs_check.documents.scrubbed import without_secret_values

S = "hunter2"
CASES = {
    "plain": ("password: hunter2\n", "password: (hidden)\n", 1),
    "quoted": ('bearer_token: "a b: c"  # why\n', "bearer_token: (hidden)  # why\n", 1),
    "block": (
        "client_secret: |\n  one\n  two\nurl: u\n",
        "client_secret: (hidden)\n  (hidden)\n  (hidden)\nurl: u\n",
        1,
    ),
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
    "url": ("url: http://u:p4ss@loki.example/\n", "url: http://(hidden)@loki.example/\n", 1),
    "key": (
        "k: |\n  -----BEGIN RSA PRIVATE KEY-----\n  x\n  -----END RSA PRIVATE KEY-----\n",
        "k: |\n  (hidden)\n  (hidden)\n(hidden)\n",
        1,
    ),
    "template": ("{{ if }}\npassword: hunter2\n{{ end }}\n", "{{ if }}\npassword: (hidden)\n{{ end }}\n", 1),
    "none": ("page_token: 7\nmax_tokens: 3\n", "page_token: 7\nmax_tokens: 3\n", 0),
}


@pytest.mark.parametrize(("text", "kept", "count"), CASES.values(), ids=CASES.keys())
def test_a_file_without_its_secrets(text: str, kept: str, count: int) -> None:
    assert without_secret_values(text) == (kept, count)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"password: {S}\nx: 1", "password: (hidden)\nx: 1"),
        (
            f"X-Auth-Key: {S}\nCookie: s={S}\npassphrase: {S}",
            "X-Auth-Key: (hidden)\nCookie: (hidden)\npassphrase: (hidden)",
        ),
        (f"url: http://loki.example/push?token={S}", "url: http://loki.example/push?token=(hidden)"),
        (f'  "bearer_token": "{S}, {S}",', '  "bearer_token": (hidden)'),
        (f"password: |\n  {S}\n\n  {S}\nurl: x", "password: (hidden)\n  (hidden)\n\n  (hidden)\nurl: x"),
        (f"- client_secret: >-\n    {S}\n  url: x", "- client_secret: (hidden)\n    (hidden)\n  url: x"),
        (f"credentials:\n  {S}\nx: 1", "credentials:\n  (hidden)\nx: 1"),
        (f"password: a\n  {S}\nx: 1", "password: (hidden)\n  (hidden)\nx: 1"),
        (f'password: "a\n  {S}"\nx: 1', "password: (hidden)\n  (hidden)\nx: 1"),
        (f"password = `a\n{S}\n{S}` // b\nx = 1", "password = (hidden)\n(hidden)\n(hidden) // b\nx = 1"),
        (f'password = "a" + `\n{S}`\nx = 1', "password = (hidden)\n(hidden)\nx = 1"),
        (f'basic_auth {{ password = "{S}}}," }}', "basic_auth { password = (hidden)}"),
        (f"basic_auth: {{password: {S}, username: u}}", "basic_auth: {password: (hidden), username: u}"),
        (
            f"basic_auth: {{password: 'a\n  {S}', username: u}}",
            "basic_auth: {password: (hidden)\n  (hidden), username: u}",
        ),
        (
            f"authorization:\n  type: Bearer\n  credentials: {S}",
            "authorization:\n  type: Bearer\n  credentials: (hidden)",
        ),
        (f'authorization {{\n  credentials = "{S}"\n}}', "authorization {\n  credentials = (hidden)\n}"),
        (f"Authorization:\n- Bearer {S}\nx: 1", "Authorization:\n(hidden)\nx: 1"),
        (f'headers = {{ "Authorization" = ["a", "{S}"], a = 1 }}', 'headers = { "Authorization" = (hidden), a = 1 }'),
        (f"- name: LOKI_PASSWORD\n  value: {S}", "- name: LOKI_PASSWORD\n  value: (hidden)"),
        (f"- value: {S}\n  name: API_TOKEN # x", "- value: (hidden)\n  name: API_TOKEN # x"),
        (f"{{name: API_TOKEN, value: {S}}}", "{name: API_TOKEN, value: (hidden)}"),
        (f"url: http://u:{S}@{S}@loki.example/x", "url: http://(hidden)@loki.example/x"),
        (f'url = "http://u:{S}@loki.example"', 'url = "http://(hidden)@loki.example"'),
        (f"url: http://loki.example?access_token={S}", "url: http://loki.example?access_token=(hidden)"),
        (
            f"key: |\n  -----BEGIN RSA PRIVATE KEY-----\n  {S}\n  -----END RSA PRIVATE KEY-----\nx: 1",
            "key: |\n  (hidden)\n  (hidden)\n(hidden)\nx: 1",
        ),
        (f'key = "-----BEGIN PRIVATE KEY-----{S}-----END PRIVATE KEY-----"', 'key = "(hidden)"'),
        (f"password: a`{S}\nx: 1", "password: (hidden)\nx: 1"),
        (f'password = "{S}" // it\'s `x\nx = 1', "password = (hidden)\nx = 1"),
        ("password_file: /run/p\nbearer_token_file = `/t`", "password_file: /run/p\nbearer_token_file = `/t`"),
        (f"password: my.{S}\nx: 1", "password: (hidden)\nx: 1"),
        ("{{ if }}\npassword: ${P}\nbearer_token: {{ t }}\n", "{{ if }}\npassword: ${P}\nbearer_token: {{ t }}\n"),
        (f'"name": "X-Token",\n"value": "{S}"', '"name": "X-Token",\n"value": (hidden)'),
        (f"dbpassword: {S}", "dbpassword: (hidden)"),
        ("tenant_id: team-b\nusername: u", "tenant_id: team-b\nusername: u"),
        (
            f'data:\n  a.yaml: "x: 1\\ny: {{client_secret:\\\n    \\ {S}, z: 1}}\\n"\nb: 1',
            'data:\n  a.yaml: "x: 1\\ny: {client_secret:(hidden)\n    \\ (hidden), z: 1}\\n"\nb: 1',
        ),
        (
            f"data:\n  a.yaml: 'x: 1\n\n    client_secret: {S} {S}\n    {S}\n\n    y: 1'\nb: 1",
            "data:\n  a.yaml: 'x: 1\n\n    client_secret: (hidden)\n    (hidden)\n\n    y: 1'\nb: 1",
        ),
        (
            f"kind: Secret\ndata:\n  a.yaml: {S}\n  b: |\n    {S}\nmetadata: {{name: c}}",
            "kind: Secret\ndata:\n  a.yaml: (hidden)\n  b: (hidden)\n    (hidden)\nmetadata: {name: c}",
        ),
        (f"kind: ConfigMap\ndata:\n  a: {S}", f"kind: ConfigMap\ndata:\n  a: {S}"),
    ],
)
def test_a_secret_is_hidden_wherever_its_rows_put_it(text: str, shown: str) -> None:
    assert without_secret_values(text)[0] == shown
