"""Stand-ins for kubectl and coder: programs that check what they were asked and run the command for real."""

import sys
from pathlib import Path

KUBECTL = """\
import json, os, subprocess, sys
args = sys.argv[1:]
with open(os.environ["ASKED"], "a") as log:
    log.write(json.dumps({"args": args}) + "\\n")
def end(words, code=1):
    sys.stderr.write(words + "\\n"); raise SystemExit(code)
mode = os.environ.get("MODE", "")
if "--context" not in args or args[args.index("--context") + 1] != "prod":
    end('error: context "%s" does not exist' % args[args.index("--context") + 1])
if mode == "forbidden":
    end('Error from server (Forbidden): pods "dev-1" is forbidden: User "me" cannot create resource "pods/exec"')
if mode == "expired":
    end("error: You must be logged in to the server (Unauthorized)")
if mode == "down":
    end("Unable to connect to the server: dial tcp 192.0.2.1:443: i/o timeout")
if "get" in args:
    names = os.environ.get("PODS", "dev-1").split()
    phase = lambda name: {"phase": "Pending" if "!" in name else "Running"}
    pods = [{"metadata": {"name": name.strip("!")}, "status": phase(name)} for name in names]
    print(json.dumps({"items": pods})); raise SystemExit(0)
at = args.index("exec")
pod = args[at + 2]
if pod != "dev-1":
    end('Error from server (NotFound): pods "%s" not found' % pod)
if "-c" not in args and mode == "containers":
    end("error: a container name must be specified for pod dev-1, choose one of: [agent proxy]")
if mode == "no-sh":
    end('error: Internal error: exec failed: exec: "sh": executable file not found in $PATH', 126)
command = args[args.index("--") + 1 :]
if mode == "breaks":
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    program.stdin.write(sys.stdin.buffer.read()); program.stdin.close()
    sys.stdout.buffer.write(program.stdout.readline()); sys.stdout.flush(); program.kill()
    end("error: unexpected EOF")
raise SystemExit(subprocess.run(command).returncode)
"""
CODER = """\
import json, os, subprocess, sys
args = sys.argv[1:]
told = {"args": args, "url": os.environ.get("CODER_URL"), "token": os.environ.get("CODER_SESSION_TOKEN")}
with open(os.environ["ASKED"], "a") as log:
    log.write(json.dumps(told) + "\\n")
def end(words, code=1):
    sys.stderr.write(words + "\\n"); raise SystemExit(code)
mode = os.environ.get("MODE", "")
if mode == "expired":
    end("error: You are signed out or your session has expired. Try logging in using 'coder login'.")
if mode == "forbidden":
    end("error: GET https://coder.example/api/v2/users/me/workspace/dev: unexpected status code 403: Forbidden.")
if mode == "lost":
    end("error: dial tcp 192.0.2.1:443: connect: connection refused")
if mode == "stopped":
    end('error: workspace is stopped; start it with "coder start"')
if "dev" not in args:
    end("error: workspace not found")
print("Welcome to the workspace!", flush=True)
if mode == "breaks":
    program = subprocess.Popen(args[args.index("--") + 1 :], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    program.stdin.write(sys.stdin.buffer.read()); program.stdin.close()
    sys.stdout.buffer.write(program.stdout.readline()); sys.stdout.flush(); program.kill()
    end("error: agent connection lost: EOF", 255)
raise SystemExit(subprocess.run(args[args.index("--") + 1 :]).returncode)
"""


def install(folder: Path, **programs: str) -> None:
    """Write each text as a program of its name into the folder."""
    for name, text in programs.items():
        path = folder / name
        path.write_text(f"#!{sys.executable}\n{text}")
        path.chmod(0o755)
