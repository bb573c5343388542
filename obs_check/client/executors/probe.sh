# Sends the requests of run @RUN@ from here and says what each was answered. It writes nothing anywhere.
# Each line of its own begins with the mark and holds JSON; all else that is printed around it is left alone.
# An exit code or a status alone decides nothing: the firewall's page in the body does (`blocked`).
mark='@MARK@'
limit_s=@LIMIT_S@

say() { printf '%s %s\n' "$mark" "$1"; }
text() { printf '%s' "$1" | tr -d '\000-\037\177' | sed 's/[\\"]/\\&/g'; }
set_or_not() { [ -n "$1" ] && printf true || printf false; }
now_ns() { at=$(date +%s%N 2>/dev/null); case $at in '' | *[!0-9]*) at=$(date +%s)000000000 ;; esac; printf '%s' "$at"; }

# Where are we? The firewall shows in what it sets, in who started this shell, and in what the kernel was told.
chain='' pid=$$ depth=0
while [ "$depth" -lt 32 ] && [ "${pid:-0}" -gt 0 ] && [ -r "/proc/$pid/status" ]; do
  name=$(sed -n 's/^Name:[[:space:]]*//p' "/proc/$pid/status")
  case $(tr '\000' ' ' <"/proc/$pid/cmdline" 2>/dev/null) in
    *coder' boundary '* | *coder' agent-firewall '*) name=boundary ;;
  esac
  chain="$chain${chain:+ }$name"
  pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status")
  depth=$((depth + 1))
done
proxy=${HTTP_PROXY:-${http_proxy:-}}
say "{\"kind\":\"place\",\"ancestors\":\"$(text "$chain")\",\"proxy\":\"$(text "${proxy##*@}")\",\
\"ca\":\"$(text "${SSL_CERT_FILE:-${CURL_CA_BUNDLE:-}}")\",\"child\":$(set_or_not "${CHILD:-}"),\
\"boundary_jail\":$(set_or_not "${BOUNDARY_JAIL:-}"),\"veth\":$(set_or_not "${VETH_JAIL_NAME:-}"),\
\"tool_call\":$(set_or_not "${CODER_CHAT_AGENT:-}"),\
\"no_new_privs\":\"$(sed -n 's/^NoNewPrivs:[[:space:]]*//p' /proc/self/status 2>/dev/null)\",\
\"netns\":\"$(readlink /proc/self/ns/net 2>/dev/null)\",\"init_netns\":\"$(readlink /proc/1/ns/net 2>/dev/null)\",\
\"jail_route\":$(grep -q 0164A8C0 /proc/net/route 2>/dev/null && printf true || printf false)}"

events_of() { # client: its rows `number method url`
  sed -n "s/^$1 //p" <<'EVENTS'
@EVENTS@
EVENTS
}

answered() { # number client at_ns status exit blocked bytes error
  say "{\"kind\":\"answer\",\"n\":$1,\"client\":\"$2\",\"at_ns\":$3,\"end_ns\":$(now_ns),\"status\":${4:-0},\"exit\":$5,\
\"blocked\":$6,\"bytes\":${7:-0},\"error\":\"$(text "$8")\"}"
}

# curl and wget send one after the other, at most so many in each second, or one in so many seconds (0: no limit).
per_s=@PER_S@ gap_s=@GAP_S@ paced=0 began=$(date +%s)
pace() {
  [ "$gap_s" = 0 ] || sleep "$gap_s"
  paced=$((paced + 1))
  while [ "$per_s" != 0 ] && [ $(($(date +%s) - began)) -lt $(((paced - 1) / per_s)) ]; do sleep 1; done
}

by_curl() {
  events_of "$1" | while read -r n method url; do
    pace
    at=$(now_ns)
    # Only the end of what comes is kept, so that an endless answer costs time and no memory.
    out=$({
      curl -sS -X "$method" --max-time "$limit_s" --max-redirs 0 -w '\nOBS %{http_code} %{size_download}\n' "$url" 2>&1
      echo "OBS exit $?"
    } | tail -c 4000 | tr -d '\000')
    code=${out##*OBS exit }
    rest=${out%OBS exit *}
    numbers=${rest##*OBS }
    status=$(printf '%s' "${numbers%% *}" | tr -cd '0-9')
    bytes=$(printf '%s' "${numbers#* }" | tr -cd '0-9')
    case $rest in *'@BLOCKED@'*) blocked=true ;; *) blocked=false ;; esac
    error=''
    [ "$code" = 0 ] || error=$(printf '%s' "$rest" | sed -n 's/^curl: //p' | tail -n 1)
    answered "$n" curl "$at" "$(printf '%s' "$status" | sed 's/^0*//')" "$code" "$blocked" "$bytes" "$error"
  done
}

by_wget() {
  events_of "$1" | while read -r n method url; do
    pace
    at=$(now_ns)
    out=$({
      if wget --help 2>&1 | grep -q content-on-error; then
        wget -q -S -O - --method="$method" --content-on-error --max-redirect=0 --tries=1 -T "$limit_s" "$url" 2>&1
      else
        wget -S -O - -T "$limit_s" "$url" 2>&1
      fi
      echo "OBS exit $?"
    } | tail -c 4000 | tr -d '\000')
    code=${out##*OBS exit }
    status=$(printf '%s' "$out" | sed -n 's/.*HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' | tail -n 1)
    case $out in *'@BLOCKED@'*) blocked=true ;; *) blocked=false ;; esac
    error=''
    [ "$code" = 0 ] || error=$(printf '%s' "$out" | grep -v '^OBS' | tail -n 1)
    answered "$n" wget "$at" "$status" "$code" "$blocked" 0 "$error"
  done
}

by_python() {
  program=$(cat <<'PYTHON'
import concurrent.futures, json, ssl, sys, threading, time, urllib.error, urllib.request
mark, limit, blocked = sys.argv[1], float(sys.argv[2]), sys.argv[3].encode()
rate, parallel, began, printing = float(sys.argv[4]), int(sys.argv[5]), time.monotonic(), threading.Lock()
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args, **kwargs): return None
opener = urllib.request.build_opener(Stay)
def ask(at, line):
    n, method, url = line.split()
    time.sleep(max(0, began + at / rate - time.monotonic()) if rate else 0)
    status, error, body, code, at = 0, "", b"", 0, time.time_ns()
    try:
        with opener.open(urllib.request.Request(url, method=method), timeout=limit) as answer:
            status, body = answer.status, answer.read(1 << 20)
    except urllib.error.HTTPError as refused:
        status, body = refused.code, refused.read(1 << 20)
    except Exception as failed:
        reason = getattr(failed, "reason", failed)
        code = 60 if isinstance(reason, ssl.SSLCertVerificationError) else 1
        error = f"{type(reason).__name__}: {reason}"
    row = {"kind": "answer", "n": int(n), "client": "python", "at_ns": at, "end_ns": time.time_ns(), "status": status,
        "exit": code, "blocked": blocked in body, "bytes": len(body), "error": error}
    with printing: print(mark, json.dumps(row), flush=True)
lines = sys.stdin.read().splitlines()
with concurrent.futures.ThreadPoolExecutor(parallel) as pool: list(pool.map(ask, range(len(lines)), lines))
PYTHON
)
  events_of "$1" | python3 -c "$program" "$mark" "$limit_s" '@BLOCKED@' @RATE@ @PARALLEL@
}

by_node() {
  program=$(cat <<'NODE'
const [mark, limit, blocked, rate, parallel] = process.argv.slice(1);
const lines = require("fs").readFileSync(0, "utf8").trim().split("\n"), began = Date.now();
let next = 0;
const work = async () => {
  while (next < lines.length) {
    const due = rate > 0 ? began + 1000 * next / rate - Date.now() : 0, [n, method, url] = lines[next++].split(" ");
    if (due > 0) await new Promise((done) => setTimeout(done, due));
    const at = BigInt(Date.now()) * 1000000n;
    let status = 0, error = "", body = "", code = 0;
    try {
      const answer = await fetch(url, { method, redirect: "manual", signal: AbortSignal.timeout(1000 * limit) });
      status = answer.status; body = (await answer.text()).slice(0, 1 << 20);
    } catch (failed) {
      const reason = failed.cause || failed;
      code = String(reason.code || "").match(/CERT|SELF_SIGNED/) ? 60 : 1; error = `${reason.code || ""} ${reason.message}`;
    }
    console.log(mark, JSON.stringify({ kind: "answer", n: +n, client: "node", at_ns: Number(at),
      end_ns: Date.now() * 1000000, status, exit: code, blocked: body.includes(blocked), bytes: body.length, error }));
  }
};
for (let one = 0; one < parallel; one++) work();
NODE
)
  events_of "$1" | node -e "$program" "$mark" "$limit_s" '@BLOCKED@' @RATE@ @PARALLEL@
}

has() { command -v "$1" >/dev/null 2>&1; }
for label in @CLIENTS@; do
  client=$label
  case $client in
    any)
      for program in @ORDER@; do has "$program" && break; program=; done
      case $program in
        '') say '{"kind":"no_client","wanted":"curl, python3, wget or node"}'; exit 0 ;;
        python3) client=python ;;
        *) client=$program ;;
      esac ;;
    python) has python3 || { say '{"kind":"no_client","wanted":"python3"}'; continue; } ;;
    *) has "$client" || { say "{\"kind\":\"no_client\",\"wanted\":\"$client\"}"; continue; } ;;
  esac
  "by_$client" "$label"
done
# boundary hands its last events on when ten are together or after five seconds, and never once it has ended.
say '{"kind":"sent","hold_s":@HOLD_S@}'
sleep @HOLD_S@
say '{"kind":"end"}'
