"""`obs-check query` on local files, and how its options are read."""

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from obs_check.app.query.named import query_text
from obs_check.cli.main import main
from obs_check.cli.query_window import read_duration, read_labels, read_time, read_window
from obs_check.errors import UsageError
from obs_check.model.window import NS, Window

LINES = """time=2026-11-24T00:41:58.603Z level=INFO msg=DENY host=a.example
time=2026-11-24T00:42:58.603Z level=INFO msg=ALLOW host=b.example
time=2026-11-24T00:43:58.603Z level=INFO msg=DENY host=c.example
"""
NOW = 1_795_480_918 * NS


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.log").write_text(LINES)
    return str(tmp_path / "a.log")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["query", *arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


FIRST = "{filename=~`.+`} | logfmt | msg=`first`"


@pytest.mark.parametrize(
    ("query", "more"),
    [
        (FIRST, ("-o", "jsonl")),
        (f"count_over_time({FIRST} [1h])", ("-o", "jsonl", "--instant")),
        (f"count_over_time({FIRST} | line_format `x` [1h])", ("-o", "jsonl", "--instant")),
        (FIRST, ("-o", "json", "--explain")),
    ],
)
def test_a_version_of_loki_says_which_value_of_a_key_counts(
    query: str, more: tuple[str, ...], log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(log).write_text("time=2026-11-24T00:41:58.603Z msg=first msg=last\n")
    for version, counts in ((None, "last"), ("3.5.9", "last"), ("3.6", "first"), ("v3.7.6", "first"), ("4.0", "first")):
        chosen = ("--loki-version", version) if version else ()
        code, out, _ = run(capsys, query, "--file", log, *more, *chosen)
        found = json.loads(out)["explain"]["lines_out"] if "--explain" in more else len(out.splitlines())
        assert (code, found) == (0, int(counts == "first")), version


def test_a_version_of_loki_is_one_and_for_files(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "'newest' is not a version" in run(capsys, "{a=`b`}", "--file", log, "--loki-version", "newest")[2]
    code, _, err = run(capsys, "{a=`b`}", "--loki", "http://127.0.0.1:1", "--loki-version", "3.7")
    assert (code, "is for local files" in err) == (2, True)


@pytest.mark.parametrize("query", ["{filename=~`.+`}", "sum(bytes_over_time({filename=~`.+`}[1h]))"])
def test_a_long_line_is_cut_and_that_is_said(query: str, log: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(log).write_text(f"time=2026-11-24T00:41:58.603Z {'x' * 300_000}\ntime=2026-11-24T00:41:59Z y\n")
    code, out, err = run(capsys, query, "--file", log, "-o", "jsonl")
    assert (code, "x" * 262_115 in out) == (0, False)
    assert "1 line of more than 262,144 bytes cut there" in err
    assert "cut" not in run(capsys, query, "--file", log, "--max-line", "400000", "-o", "jsonl")[2]
    assert run(capsys, query, "--loki", "http://127.0.0.1:1", "--max-line", "9")[0] == 2


def test_lines(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, '{job="b"} |= `DENY`', "--file", log, "--label", "job=b", "-o", "jsonl")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["line"].split()[-1] for row in rows] == ["host=c.example", "host=a.example"]
    assert rows[0]["labels"]["filename"] == log


def test_a_metric_as_json_and_csv(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    query = 'sum by (msg) (count_over_time({job="b"} | logfmt [10m]))'
    code, out, _ = run(capsys, query, "--file", log, "--label", "job=b", "--instant", "-o", "json")
    found = json.loads(out)
    assert code == 0
    assert list(found)[:4] == ["schema", "command", "verdict", "run"]
    assert {r["labels"]["msg"]: r["value"] for r in found["result"]["rows"]} == {"DENY": 2, "ALLOW": 1}
    _, out, _ = run(capsys, query, "--file", log, "--label", "job=b", "--instant", "-o", "csv")
    assert out.splitlines()[0] == "ts,msg,value"


def test_what_is_odd_about_files_is_said(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.bin").write_bytes(b"a\0b")
    Path("b.json").write_text('{"when": 1}\n{"when": 2}\n')
    code, out, err = run(capsys, '{job="b"}', "--file", "a.*", "--label", "job=b", "--limit", "2")
    assert (code, len(out.splitlines())) == (0, 2)
    assert err.splitlines() == ["a.bin: binary, left out", "--limit 2 is reached: older lines are not shown"]
    for query in ('{job="b"}', 'sum(count_over_time({job="b"}[1h]))'):
        _, _, err = run(capsys, query, "--file", "b.json", "--label", "job=b")
        assert (
            "no line has a timestamp; using the file's modification time" in err
            and "--time-key KEY names the field" in err
        )
        _, _, err = run(capsys, query, "--file", "b.json", "--label", "job=b", "--time-key", "then")
        assert "no line has a timestamp in the field `then`" in err
        _, _, err = run(capsys, query, "--file", log, "--file", "b.json", "--label", "job=b", "--time-key", "when")
        assert "3 of 5 lines without a timestamp in the field `when`" in err
    _, out, err = run(capsys, '{job="x"} |= "y"', "--file", log, "-o", "jsonl", "--label", "job=x")
    assert (out, err) == ("", "nothing found: --explain shows what leaves nothing\n")


@pytest.mark.parametrize("query", ['{job="b"}', 'sum(count_over_time({job="b"}[1h]))'])
def test_a_file_without_a_line(query: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_text("\n")
    code, out, err = run(capsys, query, "--file", str(tmp_path / "a.log"), "--label", "job=b", "-o", "jsonl")
    assert (code, out, err) == (0, "", "nothing found: no line in any file\n")


@pytest.mark.parametrize(
    "query", ['{job="x", host=~".+"}', 'sum(rate({filename=~".+"}[1m])) / sum(rate({job="x"}[1m]))']
)
def test_labels_that_the_files_lack_are_named(query: str, log: str, capsys: pytest.CaptureFixture[str]) -> None:
    remedy = "no stream has the label `job`; labels are `filename`; files have the labels that --label gives them: "
    for arguments in ((), ("--explain",)):
        code, _, err = run(capsys, query, "--file", log, *arguments)
        assert code == 0
        assert f"{remedy}--label job=x\n" in err


@pytest.mark.parametrize(
    "query",
    [
        '{job="b"} |= "DENY" |~ "a|c"',
        '{job="b"} | logfmt | msg="DENY"',
        '{job="b"} | decolorize |= "DENY"',
        '{job="b"} | line_format `{{__line__}}x` |= "DENY"',
    ],
)
def test_lines_that_are_not_held_count_for_the_window(query: str, log: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(log).write_text(LINES + "time=2026-11-24T00:45:00Z msg=ALLOW\n continued\n")
    _, out, err = run(capsys, query, "--file", log, "--label", "job=b", "-o", "json", "-v")
    found = json.loads(out)
    assert found["window"]["end_ns"] == 1_795_481_100_001_000_000
    assert [row["ts"] for row in found["result"]["rows"]][-2:] == ["1795481038603000000", "1795480918603000000"]
    assert "1 of 5 lines without a timestamp" in err


def test_a_home_directory_in_a_quoted_glob(log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["query", '{job="b"}', "--file", "~/*.log", "--label", "job=b"]) == 0
    assert Path(log).exists()


def test_the_module_is_the_command(log: str) -> None:
    """With a terminal that has no box characters, and a file whose name is not UTF-8."""
    odd = Path(os.fsdecode(os.fsencode(log) + b"\xe9"))
    odd.write_text(LINES)
    arguments = [sys.executable, "-m", "obs_check", "query", "--file", str(odd), "--label", "job=b"]
    asked = (
        ('{job="b"} | logfmt | msg="Deny"', "--explain"),
        ('sum by (filename) (count_over_time({job="b"}[1h]))', "--output=table"),
    )
    for query, option in asked:
        done = subprocess.run(
            [*arguments, query, option],
            env={**os.environ, "PYTHONIOENCODING": "ascii:strict"},
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, b"internal error" in done.stderr) == (0, False), done.stderr
        assert b"`- " in done.stdout or option != "--explain"


def test_a_log_does_not_steer_the_terminal(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(log).write_text('time=2026-11-24T00:41:58Z msg="\x9b31m\u202eevil" url=\x1b]0;x\n', "utf-8")
    for query in ('{job="b"} | logfmt', '{job="b"} | logfmt | msg="x"', 'count_over_time({job="b"} | logfmt [1h])'):
        for arguments in ((), ("--explain",)):
            _, out, err = run(capsys, query, "--file", log, "--label", "job=b", *arguments)
            assert not {"\x9b", "\x1b", "\u202e"} & set(out + err)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input(
    pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(pack(LINES.encode()))))
    code, out, _ = run(capsys, '{filename="stdin"} |= `DENY`', "--file", "-", "-o", "jsonl")
    assert code == 0
    assert [json.loads(row)["ts"] for row in out.splitlines()] == ["1795481038603000000", "1795480918603000000"]


def test_a_window(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--file", log, "--label", "job=b", "-o", "jsonl", "--to", "2026-11-24T00:43:00Z", "--since", "1m")
    _, out, _ = run(capsys, '{job="b"}', *arguments)
    assert [json.loads(line)["line"].split()[-1] for line in out.splitlines()] == ["host=b.example"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["{job=}", "--file", "a.log"], 2, "^"),
        (["no-such-name", "--file", "a.log"], 2, "no query named no-such-name"),
        (['{a="b"}', "--file", "gone.log"], 2, "gone.log: no such file"),
        (['{a="b"}', "--file", "a.log", "--loki", "http://l.example"], 2, "exclude each other"),
        (['{a="b"}', "--label", "a=b"], 2, "--label and --time-key are for local files"),
        (['{a="b"}'], 2, "nothing to ask"),
        (['{a="b"}', "--loki", "http://u:pw@l.example"], 2, "--loki: the URL has credentials"),
        (['{a="b"}', "--loki", "http://127.0.0.1:9"], 3, "does not answer"),
        (['{a="b"}', "--file", "."], 2, ".: is a directory\nhint: name its files with a quoted glob: --file '*.log'"),
        (['{a="b"}', "--file", "folder/", "--follow"], 2, "--file 'folder/**/*.log'"),
        (['{a="b"}', "--file", "*.gone"], 2, "*.gone: no file matches"),
        (['{a="b"}', "--file", "*.bin"], 2, "*.bin: only binary files match"),
        (['{a="b"}', "--file", "a.log", "b.log"], 2, "b.log: one argument too many\nhint: quote the query, and a glob"),
        (['{a="b"}', "--file", "a.log", "--tenant", "t"], 2, "--tenant is for a Loki"),
        (['{a="b"}', "--file", "a.log", "--instant"], 2, "a log query has no --instant"),
        ([" ", "--file", "a.log"], 2, "there is no query"),
        (['{a="b"} | jsno', "--file", "a.log"], 2, "did you mean `| json`?"),
        (['rate({a="b"} | logftm [5m])', "--file", "a.log"], 2, "did you mean `| logfmt`?"),
        (['{a="b"} |= DENY', "--file", "a.log"], 2, 'put the text in quotes: "DENY"'),
        (['a="b"', "--file", "a.log"], 2, 'a selector stands in braces: {a="b"}'),
        (['rate({a="b"})', "--file", "a.log"], 2, "a range is missing"),
        (['rate({a="b"}[$__interval])', "--file", "a.log"], 2, "$__interval is filled in by Grafana"),
        (['{a="b"} | foo', "--file", "a.log"], 2, "hint: expected == or"),
        (['{a="b} | json', "--file", "a.log"], 2, 'the text that begins here has no closing "'),
        (["{a='b'}", "--file", "a.log"], 2, 'put the text in quotes: "b"\n'),
        (["{a=“b”}", "--file", "a.log"], 2, 'put the text in quotes: "b"\n'),
        (['{a="b"} | json | x == "y"', "--file", "a.log"], 2, 'a text is compared with one =: x="y"'),
        (['sum by host, job (rate({a="b"}[5m]))', "--file", "a.log"], 2, "stand in parentheses: by (host, job)"),
        (['{a="b"} | json |', "--file", "a.log"], 2, "a stage is missing behind |: one of json, logfmt"),
        (['{a="b"} | json | x >', "--file", "a.log"], 2, "the query goes on behind `>`"),
        (['rate({a="b"}[5])', "--file", "a.log"], 2, "a duration has a unit: [5s] or [5m]"),
        (['rate({a="b"}[5m]) offset 1h', "--file", "a.log"], 2, "offset stands behind the range"),
        (['topk(rate({a="b"}[5m]))', "--file", "a.log"], 2, "topk takes a number first: topk(5, ...)"),
        (['sum({a="b"})', "--file", "a.log"], 2, "a range is missing"),
        (["Top_Denied", "--file", "a.log"], 2, "did you mean top-denied-domains?"),
        (
            ['rate({filename="a.log"} | json [1h])', "--file", "a.log"],
            2,
            "hint: --explain shows the stage that sets it",
        ),
        (['{a="b"}', "--file", ""], 2, "the path of a file is empty"),
        (
            ['{a="b"}', "--file", "/dev/null"],
            2,
            "/dev/null: not a regular file\nhint: pipe what it gives: cat /dev/null",
        ),
        (['{a="b"}', "--loki", "l.example:3100"], 2, "--loki: the URL has to begin with http:// or https://"),
        (['{a="b"}', "--loki", "l.example:3100"], 2, "hint: http://l.example:3100\n"),
        (['{a="b"}', "--grafana", "ftp://g.example"], 2, "--grafana: the URL has to begin with http://"),
        (['{a="b"}', "--loki", "http://l.example:x"], 2, "--loki: the URL is not one"),
    ],
)
def test_errors(log: str, arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert Path(log).exists()
    Path("folder").mkdir()
    Path("a.bin").write_bytes(b"a\0b")
    found, out, err = run(capsys, *arguments)
    assert (found, out) == (code, "")
    assert words in err and "Traceback" not in err and "pw" not in err


def test_named_queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "mine.logql").write_text('# id: mine\n{a="b"}\n  # why\n| json\n')
    for named in ("mine", "mine.logql", "queries/mine.logql"):
        assert query_text(named) == '{a="b"}\n| json'
    with pytest.raises(UsageError) as caught:
        query_text("mime")
    assert caught.value.hint == "did you mean mine?"


@pytest.mark.parametrize(
    ("since", "from_", "to", "files", "expected"),
    [
        (None, None, None, True, None),
        (None, None, None, False, Window(NOW - 3600 * NS, NOW)),
        ("90s", None, None, True, Window(NOW - 90 * NS, NOW)),
        (None, "now-1h", "now", False, Window(NOW - 3600 * NS, NOW)),
        ("1m", None, str(NOW - NS), False, Window(NOW - 61 * NS, NOW - NS)),
        (None, None, str(NOW), True, Window(0, NOW)),
        (None, "0", str(NOW // NS), False, Window(0, NOW)),
        (None, "0", str(NOW // 10**6), False, Window(0, NOW)),
    ],
)
def test_windows(since: str | None, from_: str | None, to: str | None, files: bool, expected: Window | None) -> None:
    assert read_window(since, from_, to, NOW, files) == expected


def test_wrong_options() -> None:
    for call in (
        lambda: read_window("1h", "now-1h", None, NOW, False),
        lambda: read_window(None, "now", "now", NOW, False),
        lambda: read_duration("soon", "--since"),
        lambda: read_duration("0s", "--step"),
        lambda: read_duration("24", "--since"),
        lambda: read_time("someday", NOW, "--to", True),
        lambda: read_labels(("job",)),
        lambda: read_labels(("1=2",)),
    ):
        with pytest.raises(UsageError):
            call()
    assert read_labels(("a=b=c",)) == {"a": "b=c"}
    assert read_duration("1.5s", "--step") == 1_500_000_000
