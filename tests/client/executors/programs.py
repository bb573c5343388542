"""Stand-ins for kubectl and coder: programs that check what they were asked and run the command for real.

`SAYS` is what one says on standard error before it ends with `ENDS`, at once or, with `MIDDLE`, behind the first line
that the command prints.
"""

import sys
from pathlib import Path

_SHARED = """\
import json, os, subprocess, sys
args = sys.argv[1:]
def ask(**told):
    with open(os.environ["ASKED"], "a") as log:
        log.write(json.dumps({"args": args, **told}) + "\\n")
def end(words, code=1):
    sys.stderr.write(words + "\\n"); raise SystemExit(int(code))
def refuse():
    if os.environ.get("SAYS") and not os.environ.get("MIDDLE"):
        end(os.environ["SAYS"], os.environ.get("ENDS") or 1)
def run(command):
    if os.environ.get("MIDDLE"):
        program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        program.stdin.write(sys.stdin.buffer.read()); program.stdin.close()
        sys.stdout.buffer.write(program.stdout.readline()); sys.stdout.flush(); program.kill()
        end(os.environ["SAYS"], os.environ.get("ENDS") or 1)
    raise SystemExit(subprocess.run(command).returncode)
"""
KUBECTL = f"""{_SHARED}
ask()
refuse()
pods = os.environ.get("PODS", "dev-1").split()
def pod(name):
    containers = [{{"name": one}} for one in os.environ.get("CONTAINERS", "agent").split()]
    marks = {{"kubectl.kubernetes.io/default-container": os.environ["MARKED"]}} if "MARKED" in os.environ else {{}}
    marks["note"] = os.environ.get("NOTE", "")
    return {{"metadata": {{"name": name.strip("!"), "annotations": marks}}, "spec": {{"containers": containers}},
            "status": {{"phase": "Pending" if "!" in name else "Running"}}}}
if "get" in args:
    found = [pod(name) for name in pods]
    print(json.dumps({{"items": found}} if "-l" in args else found[0])); raise SystemExit(0)
if args[args.index("exec") + 2] not in pods:
    end('Error from server (NotFound): pods "%s" not found' % args[args.index("exec") + 2])
run(args[args.index("--") + 1 :])
"""
CODER = f"""{_SHARED}
ask(url=os.environ.get("CODER_URL"), token=os.environ.get("CODER_SESSION_TOKEN"))
refuse()
print("Welcome to the workspace!", flush=True)
run(args[args.index("--") + 1 :])
"""


def install(folder: Path, **programs: str) -> None:
    """Write each text as a program of its name into the folder."""
    for name, text in programs.items():
        path = folder / name
        path.write_text(f"#!{sys.executable}\n{text}")
        path.chmod(0o755)
