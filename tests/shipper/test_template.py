"""Go templates in stages."""

import pytest

from obs_check.shipper.golang.template import BadTemplate, TemplateFault, parse

DATA = {"Value": "DENY", "host": "a.example", "n": "7"}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("plain", "plain"),
        ("{{ .Value }}-{{.none}}", "DENY-<no value>"),
        ("a {{- .Value -}} b", "aDENYb"),
        ("{{/* nothing */}}x", "x"),
        ('{{ if eq .Value "DENY" }}d{{ else }}a{{ end }}', "d"),
        ('{{ if eq .Value "A" "B" }}1{{ else if .none }}2{{ else }}3{{ end }}', "3"),
        ("{{ with .host }}{{ . }}{{ end }}", "a.example"),
        ('{{ .Value | ToLower | printf "%s!" }}', "deny!"),
        ("{{ $x := ToUpper .host }}{{ $x }}", "A.EXAMPLE"),
        ('{{ Replace .host "a" "b" -1 }}', "b.exbmple"),
        ('{{ regexReplaceAll "(\\\\w+)\\\\.(\\\\w+)" .host "${2}.$1" }}', "example.a"),
        ('{{ if and (eq .Value "DENY") (not .none) }}y{{ end }}', "y"),
        ('{{ range splitList "." .host }}<{{ . }}>{{ end }}', "<a><example>"),
        ('{{ .none | default "x" }}{{ trunc 1 .host }}', "xa"),
        ('{{ Sha2Hash "salt" .Value | len }}', "64"),
    ],
)
def test_a_template_renders(text: str, want: str) -> None:
    assert parse(text).render(DATA) == want


@pytest.mark.parametrize("text", ["{{ if .a }}", "{{ end }}", "{{ nope .a }}", "{{ .a", "{{ (.a }}", "{{ | }}"])
def test_a_broken_template_is_refused(text: str) -> None:
    with pytest.raises(BadTemplate):
        parse(text)


@pytest.mark.parametrize("text", ["{{ ToLower .none }}", "{{ eq .Value 1 }}", "{{ .Value.x }}"])
def test_a_failing_template_says_so(text: str) -> None:
    with pytest.raises(TemplateFault):
        parse(text).render(DATA)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ('{{ now | date "2006" }} {{ now.Year }}', "2026 2026"),
        ('{{ date "2006-01-02" (int64 .n) }}', "1970-01-01"),
        ('{{ date "2006-01-02" .host }}', "2026-01-01"),
        ('{{ htmlDate (int64 .n) }} {{ htmlDateInZone (int64 .n) "Asia/Tokyo" }}', "1970-01-01 1970-01-01"),
        ('{{ date_in_zone "15:04" (int64 .n) "nowhere/x" }}', "00:00"),
        (
            '{{ dateInZone "2006-01-02 15:04 MST" (toDate "2006-01-02T15:04:05Z07:00" .at) "America/New_York" }}',
            "2026-02-28 23:30 EST",
        ),
        (
            '{{ toDate "2006-01-02T15:04:05Z07:00" .at | unixEpoch }} {{ toDate "2006" .host | unixEpoch }}',
            "1772339400 -62135596800",
        ),
    ],
)
def test_times_are_those_of_a_real_promtail(text: str, want: str) -> None:
    template = parse(text)
    assert template.render({**DATA, "at": "2026-03-01T10:00:00+05:30"}, lambda: 1_767_225_607_000_000_000) == want
    assert template.unseen == ()


def test_without_a_clock_nobody_knows_what_time_it_is() -> None:
    with pytest.raises(TemplateFault):
        parse("{{ now }}").render(DATA)
