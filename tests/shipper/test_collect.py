"""Which paths a promtail pattern fits."""

import pytest

from obs_check.shipper.collect import fits

CASES = [
    ("/tmp/boundary_logs/*.log", "/tmp/boundary_logs/a.log", True),
    ("/tmp/boundary_logs/*.log", "/tmp/boundary_logs/x/a.log", False),
    ("/tmp/boundary_logs/*.log", "/tmp/boundary_logs/a.log.1", False),
    ("/var/log/**/*.log", "/var/log/pods/a/b/0.log", True),
    ("/var/log/**/*.log", "/var/log/0.log", True),
    ("/var/log/{a,b}/*.log", "/var/log/b/0.log", True),
    ("/var/log/{a,b}/*.log", "/var/log/c/0.log", False),
]


@pytest.mark.parametrize(("pattern", "path", "wanted"), CASES)
def test_fits(pattern: str, path: str, wanted: bool) -> None:
    assert fits(pattern, path) is wanted
