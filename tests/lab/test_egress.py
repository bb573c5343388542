"""The lab's egress over real sockets: answers, log files, audit, and what leaves no trace."""

import io
import socket
from datetime import timedelta, timezone
from pathlib import Path

import pytest
import requests

from obs_check.boundary.config import read_boundary_config
from obs_check.boundary.log import BoundaryLogWriter, Level, Value, format_line
from obs_check.errors import ConfigError, Unavailable
from obs_check.lab.audit import AuditRecord
from obs_check.lab.egress import Invocation, LabEgress
from obs_check.lab.origin import HangUpServer, Origin
from obs_check.lab.tls.certificate import CA

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

NOON = 1_795_478_400_123_999_999
"""2026-11-24T00:00:00.123999999Z in ns."""
WEST = timezone(timedelta(hours=-5))


class Recorder:
    """An audit sink that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []
        self.life: list[str] = []

    def start(self, log: BoundaryLogWriter) -> None:
        self.life.append(f"start at {log.level.name}")

    def audit(self, record: AuditRecord) -> None:
        self.records.append(record)

    def stop(self) -> None:
        self.life.append("stop")


def config_file(directory: Path, text: str = "", level: str = "info") -> Path:
    path = directory / "config.yaml"
    path.write_text(f"log_dir: {directory / 'logs'}\nlog_level: {level}\n{text}")
    return path


ALLOWED = 'allowlist:\n  - "method=GET domain=allowed.example path=/ok/*"\n'


def egress_of(config: Path, sink: Recorder, origin: Origin | None = None, port: int = 0) -> LabEgress:
    resolve = {"allowed.example": ("127.0.0.1", origin.port)} if origin else {}
    return LabEgress(config, sink, Invocation(resolve=resolve, now_ns=lambda: NOON, pids=(41, 42), port=port))


def talk(egress: LabEgress, data: bytes) -> bytes:
    """Send bytes on a new connection, then everything that comes back until it is closed."""
    host, port = egress.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as answer:
            return answer.read()


def lines(directory: Path, pid: int = 41) -> list[str]:
    return (directory / f"logs/boundary-2026-11-24_00-00-00-{pid}.log").read_text().splitlines()


def test_allow_and_deny_are_answered_logged_and_audited(tmp_path: Path) -> None:
    sink = Recorder()
    with Origin() as origin, egress_of(config_file(tmp_path, ALLOWED), sink, origin) as egress:
        proxies = {"http": egress.url}
        allowed = requests.get("http://allowed.example/ok/a?obs=k3f9-1-allow", proxies=proxies, timeout=30)
        denied = requests.get("http://denied.invalid/x?obs=k3f9-2-deny", proxies=proxies, timeout=30)
    assert (allowed.status_code, allowed.text) == (200, "ok\n")
    assert denied.status_code == 403
    assert denied.headers["Content-Type"] == "text/plain"
    assert denied.content.decode() == "🚫 Request Blocked by Boundary\n\nRequest: GET /x\nHost: denied.invalid\n"
    stamp = "time=2026-11-24T00:00:00.123Z"
    written = lines(tmp_path)
    assert [line for line in written if "msg=ALLOW" in line or "msg=DENY" in line] == [
        f"{stamp} level=INFO msg=ALLOW method=GET"
        ' url="http://allowed.example/ok/a?obs=k3f9-1-allow" host=allowed.example'
        ' rule="method=GET domain=allowed.example path=/ok/*"',
        f'{stamp} level=WARN msg=DENY method=GET url="http://denied.invalid/x?obs=k3f9-2-deny" host=denied.invalid',
    ]
    assert written[0] == f'{stamp} level=INFO msg="Start landjail manager"'
    assert lines(tmp_path, pid=42) == [f'{stamp} level=INFO msg="Executing target command" command=[agent]']
    rule = "method=GET domain=allowed.example path=/ok/*"
    assert sink.records == [
        AuditRecord("GET", "http://allowed.example/ok/a?obs=k3f9-1-allow", "allowed.example", True, rule),
        AuditRecord("GET", "http://denied.invalid/x?obs=k3f9-2-deny", "denied.invalid", False),
    ]
    assert sink.life == ["start at INFO", "stop"]


@pytest.mark.parametrize(("level", "kept"), [("debug", 2), ("info", 2), ("warn", 1), ("error", 0), ("loud", 1)])
def test_the_log_level_hides_lines_but_no_audit(tmp_path: Path, level: str, kept: int) -> None:
    sink = Recorder()
    with Origin() as origin, egress_of(config_file(tmp_path, ALLOWED, level), sink, origin) as egress:
        for host in ("allowed.example", "denied.invalid"):
            talk(egress, f"GET http://{host}/ok/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert sum("msg=ALLOW" in line or "msg=DENY" in line for line in lines(tmp_path)) == kept
    assert [record.allowed for record in sink.records] == [True, False]


def test_a_plain_connection_serves_one_request(tmp_path: Path) -> None:
    sink = Recorder()
    one = b"GET http://denied.invalid/ HTTP/1.1\r\nHost: denied.invalid\r\nConnection: keep-alive\r\n\r\n"
    with egress_of(config_file(tmp_path), sink) as egress:
        answer = talk(egress, one + one)
    assert answer.count(b"403 Forbidden") <= 1
    assert len(sink.records) == 1
    assert 'msg="No allow rules specified; all network traffic will be denied by default"' in lines(tmp_path)[0]


def test_head_gets_the_same_denial_with_its_body(tmp_path: Path) -> None:
    with egress_of(config_file(tmp_path), Recorder()) as egress:
        answer = talk(egress, b"HEAD http://denied.invalid/a%20b?q=1 HTTP/1.1\r\nHost: x\r\n\r\n")
    head, body = answer.split(b"\r\n\r\n", 1)
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 403 Forbidden",
        b"Content-Length: %d" % len(body),
        b"Content-Type: text/plain",
    ]
    assert b"Request: HEAD /a b\nHost: denied.invalid\n" in body


def test_an_allowed_request_to_a_dead_upstream_is_audited_and_gets_no_answer(tmp_path: Path) -> None:
    sink = Recorder()
    with Origin() as origin:
        egress = egress_of(config_file(tmp_path, ALLOWED), sink, origin)
    with egress:
        answer = talk(egress, b"GET http://allowed.example/ok/ HTTP/1.1\r\nHost: allowed.example\r\n\r\n")
    assert answer == b""
    assert [record.allowed for record in sink.records] == [True]
    (error,) = [line for line in lines(tmp_path) if "level=ERROR" in line]
    assert 'msg="Failed to forward HTTPS request" error="Get \\"http://allowed.example/ok/\\": dial tcp' in error
    assert "connection refused" in error


def test_a_connection_that_the_origin_closed_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accepted: list[object] = []
    serve = HangUpServer.process_request

    def noted(server: HangUpServer, request: object, client_address: object) -> None:
        accepted.append(server)
        serve(server, request, client_address)

    monkeypatch.setattr(HangUpServer, "process_request", noted)
    asked = b"GET http://allowed.example/ok/a HTTP/1.1\r\nHost: allowed.example\r\n\r\n"
    with Origin() as origin, egress_of(config_file(tmp_path, ALLOWED), Recorder(), origin) as egress:
        port = origin.port
        assert all(talk(egress, asked).endswith(b"ok\n") for _ in range(3))
        assert len(accepted) == 3 + 1
        origin.stop()
        assert talk(egress, asked) == b""
        with Origin(port):
            assert talk(egress, asked).endswith(b"ok\n")


def test_a_name_that_is_not_mapped_does_not_resolve(tmp_path: Path) -> None:
    config = config_file(tmp_path, 'allowlist: ["domain=elsewhere.example"]\n')
    with egress_of(config, Recorder()) as egress:
        assert talk(egress, b"GET http://elsewhere.example/ HTTP/1.1\r\n\r\n") == b""
    assert any("lookup elsewhere.example: no such host" in line for line in lines(tmp_path))


CONNECT = b"CONNECT denied.invalid:443 HTTP/1.1\r\nHost: denied.invalid:443\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "answer", "message"),
    [
        (CONNECT + b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 Connection established\r\n\r\n", "in CONNECT tunnel"),
        (CONNECT + b"\x16\x03\x01", b"HTTP/1.1 200 Connection established\r\n\r\n", "in CONNECT tunnel"),
        (CONNECT, b"HTTP/1.1 200 Connection established\r\n\r\n", "in CONNECT tunnel"),
        (b"\x16\x03\x01\x02\x00", b"", "TLS handshake failed"),
        (b"nonsense\r\n\r\n", b"", "Failed to read HTTP request"),
        (b"GET http://a.example/%zz HTTP/1.1\r\n\r\n", b"", "Failed to read HTTP request"),
        (b"POST http://a.example/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"", "Failed to read HTTP request"),
        (b"", b"", "Failed to check connection type"),
    ],
)
def test_what_is_never_audited(tmp_path: Path, sent: bytes, answer: bytes, message: str) -> None:
    sink = Recorder()
    with egress_of(config_file(tmp_path), sink) as egress:
        got = talk(egress, sent)
    assert got == answer
    assert sink.records == []
    assert [message in line for line in lines(tmp_path) if "level=ERROR" in line] == [True]


def test_an_address_has_no_server_name_and_no_handshake(tmp_path: Path) -> None:
    sink = Recorder()
    with egress_of(config_file(tmp_path), sink) as egress, pytest.raises(requests.exceptions.SSLError):
        requests.get("https://127.0.0.1/x", proxies={"https": egress.url}, timeout=5, verify=str(CA))
    assert sink.records == []
    assert any('error="no server name provided"' in line for line in lines(tmp_path))


def test_a_client_that_keeps_its_tunnel_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    with requests.Session() as client:
        with egress_of(config_file(tmp_path), Recorder()) as egress:
            url = "https://denied.invalid/x"
            answer = client.get(url, proxies={"https": egress.url}, timeout=5, verify=str(CA))
        assert answer.status_code == 403


@pytest.mark.parametrize(
    ("request_line", "url", "host"),
    [
        (b"GET HTTP://denied.invalid/", "http://denied.invalid/", "denied.invalid"),
        (b"GET http://denied.invalid", "http://denied.invalid", "denied.invalid"),
        (b"GET http://denied.invalid:8080/a?b=c", "http://denied.invalid:8080/a?b=c", "denied.invalid:8080"),
        (b'GET http://denied.invalid/quo"te?a="b', 'http://denied.invalid/quo%22te?a="b', "denied.invalid"),
        (b"GET http://denied.invalid/%2Fa%2fb", "http://denied.invalid/%2Fa%2fb", "denied.invalid"),
        (b"GET /origin?x=1", "http://from.header/origin?x=1", "from.header"),
    ],
)
def test_the_url_that_is_audited(tmp_path: Path, request_line: bytes, url: str, host: str) -> None:
    sink = Recorder()
    with egress_of(config_file(tmp_path), sink) as egress:
        talk(egress, request_line + b" HTTP/1.1\r\nHost: from.header\r\n\r\n")
    assert [(record.url, record.host) for record in sink.records] == [(url, host)]


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"],
)
def test_a_body_is_forwarded(tmp_path: Path, body: bytes) -> None:
    config = config_file(tmp_path, 'allowlist: ["method=POST"]\n')
    with Origin() as origin, egress_of(config, Recorder(), origin) as egress:
        answer = talk(egress, b"POST http://allowed.example/p HTTP/1.1\r\nHost: allowed.example\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n")


def test_a_taken_port_stops_it_with_a_line(tmp_path: Path) -> None:
    sink = Recorder()
    with Origin() as origin:
        egress = egress_of(config_file(tmp_path), sink, port=origin.port)
        with pytest.raises(Unavailable, match="proxy port"):
            egress.start()
    assert 'msg="Failed to create HTTP listener"' in lines(tmp_path)[2]
    assert sink.life == ["start at INFO", "stop"]
    egress.stop()


def test_disabled_audit_leaves_the_sink_alone_and_no_log_dir_means_stderr(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("disable_audit_logs: true\n")
    sink, stderr = Recorder(), io.StringIO()
    with LabEgress(config, sink, Invocation(stderr=stderr, now_ns=lambda: NOON)) as egress:
        talk(egress, b"GET http://denied.invalid/ HTTP/1.1\r\n\r\n")
    assert sink.life == []
    assert [line.split("msg=")[1][:12] for line in stderr.getvalue().splitlines()] == [
        '"No allow ru',
        '"Audit logs ',
        "DENY method=",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("log_lvl: info", "did you mean log_level?"),
        ("session_correlation_enabled: true", "unknown key"),
        ("allowlist: {}", "allowlist is a mapping"),
        ("allowlist: [[a]]", "entry 1 is not text"),
        ("allowlist: [a.example]", "expected method=, domain= or path="),
        ("proxy_port: true", "write a whole number"),
        ("jail_type: chroot", "nsjail or landjail"),
        ("- a", "expected keys and values"),
        ("a: [", "config.yaml:1: not YAML"),
    ],
)
def test_a_configuration_that_boundary_would_not_start_with(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        read_boundary_config(path)
    assert says in str(error.value)
    assert str(path) in str(error.value)


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / ".config/coder_boundary/config.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("log_level: error\nproxy_port: 8087\nallowlist: [domain=a.example]\n")
    env = {"HOME": str(tmp_path), "BOUNDARY_LOG_LEVEL": "INFO", "PROXY_PORT": "", "BOUNDARY_ALLOW": "domain=b.example"}
    config = read_boundary_config(None, env)
    assert (config.log_level, config.proxy_port) == (Level.INFO, 8087)
    assert [rule.raw for rule in config.rules] == ["domain=a.example", "domain=b.example"]
    # BOUNDARY_CONFIG_FILE is read by no version of boundary.
    assert read_boundary_config(None, {"BOUNDARY_CONFIG_FILE": str(path)}).rules == ()
    with pytest.raises(ConfigError, match="DISABLE_AUDIT_LOGS"):
        read_boundary_config(None, {"DISABLE_AUDIT_LOGS": "perhaps"})


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain/url", "plain/url"),
        ("", '""'),
        ("a b", '"a b"'),
        ("a=b", '"a=b"'),
        ('q"', r'"q\""'),
        ("back\\slash", "back\\slash"),
        ("back \\slash", r'"back \\slash"'),
        ("tab\t", r'"tab\t"'),
        ("bell\a nul\x00", r'"bell\a nul\x00"'),
        ("del\x7f", "del\x7f"),
        ("é", "é"),
        ("é x", '"é x"'),
        ("\u200b", r'"\u200b"'),
        ("\U000e0001", r'"\U000e0001"'),
        ("\udcff", r'"\xff"'),
        (5.0, "5"),
        (0.25, "0.25"),
        (8087, "8087"),
    ],
)
def test_values_are_quoted_as_slog_quotes_them(value: Value, written: str) -> None:
    line = format_line(NOON, WEST, Level.ERROR, "m", {"k": value})
    assert line == f"time=2026-11-23T19:00:00.123-05:00 level=ERROR msg=m k={written}"


def test_two_invocations_within_a_second_keep_their_own_files(tmp_path: Path) -> None:
    logs = [BoundaryLogWriter(tmp_path, Level.WARN, lambda: NOON, io.StringIO()) for _ in range(2)]
    for n, log in enumerate(logs):
        log.write(Level.WARN, f"run{n}")
        log.close()
        log.write(Level.WARN, "after the end")
    assert sorted(path.read_text()[-5:] for path in tmp_path.iterdir()) == ["", "", "run0\n", "run1\n"]


def test_a_log_dir_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(Unavailable, match="no boundary log can be written"):
        BoundaryLogWriter(tmp_path / "taken", Level.WARN, lambda: NOON, io.StringIO())


def test_a_query_that_is_not_ascii_reaches_the_origin(tmp_path: Path) -> None:
    with Origin() as origin, egress_of(config_file(tmp_path, ALLOWED), Recorder(), origin) as egress:
        answer = talk(egress, "GET http://allowed.example/ok/?q=é HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_keys_without_a_value_count_as_unset(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("allowlist:\nlog_dir:\nlog_level:\n")
    assert read_boundary_config(path) == read_boundary_config(None)
