"""Systems for tests of causes, by the protocols of `evidence/questions.py`: what no test answers fails it."""

from typing import NoReturn

from obs_check.client.answered import Answered
from obs_check.model.entry import Labels
from obs_check.model.window import Window


class NoLoki:
    """No question is asked of it."""

    def count(self, expr: str, window: Window) -> Answered[float]:
        """See Loki."""
        nobody(expr, window)

    def lines(self, expr: str, window: Window, limit: int) -> Answered[list[tuple[Labels, str]]]:
        """See Loki."""
        nobody(expr, window, limit)

    def labels(self, window: Window) -> Answered[list[str]]:
        """See Loki."""
        nobody("labels", window)

    def label_values(self, name: str, window: Window) -> Answered[list[str]]:
        """See Loki."""
        nobody(name, window)

    def series(self, matchers: tuple[str, ...], window: Window) -> Answered[list[Labels]]:
        """See Loki."""
        nobody(matchers, window)

    def of_tenant(self, tenant: str) -> "NoLoki":
        """See Loki."""
        nobody(tenant)


def nobody(*question: object) -> NoReturn:
    """What a test does not expect to be asked."""
    raise AssertionError(f"asked though nobody answers: {question}")
