"""Signatures by OpenSSH's `ssh-keygen -Y`: made with a person's own key, checked against a list of who may sign.

OpenSSH 8.2, ssh-keygen(1): a signature is of a namespace, here `obs-check-bundle`, so that one made for something else
does not count; `allowed signers` is a file of lines `NAME KEYTYPE KEY`.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from obs_check.client.http import one_line
from obs_check.errors import InputError, UsageError

NAMESPACE = "obs-check-bundle"
_PROGRAM = "ssh-keygen"
_LIMIT_S = 60
"""Seconds for a passphrase to be typed, or a key to be touched."""


def sign(content: bytes, key: Path) -> bytes:
    """A signature of bytes by a private key, or by the agent's where a public one is named. The program may ask for a
    passphrase on the terminal. Raises UsageError."""
    with tempfile.TemporaryDirectory(prefix="obs-check-") as folder:
        place = Path(folder) / "content"
        place.write_bytes(content)
        done = _run(["-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE, str(place)])
        signed = place.with_name("content.sig")
        if done.returncode != 0 or not signed.exists():
            raise UsageError(f"{key}: not signed: {_said(done)}", "name your private key, such as ~/.ssh/id_ed25519")
        return signed.read_bytes()


def signer(content: bytes, signature: bytes, signers: Path) -> tuple[str, str]:
    """Who of the allowed signers signed the bytes, and why that is nobody; one of both is "". Raises InputError when
    the list cannot be read, UsageError without the program."""
    try:
        signers.read_bytes()
    except OSError as error:
        raise InputError(f"{signers}: {error.strerror}", "name a file of lines `NAME KEYTYPE KEY`") from error
    with tempfile.TemporaryDirectory(prefix="obs-check-") as folder:
        place = Path(folder) / "content.sig"
        place.write_bytes(signature)
        found = _run(["-Y", "find-principals", "-s", str(place), "-f", str(signers)])
        names = found.stdout.decode("utf-8", "replace").split("\n")
        if found.returncode != 0 or not names[0]:
            return "", f"the key that signed it is not among those of {signers}"
        checked = _run(
            ["-Y", "verify", "-f", str(signers), "-I", names[0], "-n", NAMESPACE, "-s", str(place)], given=content
        )
        if checked.returncode != 0:
            return "", f"the signature does not fit: {_said(checked)}"
        return names[0], ""


def _run(arguments: list[str], given: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    program = shutil.which(_PROGRAM)
    if program is None:
        raise UsageError(f"{_PROGRAM} is not on PATH", "install OpenSSH, or leave signatures out")
    try:
        return subprocess.run([program, *arguments], input=given, capture_output=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise UsageError(f"{_PROGRAM} did not end within {_LIMIT_S} s", "use a key of the agent") from None
    except OSError as error:
        raise UsageError(f"{_PROGRAM} cannot be started: {error.strerror}", "leave signatures out") from error


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    words = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
    return one_line(words.rpartition("\n")[2], 200) or f"it ended with {done.returncode}"
