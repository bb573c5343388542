"""Where the lines of `obs-check query` are: local files, the Loki that an option names, else the configuration's."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import click

from obs_check.cli.option_groups import Count, F, Take, gathering, with_options
from obs_check.cli.options import Output, settings_of
from obs_check.cli.query_window import read_labels
from obs_check.errors import UsageError
from obs_check.model.wording import count_noun

if TYPE_CHECKING:
    from pathlib import Path

    from obs_check.app.query.files import FileAnswer
    from obs_check.client.files.source import FileStreams
    from obs_check.client.http import Access
    from obs_check.client.loki.client import LokiClient
    from obs_check.client.loki.tail import LokiTail
    from obs_check.config import Config
    from obs_check.logql.settings import EngineSettings
    from obs_check.model.entry import Labels


@dataclass(frozen=True, slots=True)
class QueryTarget:
    """The options that say where to look."""

    files: tuple[str, ...]
    labels: Mapping[str, str]
    time_key: str | None
    loki: str | None
    tenant: str | None
    grafana: str | None
    datasource: str | None
    loki_version: str | None = None
    max_line: int | None = None

    def check(self) -> None:
        """Raise UsageError for options that exclude each other and for a URL that is none."""
        if sum((bool(self.files), bool(self.loki), bool(self.grafana))) > 1:
            raise UsageError("--file, --loki and --grafana exclude each other", "give one of them")
        if not self.files and (self.labels or self.time_key):
            raise UsageError("--label and --time-key are for local files", "add --file PATH")
        if not self.files and self.max_line:
            raise UsageError("--max-line is for local files", "a Loki has limits_config.max_line_size")
        if not self.files and self.loki_version:
            raise UsageError("--loki-version is for local files", "a Loki answers as the version that it is")
        if self.files and self.tenant:
            raise UsageError("--tenant is for a Loki", "leave it away for local files")
        from obs_check.config.given import check_url

        for option, url in (("--loki", self.loki), ("--grafana", self.grafana)):
            if url is not None:
                check_url(option, url)

    def settings(self) -> "EngineSettings":
        """The engine's, for local files; UsageError for a version that is none."""
        return settings_of(self.loki_version)

    @property
    def name(self) -> str:
        """Who is asked, for documents: the files' names or `loki`."""
        return ", ".join(self.files) or "loki"

    def read_streams(
        self, paths: "Sequence[Path]", out: Output, keep: Callable[[str], bool] = lambda _line: True
    ) -> "FileStreams":
        """The lines of the files that `paths` found, one stream a file, and of those only what is kept; what is odd
        about any is said on stderr."""
        from obs_check.client.files.source import read_streams

        found = read_streams(paths, self.labels, self.time_key, sys.stdin.buffer, time.time_ns, keep, self.most)
        self.say_odd(found, out)
        return found

    def paths(self, out: Output) -> "list[Path]":
        """The files that --file names; binary ones that a glob names are left out and said on stderr. Raises
        InputError."""
        from obs_check.client.files.named_paths import named_paths

        return named_paths(self.files, out.say)

    def labels_of(self, paths: "Sequence[Path]") -> "list[Labels]":
        """The labels of the files that `paths` found."""
        from obs_check.client.files.source import stream_labels

        return [stream_labels(path, self.labels) for path in paths]

    @property
    def most(self) -> int:
        """Bytes of a line that count."""
        from obs_check.client.files.search import MAX_LINE

        return self.max_line or MAX_LINE

    def say_odd(self, found: "FileStreams | FileAnswer", out: Output) -> None:
        """What is odd about the lines of files, on stderr."""
        lines, untimed = found.lines, found.untimed
        if found.undecodable:
            out.say(f"{found.undecodable} bytes that are not UTF-8 were replaced")
        if found.cut:
            out.say(f"{count_noun(found.cut, 'line')} of more than {self.most:,} bytes cut there, as --max-line says")
        field = f" in the field `{self.time_key}`" if self.time_key else ""
        if untimed and untimed == lines:
            remedy = "check --time-key" if self.time_key else "--time-key KEY names the field that has the time"
            out.say(f"no line has a timestamp{field}; using the file's modification time; {remedy}")
        elif untimed:
            show = out.say if self.time_key else out.detail
            those = f"{untimed:,} of {count_noun(lines, 'line')} without a timestamp{field}"
            show(f"{those}: each has the time of the line beside it")

    def loki_client(self, out: Output) -> "LokiClient":
        """A client of the Loki to ask; a secret goes only to the host it is configured for."""
        from obs_check.client.http import Access
        from obs_check.client.loki.client import LokiClient
        from obs_check.config import host_port

        config = out.config()
        direct = self._direct(config)
        if direct is not None:
            url, access = direct
            return LokiClient.direct(url, time.time_ns, config.hosts | {host_port(url)}, access)
        if not self.grafana and config.grafana is None:
            raise UsageError("nothing to ask", "give --file, --loki or --grafana, or name loki.url in obs-check.yaml")
        url = self.grafana or (config.grafana.url if config.grafana else "")
        own_grafana = config.grafana if config.grafana and host_port(url) == host_port(config.grafana.url) else None
        access = Access(own_grafana.token, org_id=own_grafana.org_id) if own_grafana else Access()
        hosts = config.hosts | {host_port(url)}
        datasource = self.datasource or config.loki.uid
        return LokiClient.through_grafana(url, datasource, time.time_ns, hosts, replace(access, tenant=self.tenant))

    def loki_tail(self, out: Output) -> "LokiTail | None":
        """The tail of the Loki to ask; None when it is asked through Grafana."""
        from obs_check.client.loki.tail import LokiTail
        from obs_check.config import host_port

        config = out.config()
        direct = self._direct(config)
        if direct is None:
            return None
        url, access = direct
        return LokiTail(url, config.hosts | {host_port(url)}, out.say, access)

    def _direct(self, config: "Config") -> "tuple[str, Access] | None":
        """URL of a Loki that is asked directly, and as whom."""
        from obs_check.client.http import Access
        from obs_check.config import host_port

        if not self.loki and (not config.loki.url or self.grafana or self.datasource):
            return None
        url = self.loki or config.loki.url or ""
        own = config.loki.url is not None and host_port(url) == host_port(config.loki.url)
        access = Access(config.loki.bearer, config.loki.tenant) if own else Access()
        return url, replace(access, tenant=self.tenant or access.tenant)


def target_options(function: F) -> F:
    """Decorator: the options that say where to look, handed to the command as `target: QueryTarget`."""

    def gather(take: Take) -> Mapping[str, object]:
        given = {field.name: take(field.name) for field in fields(QueryTarget)}
        # A quoted glob reaches us with its ~.
        files = tuple(os.path.expanduser(path) for path in given["files"])  # noqa: PTH111
        return {"target": QueryTarget(**{**given, "files": files, "labels": read_labels(given["labels"])})}

    return with_options(
        gathering(function, gather),
        click.option("--file", "files", multiple=True, metavar="PATH", help="Log file, glob or - (stdin). Repeatable."),
        click.option("--label", "labels", multiple=True, metavar="K=V", help="Label of the files' lines. Repeatable."),
        click.option("--max-line", type=Count(1), metavar="BYTES", help="Cut longer lines.  [default: 262144]"),
        click.option("--time-key", metavar="KEY", help="Field with the time of a file's line (JSON or logfmt)."),
        click.option(
            "--loki-version", metavar="X.Y", help="Answer for files as this Loki does: 3.5, 3.6, 3.7.  [default: 3.5]"
        ),
        click.option("--loki", metavar="URL", help="Ask this Loki."),
        click.option(
            "--tenant", metavar="ID", help="Tenant of a Loki that has several.  [default: the configuration's]"
        ),
        click.option("--grafana", metavar="URL", help="Ask through this Grafana's datasource proxy."),
        click.option("--datasource", metavar="UID", help="Loki's uid in Grafana.  [default: the configuration's]"),
    )
