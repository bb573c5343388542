"""Go templates with Loki's functions."""

import pytest

from obs_check.errors import QueryError
from obs_check.golang.template.compile import Moment, TemplateFault, compile_template

LABELS = {
    "level": "error",
    "path": "/api/3/x y",
    "took": "2.5",
    "n": "7",
    "j": '{"a":{"b":[1,"two"]},"c":"x"}',
    "empty": "",
    "at": "1673798889",
}
MOMENT = Moment("the line", 1_795_132_800_123_000_000, lambda: 1_000_000_000_000_000_000)

CASES = [
    ("{{.level}} {{ .nosuch }}|", "error |"),
    ("a {{- .n -}} b", "a7b"),
    ("a{{/* note */}}b{{- /* note */ -}} c", "abc"),
    ('{{ if eq .level "warn" }}W{{ else if eq .level "error" "fatal" }}E{{ else }}-{{ end }}', "E"),
    ("{{ if and .level (not .empty) }}yes{{ end }}", "yes"),
    ("{{ if or .empty .nosuch }}yes{{ else }}no{{ end }}", "no"),
    ("{{ with .level }}<{{ . }}|{{ $.n }}>{{ end }}{{ with .empty }}x{{ else }}none{{ end }}", "<error|7>none"),
    ("{{ $x := .level | ToUpper }}{{ $x }}{{ $x = `z` }}{{ $x }}", "ERRORz"),
    ("{{ if $x := .level }}{{ $x }}{{ end }}", "error"),
    ("{{ $j := fromJson .j }}{{ $j.c }}{{ range $i, $e := $j.a.b }}[{{ $i }}={{ $e }}]{{ end }}", "x[0=1][1=two]"),
    ("{{ range (fromJson .j).a.b }}{{ . }},{{ end }}", "1,two,"),
    ("{{ (fromJson .j).nosuch }}", "<no value>"),
    ("{{ index (fromJson .j) `c` }}{{ slice .level 1 3 }}{{ len .level }}", "xrr5"),
    ('{{ printf "%-6s|%05d|%.2f|%q|%v%%" .level 42 3.14159 .n true }}', 'error |00042|3.14|"7"|true%'),
    ('{{ printf "%d" .n }}', "%!d(string=7)"),
    ("{{ add 1 2 3 }} {{ sub 5 2 }} {{ mul 2 3 4 }} {{ div 7 2 }} {{ mod 7 4 }}", "6 3 24 3 3"),
    ("{{ addf 1.5 2 }} {{ divf 1 4 }} {{ max 1 5 3 }} {{ minf 2.5 1.5 }}", "3.5 0.25 5 1.5"),
    ("{{ ceil 1.2 }} {{ floor 1.8 }} {{ round .took 0 }} {{ round 3.14159 2 }}", "2 1 3 3.14"),
    ("{{ .took | float64 }} {{ int .n }} {{ float64 `x` }}", "2.5 7 0"),
    ("{{ trunc 3 .level }} {{ trunc -3 .level }} {{ substr 1 3 .level }} {{ .level | title }}", "err ror rr Error"),
    ("{{ alignLeft 7 .level }}|{{ alignRight 3 .level }}|{{ alignRight 7 .level }}", "error  |ror|  error"),
    (
        '{{ regexReplaceAll "(\\\\d+)" .path "<$1>" }}{{ regexReplaceAllLiteral "\\\\d" .path "$1" }}',
        "/api/<3>/x y/api/$1/x y",
    ),
    ('{{ count "r" .level }} {{ contains "rr" .level }} {{ hasPrefix "e" .level }}', "3 true true"),
    ("{{ urlencode .path }} {{ `a%20b+c` | urldecode }}", "%2Fapi%2F3%2Fx+y a b c"),
    ("{{ b64enc .level }} {{ `ZXJyb3I=` | b64dec }}", "ZXJyb3I= error"),
    ("{{ bytes `2KB` }} {{ duration `1m30s` }}", "2000 90"),
    ("{{ default `d` .empty }} {{ .level | default `d` }}", "d error"),
    ("{{ indent 2 `a` }}{{ nindent 1 `b` }}", "  a\n b"),
    ("{{ repeat 3 `ab` }} {{ trimAll `-` `-a-` }} {{ trimPrefix `/api` .path }}", "ababab a /3/x y"),
    ("{{ __line__ }} {{ __timestamp__ | unixEpochMillis }}", "the line 1795132800123"),
    ('{{ __timestamp__ | date "2006-01-02T15:04:05.000Z07:00" }}', "2026-11-20T00:00:00.123Z"),
    ('{{ .at | unixToTime | date "Mon Jan _2 2006" }}', "Sun Jan 15 2023"),
    ('{{ toDate "2006-01-02" "2023-01-15" | unixEpoch }}', "1673740800"),
    ('{{ toDate "06 2006-01-02" "99 2023-01-15" | unixEpoch }}', "1673740800"),
    ('{{ toDate "2006 __2" "2023  15" | unixEpoch }}', "1673740800"),
    ('{{ toDate "2006-01-02T15:04:05Z07:00" "2023-01-15T01:00:00.5+01:00" | unixEpochNanos }}', "1673740800500000000"),
    ('{{ toDate "2006-01-02" "soon" | unixEpoch }}', "-62135596800"),
    ('{{ toDate "2006-01-02" "2023-01-15" | date "Janus Mon Monday 2" }}', "Janus Sun Sunday 15"),
    ('{{ toDateInZone "2006-01-02 15:04" "Europe/Berlin" "2023-01-15 01:00" | unixEpoch }}', "1673740800"),
    (
        '{{ now | date "2006-01-02" }} {{ date "2006-01-02" .level }} {{ now | unixEpoch }}',
        "2001-09-09 2001-09-09 1000000000",
    ),
    ("{{ lt 1 2 }} {{ ge `b` `a` }} {{ ne 1 1 }} {{ eq .n `7` }}", "true true false true"),
    ("{{ true }} {{ 0x10 }} {{ 1.0 }} {{ 1e21 }}", "true 16 1 1e+21"),
]


@pytest.mark.parametrize(("text", "want"), CASES)
def test_a_template_gives_what_go_gives(text: str, want: str) -> None:
    assert compile_template(text, "line").render(LABELS, MOMENT) == want


@pytest.mark.parametrize(
    "text",
    [
        "{{.level",
        "{{ nosuch .level }}",
        "{{ if .level }}",
        "{{ end }}",
        "{{ }}",
        "{{ .level ) }}",
        "{{ (.a }}",
        "{{/* x",
    ],
)
def test_a_template_that_go_cannot_read_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="template: line:1: "):
        compile_template(text, "line")


@pytest.mark.parametrize(
    "text", ["{{ div 1 0 }}", "{{ eq 1 `1` }}", "{{ .level.x }}", "{{ bytes .level }}", "{{ ToUpper 3 }}"]
)
def test_a_template_that_fails_says_so(text: str) -> None:
    with pytest.raises(TemplateFault):
        compile_template(text, "line").render(LABELS, MOMENT)


def test_a_bare_key_is_known() -> None:
    assert compile_template("{{.level}}", "line").simple_key == "level"
    assert compile_template("x{{.level}}", "line").simple_key is None
