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
