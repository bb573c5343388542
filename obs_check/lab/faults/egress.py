"""Faults between the tool call and boundary's decision."""

from obs_check.lab.faults.fault import Fault
from obs_check.lab.settings import LabSettings

_CLOSED = "http://127.0.0.1:9"
"""The discard port: nobody listens there, so a client that connects by itself fails at once."""


def _other_program_has_the_port(settings: LabSettings) -> None:
    settings.firewall.port_taken = True


def _https_without_ca(settings: LabSettings) -> None:
    settings.inject |= {"allow_url": "https://allowed.example/ok", "deny_url": "https://denied.invalid/exfil"}
    settings.ca = False


def _config_not_named(settings: LabSettings) -> None:
    settings.firewall.config_named = False


def _rule_for_a_subdomain(settings: LabSettings) -> None:
    settings.boundary["allowlist"] = ["method=GET,POST domain=*.allowed.example"]


def _rule_without_domain(settings: LabSettings) -> None:
    settings.boundary["allowlist"].append("path=/exfil")


def _straight_to_the_origin(settings: LabSettings) -> None:
    settings.proxy = "origin"


def _no_proxy_variables(settings: LabSettings) -> None:
    settings.proxy = "environment"
    settings.inject |= {"allow_url": f"{_CLOSED}/ok", "deny_url": f"{_CLOSED}/exfil"}


def _origin_down(settings: LabSettings) -> None:
    settings.firewall.origin_up = False


EGRESS_FAULTS: tuple[Fault, ...] = (
    Fault("port-taken", "egress.port-in-use", "another program has boundary's port", _other_program_has_the_port),
    Fault("ca-untrusted", "egress.ca-untrusted", "the client does not trust boundary's CA", _https_without_ca),
    Fault("config-unread", "egress.config-not-loaded", "boundary does not find its config.yaml", _config_not_named),
    Fault("rule-too-narrow", "egress.allow-denied", "the rule covers subdomains only", _rule_for_a_subdomain),
    Fault(
        "rule-too-wide",
        "egress.deny-allowed",
        "a rule without a domain allows what has to be denied",
        _rule_without_domain,
    ),
    Fault("not-wrapped", "egress.not-wrapped", "tool calls do not run under boundary", _straight_to_the_origin),
    Fault("proxy-ignored", "egress.proxy-ignored", "the client ignores the proxy variables", _no_proxy_variables),
    Fault("origin-down", "egress.upstream-dead", "the allowed origin is down", _origin_down),
)
