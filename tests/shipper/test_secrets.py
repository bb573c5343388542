"""What a configuration takes from the environment stays there: messages name the variable."""

import pytest

from obs_check.errors import ConfigError
from obs_check.shipper.read import parse_shipper

SECRET = "hunter2secret"
ALLOY = 'loki.write "x" {\n  endpoint {\n    url = "http://loki.example"\n    %s\n  }\n}\n'


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.alloy", ALLOY % 'bearer_token = sys.env("SEC") + 1'),
        ("a.alloy", ALLOY % 'bearer_token = sys.env("SEC")["x"]'),
        ("a.alloy", ALLOY % 'remote_timeout = sys.env("SEC")'),
        ("a.alloy", ALLOY % 'bearer_token = yaml_decode(sys.env("SEC"))'),
        ("p.yaml", "clients: [{url: http://loki.example, timeout: '${SEC}'}]\nscrape_configs: []\n"),
    ],
)
def test_no_message_shows_a_value_of_the_environment(file: str, text: str) -> None:
    value = f"{SECRET}: [" if "yaml_decode" in text else SECRET
    with pytest.raises(ConfigError) as caught:
        parse_shipper(text, file, {"SEC": value})
    assert SECRET not in caught.value.message + (caught.value.hint or "")


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("a.alloy", ALLOY % f"bearer_token = {SECRET}", "a.alloy:4: a name that nothing here has"),
        ("p.yaml", f"clients:\n- bearer_token: *{SECRET}\n", "p.yaml:2: not YAML: found undefined alias"),
        ("p.yaml", f"clients:\n- &{SECRET} {{}}\n- &{SECRET} {{}}\n", "p.yaml:3: not YAML: found duplicate anchor"),
    ],
)
def test_no_message_shows_a_secret_without_its_quotes(file: str, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_shipper(text, file, {})
    assert caught.value.message == words


@pytest.mark.parametrize(
    "expression", [r'"\UFFFFFFFF"', "5 % 0", "{x=1}[[1]]", 'yaml_decode("a: [")', "(" * 3000 + "1"]
)
def test_an_expression_that_alloy_refuses_is_a_fault_of_the_configuration(expression: str) -> None:
    with pytest.raises(ConfigError):
        parse_shipper(ALLOY % f"name = {expression}", "a.alloy", {})
