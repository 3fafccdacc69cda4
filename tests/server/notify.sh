#!/bin/bash
# SPDX-License-Identifier: MIT
# Who is told how a run ended: commands, a webhook, pings; and what comes of it when they cannot be told.
# usage: notify.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1")
root=$2
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/postgres.sh"

pg_begin
trap 'kill "${sinks[@]}" 2>/dev/null; pg_end' EXIT
pg_start
sql postgres 'CREATE DATABASE small' && sql small 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)'
cd "$work" || exit 1
"$reprove" keygen keys >/dev/null
"$reprove" keygen runner >/dev/null
runs 0 "a seal" "$reprove" seal --source "$(pg_uri small)" --key keys/reprove.key --manifest m.json --backup small.dump
pg_stop

sinks=()
sink() { # NAME [CERT KEY]
	python3 "$root/tests/lib/sink.py" "$1.log" "$1.port" "${@:2}" &
	sinks+=($!)
	for ((i = 0; i < 100; i++)); do [ -e "$1.port" ] && break; sleep 0.05; done
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost 2>/dev/null
sink plain
sink tls ca.pem ca.key
plain=http://127.0.0.1:$(cat plain.port)
tls=https://localhost:$(cat tls.port)
printf 'whsec_%s\n' "$(printf 'the secret of the webhook' | base64)" >secret
printf '%s/ok/path-that-is-a-secret\n' "$tls" >hook.url
chmod 600 secret hook.url
cat >told.sh <<'S'
#!/bin/sh
env | sort >"$1"
cat >>"$1"
S
chmod +x told.sh

verify() { # ARTIFACT [option...]
	"$reprove" verify --target small --manifest m.json --trust keys/reprove.pub --state none --reports out "$@"
}
sent() { # SINK JQ: of what it was sent last
	tail -1 "$1.log" | jq -r "$2"
}

# Everybody, of a run that is verified.
runs 0 "a run that everybody is told of" verify small.dump --ledger led --result-key runner/reprove.key \
	--notify-command "./told.sh 'told here'" --webhook-file hook.url --webhook-secret-file secret --notify-ca ca.pem \
	--ping "$plain/ok/uuid?create=1" --notify-required
rid=$(sed -n 's/^REPROVE_RUN=//p' 'told here')
[ "$(jq -r .path plain.log | tr '\n' ' ')" = "/ok/uuid/start?create=1&rid=$rid /ok/uuid?create=1&rid=$rid " ]
tap $? "the ping says start and end, by one rid"
has "REPROVE_STATUS=0" "the command has the status in its environment" "$(cat 'told here')"
has "REPROVE_TARGET=small" "and the target" "$(cat 'told here')"
[ "$(sed -n '/^{/,$p' 'told here' | jq -r .verdict)" = verified ]
tap $? "and result.json on its standard input"
[ "$(sent tls '.body | fromjson | "\(.target) \(.status) \(.verdict) \(.run) \(.summary.fail)"')" = "small 0 verified $rid 0" ]
tap $? "the webhook gets JSON"
python3 - tls.log <<'P'
import base64, hashlib, hmac, json, sys, time
sent = json.loads(open(sys.argv[1]).readlines()[-1])
h = sent["headers"]
mac = hmac.new(b"the secret of the webhook", f"{h['webhook-id']}.{h['webhook-timestamp']}.{sent['body']}".encode(), hashlib.sha256)
assert h["webhook-signature"] == "v1," + base64.b64encode(mac.digest()).decode(), h
assert abs(time.time() - int(h["webhook-timestamp"])) < 60
assert h["content-type"] == "application/json"
P
tap $? "which is signed as Python's hmac signs it"
! grep -rqF path-that-is-a-secret out led
tap $? "its address stands nowhere"

# A run that fails, and a target that wants to be more than a name.
evil=$'small\nREPROVE_STATUS=0\r\nX-Evil: 1 $(touch pwned) "}'
runs 3 "a run that fails" "$reprove" verify --target "$evil" --manifest m.json --trust keys/reprove.pub --state none small.dump \
	--notify-command "./told.sh evil" --webhook "$plain/ok/hook" --ping "$plain/ok/uuid"
[ "$(grep -c '^REPROVE_STATUS=' evil)" -eq 1 ] && grep -q '^REPROVE_STATUS=3$' evil && [ ! -e pwned ]
tap $? "its name is one variable's value"
[ "$(tail -2 plain.log | head -1 | jq -r '.body | fromjson | .target')" = "$evil" ]
tap $? "and one string of JSON"
case $(sent plain .path) in /ok/uuid/3\?rid=*) tap 0 "the ping has the status" ;; *) tap 1 "the ping has the status" ;; esac

# Those who cannot be told.
untrusted=(--not-older-than 2099-01-01T00:00:00Z) # at once, and without a restore
fails() { # STATUS TEXT OPTION...
	runs "$1" "$2: $3 $4" verify small.dump --notify-timeout 300ms "${@:3}"
	has "$2" "is said on standard error" "$err"
	jq -e --arg t "$2" '.provisos + [.findings[] | select(.check == "notification") | .message] | any(contains($t))' out/result.json >/dev/null
	tap $? "and in the result"
}
fails 3 "the notification by webhook to 127.0.0.1 did not get through: answered 404" --webhook "$plain/404" "${untrusted[@]}"
fails 3 "redirect, which is not followed" --webhook "$plain/redirect" "${untrusted[@]}"
[ "$(sent plain .path)" = /redirect ]
tap $? "and was not followed"
fails 3 "did not get through: SSL certificate problem" --webhook "$tls/ok" "${untrusted[@]}"
fails 3 "command './told-not.sh' did not get through: execute" --notify-command ./told-not.sh "${untrusted[@]}"
fails 3 "command 'sh' did not get through: exit status 7: no mail today" --notify-command "sh -c 'echo no mail today >&2; exit 7'" "${untrusted[@]}"
fails 3 "command 'sleep' did not get through: the time allowed is over" --notify-command "sleep 60" "${untrusted[@]}"
runs 3 "who is busy is asked again" verify small.dump --webhook "$plain/busy" "${untrusted[@]}"
[ -z "$err" ]
tap $? "without a word"
runs 3 "an answer without an end is one" verify small.dump --webhook "$plain/endless" "${untrusted[@]}"
[ -z "$err" ]
tap $? "without a word, too"
: >plain.log
fails 2 "ping to 127.0.0.1 did not get through: Operation timed out" --ping "$plain/hang/p" --webhook "$plain/ok/w" --notify-required
[ "$(jq -r 'select(.path == "/ok/w") | .body | fromjson | "\(.status) \(.correction)"' plain.log | tr '\n' ' ')" = "0 false 2 true " ]
tap $? "the others are told that it is no 0 after all"
runs 3 "nobody can be told of a failure" verify small.dump --webhook http://localhost:1/ "${untrusted[@]}"
has "nobody was told of this: 'small' is untrusted (status 3)" "and that is said" "$err"

runs 2 "a run that is broken off" verify small.dump --timeout 200ms --webhook "$plain/ok/w"
[ "$(sent plain '.body | fromjson | "\(.status) \(.verdict)"')" = "2 inconclusive" ]
tap $? "is told of all the same"

# What is refused before it begins is told, too; and what is wrong with the notifications themselves.
runs 4 "a run that cannot begin" verify small.dump --check no.such --webhook "$plain/ok/w"
[ "$(sent plain '.body | fromjson | "\(.status) \(.verdict)"')" = "4 inconclusive" ]
tap $? "is told of"
has no.such "with its reason" "$(sent plain '.body | fromjson | .text')"
runs 4 "http leads to this machine alone" verify small.dump --webhook http://hooks.example.org/secret-path
has "--webhook: expected 'https://hooks.example.org/...'" "and that is said" "$err"
chmod 644 secret
runs 4 "a secret that others can read is refused" verify small.dump --webhook "$plain/ok" --webhook-secret-file secret
runs 4 "nobody to be told where somebody must be" verify small.dump --notify-required
cat >c.yaml <<Y
targets:
  small:
    points: small.dump
    webhook: https://user:word@hooks.example.org/secret-path?secret=1
Y
runs 0 "doctor shows the configuration" "$reprove" doctor --config c.yaml
has "webhook: https://hooks.example.org/***" "but of an address only where it leads to" "$out"
tap_done
