"""What a diff shows of a configuration holds no secret, wherever its rows put one."""

from pathlib import Path

import pytest

from obs_check.evidence.dashboard_edit import file_fix
from obs_check.evidence.masked import masked

S = "hunter2"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"password: {S}\nx: 1", "password: <secret>\nx: 1"),
        (
            f"X-Auth-Key: {S}\nCookie: s={S}\npassphrase: {S}",
            "X-Auth-Key: <secret>\nCookie: <secret>\npassphrase: <secret>",
        ),
        (f"url: http://loki.example/push?token={S}", "url: http://loki.example/push?token=<secret>"),
        (f'  "bearer_token": "{S}, {S}",', '  "bearer_token": <secret>'),
        (f"password: |\n  {S}\n\n  {S}\nurl: x", "password: <secret>\n  <secret>\n\n  <secret>\nurl: x"),
        (f"- client_secret: >-\n    {S}\n  url: x", "- client_secret: <secret>\n    <secret>\n  url: x"),
        (f"credentials:\n  {S}\nx: 1", "credentials:\n  <secret>\nx: 1"),
        (f"password: a\n  {S}\nx: 1", "password: <secret>\n  <secret>\nx: 1"),
        (f'password: "a\n  {S}"\nx: 1', "password: <secret>\n<secret>\nx: 1"),
        (f"password = `a\n{S}\n{S}` // b\nx = 1", "password = <secret>\n<secret>\n<secret> // b\nx = 1"),
        (f'password = "a" + `\n{S}`\nx = 1', "password = <secret>\n<secret>\nx = 1"),
        (f'basic_auth {{ password = "{S}}}," }}', "basic_auth { password = <secret>}"),
        (f"basic_auth: {{password: {S}, username: u}}", "basic_auth: {password: <secret>, username: u}"),
        (
            f"basic_auth: {{password: 'a\n  {S}', username: u}}",
            "basic_auth: {password: <secret>\n<secret>, username: u}",
        ),
        (
            f"authorization:\n  type: Bearer\n  credentials: {S}",
            "authorization:\n  type: Bearer\n  credentials: <secret>",
        ),
        (f'authorization {{\n  credentials = "{S}"\n}}', "authorization {\n  credentials = <secret>\n}"),
        (f"Authorization:\n- Bearer {S}\nx: 1", "Authorization:\n<secret>\nx: 1"),
        (f'headers = {{ "Authorization" = ["a", "{S}"], a = 1 }}', 'headers = { "Authorization" = <secret>, a = 1 }'),
        (f"- name: LOKI_PASSWORD\n  value: {S}", "- name: LOKI_PASSWORD\n  value: <secret>"),
        (f"- value: {S}\n  name: API_TOKEN # x", "- value: <secret>\n  name: API_TOKEN # x"),
        (f"{{name: API_TOKEN, value: {S}}}", "{name: API_TOKEN, value: <secret>}"),
        (f"url: http://u:{S}@{S}@loki.example/x", "url: http://<secret>@loki.example/x"),
        (f'url = "http://u:{S}@loki.example"', 'url = "http://<secret>@loki.example"'),
        (f"url: http://loki.example?access_token={S}", "url: http://loki.example?access_token=<secret>"),
        (
            f"key: |\n  -----BEGIN RSA PRIVATE KEY-----\n  {S}\n  -----END RSA PRIVATE KEY-----\nx: 1",
            "key: |\n  <secret>\n  <secret>\n<secret>\nx: 1",
        ),
        (f'key = "-----BEGIN PRIVATE KEY-----{S}-----END PRIVATE KEY-----"', 'key = "<secret>"'),
        (f"password: a`{S}\nx: 1", "password: <secret>\nx: 1"),
        (f'password = "{S}" // it\'s `x\nx = 1', "password = <secret>\nx = 1"),
        ("password_file: /run/p\nbearer_token_file = `/t`", "password_file: /run/p\nbearer_token_file = `/t`"),
        ("tenant_id: team-b\nusername: u", "tenant_id: team-b\nusername: u"),
    ],
)
def test_a_secret_is_masked_and_the_rest_is_not(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_secret_is_masked_where_the_diff_shows_a_part_of_it() -> None:
    rows = [f"{S} {n}" for n in range(9)]
    before = "password: |\n" + "".join(f"  {row}\n" for row in rows) + "tenant_id: a\nx: 1\n"
    fix = file_fix("no tenant", Path("promtail.yaml"), before, before.replace("tenant_id: a\n", ""))
    assert fix.diff.split("\n")[2:] == ["@@ -8,5 +8,4 @@", *["   <secret>"] * 3, "-tenant_id: a", " x: 1"]
    (edit,) = fix.edits
    assert S in edit.after
