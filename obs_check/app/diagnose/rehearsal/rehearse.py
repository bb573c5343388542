"""What is wrong behind a cause that keeps the events away: found on the lines and the counters as they would be."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from obs_check.app.diagnose.explain import mistake
from obs_check.app.diagnose.explain_panel import of_panel
from obs_check.app.diagnose.rehearsal.arriving import (
    WRITTEN_BEFORE,
    Line,
    arriving_streams,
    as_if_stored,
    as_if_written,
    formats,
    made_up_file,
    read_back,
    written_lines,
)
from obs_check.app.diagnose.rehearsal.counters import counts_events, with_risen_counters
from obs_check.app.systems.asking import context_of
from obs_check.app.systems.following import find_lines, shipper_names
from obs_check.app.systems.systems import Systems
from obs_check.app.verify.look import look_at_panels
from obs_check.app.verify.verdicts import PanelVerdict, Yardstick, broken_panel
from obs_check.causes.registry import causes_asked
from obs_check.causes.shipper import line_changed
from obs_check.client.egress import EgressAnswer
from obs_check.errors import ObsCheckError
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import FILE_HOPS
from obs_check.evidence.shipper_rules import Rules, shipper_rules
from obs_check.follow.hop import HopSeen, PathName
from obs_check.follow.run import Run, Sent
from obs_check.model.entry import LogStream
from obs_check.model.finding import FileEdit, Finding
from obs_check.model.paths import AbsoluteGlob
from obs_check.model.verdict import Verdict
from obs_check.shipper.glob import matches
from obs_check.shipper.pods import log_of, pod_logs
from obs_check.standin.loki.refusal import LokiRefusal

_BEFORE_SHIPPER = ("egress", "file", "socket", "coderd")
_CONFIGURED = {cause.id for cause in (*causes_asked("collection"), *causes_asked("arrival"), line_changed.LOST)}
"""Causes that sit in the shipper's configuration, so that with them lines arrive as they should not."""


@dataclass(frozen=True, slots=True)
class _Staged:
    """The run whose lines arrive, causes found on their way, and the streams; None where no job takes the file. `hops`
    are those of the lines where the shipper's configuration is the one that stands in its file."""

    run: Run
    findings: list[Finding]
    streams: list[LogStream] | None
    hops: tuple[HopSeen, ...] = ()


@dataclass(slots=True)
class Rehearsal:
    """Looks behind causes. `run` is taken as if every event had been decided as it expects."""

    systems: Systems
    context: Context
    run: Run
    _staged: dict[PathName, Sequence["_Staged"]] = field(default_factory=dict)

    def findings_behind(self, upstream: Finding, row: PanelVerdict) -> list[Finding]:
        """Findings behind the one that keeps a panel's lines away; none where the panel would then be right, or where
        nothing can be said: without the shipper's configuration nobody knows the lines' labels."""
        if row.path == "metrics":
            by = len(self.run.sent)
            how = f"were its counters {by} higher, one for each event of the run"
            return [_behind(found, upstream, how) for found in self._on_counters(row, by)]
        path: PathName | None = "A" if row.path == "A" else "B" if row.path == "B" else None
        if path is None:
            return []
        try:
            possible = self._arriving(path, upstream)
        except (ObsCheckError, LokiRefusal):
            # What is proved already is not lost for a configuration that cannot be read.
            return []
        first, *others = (self._found_on(row, staged) for staged in possible)
        # Where nobody knows how the lines are written, only what is wrong in every format can be said: of two panels
        # that read different formats either may be the one that is wrong.
        sure = [found for found in first if all(mistake(found) in map(mistake, other) for other in others)]
        return [_behind(found, upstream, "on the run's lines as they would arrive") for found in sure]

    def _found_on(self, row: PanelVerdict, staged: "_Staged") -> list[Finding]:
        on_panel = [] if staged.streams is None else self._on_panel(row, staged, staged.streams)
        return [*staged.findings, *on_panel]

    def _arriving(self, path: PathName, upstream: Finding) -> Sequence["_Staged"]:
        """The lines in each of the formats that they may have."""
        if path not in self._staged:
            self._staged[path] = self._through_shipper(path, upstream)
        return self._staged[path]

    def _through_shipper(self, path: PathName, upstream: Finding) -> Sequence["_Staged"]:
        config = self._rules(upstream)
        glob = self.systems.config.boundary.logs if path == "A" else self.systems.config.coderd.logs
        run = as_expected(self.run)
        if config is None or not glob:
            return [_Staged(run, [], None)]
        hop = self.context.hop(path, FILE_HOPS[path])
        before = find_lines(self.systems, glob, 0)(WRITTEN_BEFORE[path]).value
        file = self._file(glob, hop, before, any("pod" in job.roles for job in config.config.jobs))
        if file is None:
            return [_Staged(run, [], None)]
        if upstream.hop not in _BEFORE_SHIPPER and (lines := read_back(run, hop)):
            # What was written is there to be read, so it is not made up.
            read = _of(run, lines)
            streams = arriving_streams(lines, file, config)
            own = streams is not None and config == shipper_rules(self.context)
            return [_Staged(read, [], streams, as_if_stored(read, path, file, streams or [], lines) if own else ())]
        last = before[Path(file)][-1].text if Path(file) in before else ""
        return [
            self._made_up(path, upstream, file, config, written_lines(run, path, file, shape))
            for shape in formats(path, last)
        ]

    def _made_up(self, path: PathName, upstream: Finding, file: str, config: Rules, lines: Sequence[Line]) -> "_Staged":
        """Lines that nobody wrote, through the shipper's configuration."""
        run = as_expected(self.run)
        findings: list[Finding] = []
        streams = arriving_streams(lines, file, config)
        if upstream.hop in _BEFORE_SHIPPER:
            seen = replace(self.context, run=run, hops=as_if_written(run, path, file, lines))
            every = [cause.find(seen) for cause in causes_asked("collection")]
            findings = [found for found in every if found is not None][:1]
            hops = as_if_stored(run, path, file, streams or [], lines)
            findings = findings or self._stored(run, hops, streams or [])
            if findings:
                fixed = _fixed(config, findings[0])
                return _Staged(run, findings, arriving_streams(lines, file, fixed) if fixed else None)
        return _Staged(run, findings, streams, as_if_stored(run, path, file, streams or [], lines))

    def _file(
        self, glob: AbsoluteGlob, hop: HopSeen | None, before: Mapping[Path, Sequence[object]], finds_pods: bool
    ) -> str | None:
        """The file that the lines are in, else were in before, else would be in, as the shipper names it; None where
        it finds pods, on whose paths the lines' labels hang, and that is one of several pods' or could only be made
        up."""
        files = (hop.probes[-1].answer or {}).get("files", {}) if hop and hop.probes else {}
        files = files or {str(path): len(lines) for path, lines in before.items()}
        if files:
            return str(max(files, key=files.__getitem__))
        there = [str(file) for file in self.context.files.matching(glob)] or self._of_shipper(glob)
        if finds_pods and len({pod.directory for file in there if (pod := pod_logs(file))}) > 1:
            return None
        return shipper_names(self.systems).of(there[-1]) if there else made_up_file(glob, finds_pods)

    def _of_shipper(self, glob: AbsoluteGlob) -> list[str]:
        """The files that the running shipper has, or those of the pods that it found: it may run on another machine."""
        if self.context.shipper is None:
            return []
        state, _ = self.context.shipper.state()
        names = [file.path for file in state.files] + [log_of(target.discovered, glob) for target in state.targets]
        return [name for name in names if name and matches(glob, name)]

    def _stored(self, run: Run, hops: Sequence[HopSeen], streams: Sequence[LogStream]) -> list[Finding]:
        """The first cause that keeps the lines from arriving as the panels need them."""
        try:
            with _on_stage(self.systems, streams) as systems:
                panels = frozenset(self.context.panels_of(hops[0].path))
                context = context_of(systems, self._held(run), list(hops), failing=panels)
                every = (cause.find(context) for cause in causes_asked("arrival"))
                return [found for found in every if found is not None][:1]
        except (ObsCheckError, LokiRefusal):
            return []

    def _held(self, run: Run) -> Yardstick:
        return Yardstick(self.systems.expectations, run)

    def _rules(self, upstream: Finding) -> Rules | None:
        """The shipper's configuration, fixed where it is the cause; None where nobody knows how that is written."""
        now = shipper_rules(self.context)
        return _fixed(now, upstream) if now else None

    def _on_panel(self, row: PanelVerdict, staged: _Staged, streams: Sequence[LogStream]) -> list[Finding]:
        try:
            with _on_stage(self.systems, streams) as systems:
                held = self._held(staged.run)
                rows = look_at_panels(systems.board, held, systems.now_ns(), {row.view.panel.id})
                found = next((r for r in rows if r.view.panel.title == row.view.panel.title), None)
                if found is None or found.verdict is not Verdict.FAIL:
                    return []
                context = context_of(systems, held, list(staged.hops), failing=self.context.panels.failing)
                return of_panel(context, broken_panel(found, held))[0]
        except (ObsCheckError, LokiRefusal):
            # A rehearsal that cannot be held says nothing about the panel.
            return []

    def _on_counters(self, row: PanelVerdict, by: int) -> list[Finding]:
        """What would keep a counter that has to rise from being seen. An event makes at most one batch, so `by` is the
        most that the run adds: what hides that hides less too."""
        expectation = self.systems.expectations.get(row.view.panel.id)
        if expectation is None or expectation.kind != "rises" or not counts_events(row, by):
            return []
        systems, held = with_risen_counters(self.systems, by), self._held(self.run)
        context = context_of(systems, held, [], failing=self.context.panels.failing)
        try:
            risen = context.look_again(context.dashboard, broken_panel(row, held))
            found = of_panel(context, risen)[0] if risen.differs else []
            # A counter that is not there cannot be raised, and one that waits for its first event has to be.
            return [f for f in found if not f.until_event]
        except ObsCheckError:
            return []


def _fixed(now: Rules, found: Finding) -> Rules | None:
    """The shipper's configuration without the mistake that was found; None where it is one of the configuration and no
    edit of it is known."""
    edit = next((e for e in found.fix.edits if isinstance(e, FileEdit) and e.path == str(now.path)), None)
    if edit is not None:
        return now.with_whole(edit.after)
    return None if found.cause in _CONFIGURED else now


def as_expected(run: Run) -> Run:
    """The run with every event answered as it expects."""
    sent = [
        Sent(s.event, EgressAnswer(200 if s.event.decision == "allow" else 403, s.event.decision)) for s in run.sent
    ]
    return Run(run.id, tuple(sent), run.window)


def _of(run: Run, lines: Sequence[Line]) -> Run:
    """The run without the events that no line is about."""
    tags = {event.tag for event, _ in lines}
    return replace(run, sent=tuple(sent for sent in run.sent if sent.event.tag in tags))


def _behind(found: Finding, upstream: Finding, how: str) -> Finding:
    return replace(found, claim=f"behind {upstream.cause}, {how}: {found.claim}")


def _on_stage(systems: Systems, streams: Sequence[LogStream]) -> AbstractContextManager[Systems]:
    """Loaded here: a run without a broken hop needs neither the stand-ins nor what they are written with."""
    from obs_check.app.diagnose.rehearsal.stage import on_stage

    return on_stage(systems, streams)
