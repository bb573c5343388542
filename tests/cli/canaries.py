"""Files with a canary in every place that can hold a secret, and what a file that was written holds."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

BEARER = "canary-bearer-7f3a"
NAMES = (
    *("password", "token", "header", "url", "secure", "env", "name", "comment", "beside", "oauth2", "proxy", "cookie"),
    *("parameter", "logged", "option", "sshpass", "header-of-a-check", "allow", "deny", "stderr", "of-a-proxy"),
)
WRITTEN = {name: f"canary-{name}-b81c" for name in NAMES}
"""What the files below hold."""
PROMTAIL = f"""
clients:
- url: http://user:{WRITTEN["url"]}@loki.example/loki/api/v1/push
  basic_auth: {{username: user, password: {WRITTEN["password"]}}}
  headers: {{X-Api-Key: {WRITTEN["header"]}}}
- url: http://loki.example/loki/api/v1/push
  bearer_token: {WRITTEN["token"]}
- url: http://loki.example/loki/api/v1/push?token={WRITTEN["parameter"]}
  bearer_token: ${{SEC}}
- url: http://loki.example/loki/api/v1/push
  proxy_url: http://user:{WRITTEN["proxy"]}@proxy.example:3128
  oauth2: {{client_id: a, client_secret: {WRITTEN["oauth2"]}, token_url: "http://a:{WRITTEN["oauth2"]}@idp.example"}}
  headers: {{Cookie: "session={WRITTEN["cookie"]}"}}
scrape_configs:
- job_name: boundary
  static_configs: [{{labels: {{job: boundary, __path__: /*.log}}}}]
"""
ALLOY = f"""
local.file_match "b" {{ path_targets = [{{ __path__ = "/*.log", job = "boundary" }}] }}
loki.source.file "b" {{
  targets    = local.file_match.b.targets
  forward_to = [loki.write.x.receiver]
}}
loki.write "x" {{
  endpoint {{
    url          = "http://user:{WRITTEN["url"]}@loki.example/loki/api/v1/push"
    bearer_token = "{WRITTEN["token"]}"
    headers      = {{ "X-Api-Key" = "{WRITTEN["header"]}", "Cookie" = `session={WRITTEN["cookie"]}` }}
    proxy_url    = "http://user:{WRITTEN["proxy"]}@proxy.example:3128"
  }}
  endpoint {{
    url = "http://loki.example/loki/api/v1/push"
    basic_auth {{
      username = "user"
      password = "{WRITTEN["password"]}"
    }}
  }}
}}
"""
DATASOURCES = f"""
datasources:
- name: Loki
  uid: loki
  type: loki
  url: http://user:{WRITTEN["url"]}@loki.example
  secureJsonData: {{httpHeaderValue1: {WRITTEN["secure"]}}}
"""
BOARD = {
    "uid": "d",
    "title": "d",
    "links": [{"url": f"http://user:{WRITTEN['url']}@wiki.example/"}],
    "panels": [
        {
            "id": 1,
            "type": "logs",
            "title": f"http://user:{WRITTEN['url']}@wiki.example/",
            "datasource": {"type": "loki", "uid": "loki"},
            "targets": [{"refId": "A", "expr": '{job="boundary"} |~ `a` | logfmt | x="1"'}],
        }
    ],
}
KEPT = {
    "schema": "obs-check/1",
    "command": "verify",
    "verdict": "fail",
    "run": "abcdef",
    "outages": [f"http://user:{WRITTEN['url']}@loki.example does not answer"],
    "panels": [
        {"id": 1, "title": f"http://user:{WRITTEN['url']}@x.example", "reads": "1", "verdict": "ok", "notes": []}
    ],
}
TEST = f"""
dashboard: board.json
tests:
- name: http://user:{WRITTEN["url"]}@x.example
  at: 2026-11-24T00:00:00Z
  given:
    logs:
    - labels: {{job: boundary}}
      lines: ['time=2026-11-24T00:00:00Z a="http://user:{WRITTEN["url"]}@x.example" x=1']
  panels: {{1: {{lines: [another]}}}}
"""
FILES = {
    "promtail.yaml": PROMTAIL,
    "config.alloy": ALLOY,
    "datasources.yaml": DATASOURCES,
    "board.json": json.dumps(BOARD, indent=1),
    "kept.json": json.dumps(KEPT),
    "board.test.yaml": TEST,
    "boundary.log": 'time=2026-11-24T00:00:00Z level=INFO msg=ALLOW url="http://allowed.example/?obs=abcdef-1-allow'
    f'&access_token={WRITTEN["logged"]}" sent="Authorization: Bearer {WRITTEN["logged"]}"\n',
}


def broken(text: str) -> str:
    """A text that ends inside of the last secret, as a file that was cut, or where a quote was forgotten."""
    last = max(text.rfind(secret) for secret in WRITTEN.values())
    return text[:last] + f"*{text[last : last + 12]}: ['"


def parts(path: Path) -> Iterator[bytes]:
    """What a file holds, what each member of an archive does, and the values of a table of columns."""
    yield path.read_bytes()
    if path.suffix == ".parquet":
        yield repr(duckdb.read_parquet(str(path)).fetchall()).encode()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())
