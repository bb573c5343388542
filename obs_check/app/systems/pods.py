"""The pods of a cluster, from a file or through kubectl with the user's own authentication."""

from collections.abc import Callable, Mapping
from pathlib import Path

from obs_check.client.answer import NoJson, decode_json
from obs_check.client.executors.kubectl import list_pods
from obs_check.client.files.local_files import read_document
from obs_check.client.files.text_files import read_given
from obs_check.config.kubernetes import KubernetesConfig
from obs_check.errors import InputError, NotAllowed, Unavailable, UsageError
from obs_check.model.tree import Json
from obs_check.shipper.pod_objects import Pod, read_pods


def pods_in(path: Path) -> tuple[Pod, ...]:
    """The pods of a file; ConfigError for one that is neither JSON nor YAML, InputError for one that cannot be read or
    has none."""
    text = read_given(path, "kubectl get pods -A -o json > FILE")
    try:
        document: Json = decode_json(text.encode())
    except NoJson:
        document = read_document(path)
    return read_pods(document, str(path))


def known_pods(
    file: Path | None, given: KubernetesConfig, env: Mapping[str, str], say: Callable[[str], None]
) -> tuple[Pod, ...]:
    """The pods of a file that was given, else as `open_pods`."""
    return pods_in(file) if file is not None else open_pods(given, env, say)


def open_pods(given: KubernetesConfig, env: Mapping[str, str], say: Callable[[str], None]) -> tuple[Pod, ...]:
    """The pods that a configuration names; none where it names none, and, with a sentence to `say`, where the cluster
    does not answer: what hangs on them is unknown then. ConfigError and InputError as `pods_in`."""
    if given.pods is not None:
        return pods_in(given.pods)
    if given.context is None:
        return ()
    try:
        text = list_pods(given.context, given.kubeconfig, env)
        return read_pods(decode_json(text.encode()), f"kubectl in {given.context}")
    except (Unavailable, NotAllowed, UsageError) as error:
        say(f"pods are not known: {error}")
    except (NoJson, InputError):
        say(f"pods are not known: kubectl's answer in {given.context} is not a list of pods")
    return ()
