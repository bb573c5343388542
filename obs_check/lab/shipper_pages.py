"""The pages of promtail's web interface that people and programs look at, in its shape: ids, headings, tables."""

import html
from collections.abc import Sequence

import yaml

from obs_check.lab.shipper_targets import LabTarget
from obs_check.model.entry import Labels
from obs_check.shipper.model import ShipperConfig

SECRET_KEYS = {"password", "credentials", "bearer_token", "client_secret", "secret", "token"}


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def _badges(labels: Labels) -> str:
    rows = (f'{name}="{value}"' for name, value in sorted(labels.items()))
    return "\n".join(f'<span class="badge badge-primary">{html.escape(row, quote=False)}</span>' for row in rows)


def _jobs(targets: Sequence[LabTarget]) -> dict[str, list[LabTarget]]:
    jobs: dict[str, list[LabTarget]] = {}
    for target in sorted(targets, key=lambda t: t.job):
        jobs.setdefault(target.job, []).append(target)
    return jobs


def targets_page(targets: Sequence[LabTarget]) -> str:
    """`/targets`: each job with ready and all targets, their labels, files and positions in bytes."""
    parts = []
    for job, own in _jobs([t for t in targets if not t.dropped]).items():
        name = html.escape(job)
        ready = sum(t.ready for t in own)
        rows = "\n".join(_target_row(t) for t in own)
        parts.append(
            f'<div class="table-container">\n<h2 class="job_header{"" if ready == len(own) else " danger"}">\n'
            f'<a id="job-{name}" href="#job-{name}">{name} ({ready}/{len(own)} ready)</a>\n</h2>\n'
            '<table class="table">\n<thead class="job_details"><tr><th>Type</th><th>Ready</th><th>Labels</th>'
            f"<th>Details</th></tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
        )
    return _page("Targets", "\n".join(parts))


def _target_row(target: LabTarget) -> str:
    before = "<br>".join(html.escape(f'{k}="{v}"') for k, v in sorted(target.discovered.items()))
    files = "\n".join(
        f"<tr>\n<td>{html.escape(path)}</td>\n<td>{tail.offset}</td>\n</tr>"
        for path, tail in sorted(target.tails.items())
    )
    state = "success" if target.ready else "danger"
    ready = str(target.ready).lower()
    return (
        '<tr>\n<td class="type">\n<span >File</span>\n</td>\n<td class="state">\n'
        f'<span class="alert alert-{state} state_indicator text-uppercase">\n{ready}\n</span>\n</td>\n'
        '<td class="labels">\n<span class="cursor-pointer" data-toggle="tooltip" title="" data-html=true '
        f'data-original-title="<b>Before relabeling:</b><br>{before}">\n{_badges(target.labels)}\n</span>\n</td>\n'
        '<td class="details">\n<table class="table">\n<thead><tr><th scope="col">Path</th>'
        f'<th scope="col">Position</th></tr></thead>\n<tbody>\n{files}\n</tbody>\n</table>\n</td>\n</tr>'
    )


def _dropped(reason: str) -> str:
    return f'<span class="badge badge-default">Dropped: {html.escape(reason, quote=False)}</span>'


def discovery_page(targets: Sequence[LabTarget]) -> str:
    """`/service-discovery`: each job with active and all targets, labels before and after relabeling."""
    jobs = _jobs(targets)
    index, tables = [], []
    for job, own in jobs.items():
        name = html.escape(job)
        active = sum(not t.dropped for t in own)
        index.append(f'<li>\n<a href="#job-{name}">{name}</a> ({active}/{len(own)} active targets)\n</li>')
        rows = "\n".join(
            f'<tr>\n<td class="labels">\n{_badges(t.discovered)}\n</td>\n<td class="labels">\n'
            f"{_dropped(t.dropped) if t.dropped else _badges(t.labels)}\n</td>\n</tr>"
            for t in own
        )
        tables.append(
            f'<div class="table-container">\n<h2 class="job_header" id="job-{name}">\n{name}\n</h2>\n'
            '<table class="table">\n<thead class="job_details"><tr><th>Discovered Labels</th><th>Target Labels</th>'
            f"</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
        )
    return _page("Service Discovery", "<ul>\n" + "\n".join(index) + "\n</ul>\n" + "\n".join(tables))


def config_text(config: ShipperConfig) -> str:
    """`/config`: the configuration as YAML, secrets replaced."""
    return yaml.safe_dump(_masked(yaml.safe_load(config.text)), sort_keys=False)


def _masked(value: object) -> object:
    if isinstance(value, dict):
        return {k: "<secret>" if k in SECRET_KEYS and v else _masked(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_masked(v) for v in value]
    if isinstance(value, str) and "://" in value and "@" in value.split("://", 1)[1].split("/", 1)[0]:
        scheme, rest = value.split("://", 1)
        return f"{scheme}://<secret>@{rest.split('@', 1)[1]}"
    return value
