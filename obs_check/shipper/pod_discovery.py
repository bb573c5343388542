"""Which pods a discovery of Kubernetes asks the API for: those of its namespaces, as its selectors choose.

promtail 3.5 (`kubernetes_sd_configs`) and Alloy 1.11 (`discovery.kubernetes`) share Prometheus' discovery: a pod that
is not asked for has no target, whatever the relabel rules say.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from obs_check.model.entry import Labels
from obs_check.shipper.pods import META

_FIELDS = {
    "metadata.name": f"{META}pod_name",
    "metadata.namespace": f"{META}namespace",
    "status.phase": f"{META}pod_phase",
    "status.podIP": f"{META}pod_ip",
}
"""Fields of a pod that its discovery labels have, too; the others that may be selected by are in no label."""
OWN_NODE = "spec.nodeName"
"""A shipper of one node fills its own in, from an environment that is not this one; the files at hand are of it."""
_TERM = re.compile(
    r"\s*(?:(?P<not>!)\s*(?P<without>[\w./-]+)"
    r"|(?P<key>[\w./-]+)\s*(?:(?P<op>==?|!=)\s*(?P<value>[^,\s]*)|(?P<set>in|notin)\s*\((?P<values>[^)]*)\))?)\s*(?:,|$)"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a pod has to be: `label` (a discovery label, or the name of what no label tells) one of `values`,
    or none of them with `negated`. `told` is it in words; where it is not `settled`, only a pod that is so is known to
    be asked for."""

    label: str
    values: tuple[str, ...]
    told: str
    negated: bool = False
    settled: bool = True

    def holds(self, labels: Labels, is_unknown: Callable[[str], bool]) -> bool | None:
        """Whether a pod is so, None where nobody knows."""
        if self.label not in labels and (is_unknown(self.label) or not self.label.startswith(META)):
            return None
        fits = (labels.get(self.label, "") in self.values) is not self.negated
        return fits or (False if self.settled else None)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a discovery makes no target of a pod's container, in words; not `surely` where that hangs on what nobody
    knows, with the discovery labels that it `needs`. `names` are the namespaces that it asks for, where it is for
    these."""

    told: str
    surely: bool = True
    needs: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PodDiscovery:
    """One discovery of Kubernetes: its role, and what has to hold for a pod that it asks for."""

    role: str
    conditions: tuple[Condition, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The namespaces that it asks for; () for all."""
        return next((one.values for one in self.conditions if one.label == f"{META}namespace"), ())

    def leaves_out(self, labels: Labels, is_unknown: Callable[[str], bool]) -> LeftOut | None:
        """Why a pod with these discovery labels is not asked for; None where it is."""
        held = [(one, one.holds(labels, is_unknown)) for one in self.conditions]
        if out := next((one for one, holds in held if holds is False), None):
            names = out.values if out.label == f"{META}namespace" and not out.negated else ()
            return LeftOut(f"its discovery asks for pods of {out.told} alone", names=names)
        if maybe := next((one for one, holds in held if holds is None), None):
            needs = (maybe.label,) if maybe.label not in labels else ()
            told = f"its discovery asks for pods of {maybe.told} alone, and whether this is one cannot be told"
            return LeftOut(told, surely=False, needs=needs)
        return None


def in_namespaces(names: Sequence[str], own: bool) -> tuple[Condition, ...]:
    """The condition of `namespaces`: `own` adds that of the shipper, which its configuration does not tell."""
    if not names and not own:
        return ()
    told = " or ".join(names) + (" or the shipper's own" if names else "the shipper's own") * own
    return (Condition(f"{META}namespace", tuple(names), f"namespace {told}", settled=not own),)


def selected(label: str, field: str) -> tuple[Condition, ...]:
    """The conditions of a selector's two expressions, as Kubernetes writes them; "" for none."""
    return (*_conditions(label, "label"), *_conditions(field, "field"))


def _conditions(expression: str, kind: str) -> Iterator[Condition]:
    at = 0
    while at < len(expression):
        term = _TERM.match(expression, at)
        if term is None or term.end() == at:
            # What Kubernetes may read otherwise: nobody knows whether a pod is so.
            yield Condition(expression[at:], (), f"{kind} {expression[at:].strip()}")
            return
        at = term.end()
        key = term["key"] or term["without"]
        told = f"{kind} {term[0].strip().rstrip(',').strip()}"
        negated = term["op"] == "!=" or term["set"] == "notin" or bool(term["not"])
        if kind == "field":
            if key != OWN_NODE:
                yield Condition(_FIELDS.get(key, key), (term["value"] or "",), told, negated)
            continue
        safe = re.sub(r"[^a-zA-Z0-9_]", "_", key)
        if term["op"] or term["set"]:
            values = [term["value"]] if term["op"] else [one.strip() for one in term["values"].split(",")]
            if negated or all(values):
                yield Condition(f"{META}pod_label_{safe}", tuple(values), told, negated)
                continue
        yield Condition(f"{META}pod_labelpresent_{safe}", ("true",), told, negated)
