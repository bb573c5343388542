"""A stand-in for kubectl: serves the objects of a file, forwards ports to a test's servers, runs programs here.

It is copied into a folder of PATH as a program of its own; $CLUSTER names the file, $ASKED where each call is noted."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

import yaml


def end(words: str, code: int = 1) -> NoReturn:
    sys.stderr.write(words + "\n")
    raise SystemExit(code)


def pump(one: socket.socket, other: socket.socket) -> None:
    """Bytes both ways until one side closes."""
    while True:
        ready, _, _ = select.select([one, other], [], [])
        for side in ready:
            data = side.recv(65536)
            if not data:
                one.close()
                other.close()
                return
            (other if side is one else one).sendall(data)


def forward(address: str, port: str) -> None:
    host, _, number = address.rpartition(":")
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(f"Forwarding from 127.0.0.1:{server.getsockname()[1]} -> {port}", flush=True)
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        while True:
            client, _ = server.accept()
            there = socket.create_connection((host, int(number)))
            threading.Thread(target=pump, args=(client, there), daemon=True).start()


def parsed(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """Flags and words, as pflag tells them apart."""
    flags, words, left = {}, [], list(arguments)
    while left and left[0] != "--":
        one = left.pop(0)
        if one in ("--context", "-n"):
            flags["namespace" if one == "-n" else "context"] = left.pop(0)
        elif one.startswith("-"):
            name, _, value = one.lstrip("-").partition("=")
            flags[name] = value
        else:
            words.append(one)
    return flags, words


def main(arguments: list[str]) -> None:
    with Path(os.environ["ASKED"]).open("a", encoding="utf-8") as log:
        log.write(json.dumps(arguments) + "\n")
    cluster = yaml.safe_load(Path(os.environ["CLUSTER"]).read_text("utf-8"))
    flags, words = parsed(arguments)
    if flags["context"] != cluster["context"]:
        end(f"error: cannot locate context {flags['context']}")
    namespace = flags.get("namespace", "")
    match words[0]:
        case "config":
            print("{}")
        case "get":
            get(cluster, words[1].removesuffix("s"), words[2] if len(words) > 2 else "", namespace, flags)
        case "port-forward":
            target = cluster["forwards"][f"{namespace}/{words[1].removeprefix('service/')}"]
            forward(os.environ[target], words[2].lstrip(":"))
        case "exec":
            raise SystemExit(subprocess.run(["sh", "-s"], check=False).returncode)
        case other:
            end(f"error: unknown command {other}")


def get(cluster: dict[str, Any], kind: str, name: str, namespace: str, flags: dict[str, str]) -> None:
    if f"{kind}s" in cluster.get("forbidden", ()):
        scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        who = f'{kind}s is forbidden: User "me" cannot list resource "{kind}s" in API group "" {scope}'
        end(f"Error from server (Forbidden): {who}")
    found = [
        one
        for one in cluster["items"]
        if one["kind"].lower() == kind
        and (not namespace or one["metadata"]["namespace"] == namespace)
        and (not name or one["metadata"]["name"] == name)
        and flags.get("selector", "").partition("=")[0] in ("", *one["metadata"].get("labels", ()))
    ]
    if name and not found:
        end(f'Error from server (NotFound): {kind}s "{name}" not found')
    print(json.dumps(found[0] if name else {"kind": "List", "items": found}))


if __name__ == "__main__":
    main(sys.argv[1:])
