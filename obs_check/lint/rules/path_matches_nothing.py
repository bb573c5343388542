"""path-matches-nothing: a path pattern that takes no file of the tree."""

from collections.abc import Iterator

from obs_check.client.files.log_tree import missing_directory
from obs_check.errors import ConfigError
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.shipper.collect import takes_file
from obs_check.shipper.relabel import relabel


def _find(material: Material) -> Iterator[Found]:
    if material.tree is None:
        return
    for shipper, job, _ in material.flows():
        for target in job.targets:
            glob = (relabel(target, job.relabel) or {}).get("__path__", "")
            if not glob:
                continue
            spot = shipper.spot(job, glob)
            try:
                taken = any(takes_file(job, glob, file.path) for file in material.tree.files)
            except ConfigError as error:
                yield spot, f"job {job.name}: {error.message}", error.hint
                continue
            if not taken:
                missing = missing_directory(glob, material.tree.root)
                claim = f"job {job.name}: no file below {material.tree.root} fits `{glob}`{missing}"
                yield spot, claim, "obs-check shipper targets shows what becomes of each file"


RULE = LintRule("path-matches-nothing", "error", "a path that no file can match (with --root)", _find)
