"""renameByRegex: new names from a pattern on the shown names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from obs_check.panel.frames import Frame
from obs_check.panel.naming import display_name
from obs_check.panel.overrides import js_regex

_GROUP = re.compile(r"\$(\d{1,2}|<\w+>|&)")


def rename_by_regex(frames: Sequence[Frame], options: Mapping[str, object]) -> list[Frame]:
    """Replaces the first match in every column's name (all with the flag `g`); `$1` and `$<name>` are its groups."""
    stored = str(options.get("regex") or "")
    if not stored:
        return list(frames)
    pattern = js_regex(stored)
    count = 0 if re.search(r"/[a-z]*g[a-z]*$", stored) else 1
    replacement = str(options.get("renamePattern") or "")
    result = []
    for frame in frames:
        fields = []
        for field in frame.fields:
            name = display_name(field, frame, frames)
            new = pattern.sub(lambda m: _filled(replacement, m), name, count=count)
            fields.append(replace(field, config={**field.config, "displayName": new}) if new != name else field)
        result.append(replace(frame, fields=fields))
    return result


def _filled(replacement: str, match: re.Match[str]) -> str:
    def group(found: re.Match[str]) -> str:
        key = found[1].strip("<>")
        if key == "&":
            return match[0]
        try:
            return match[int(key) if key.isdigit() else key] or ""
        except IndexError:
            return found[0]

    return _GROUP.sub(group, replacement)
