#!/bin/bash
# SPDX-License-Identifier: MIT
# The examples of docs/examples, tried: the lines of each service, workflow, job and crontab are run as they stand there, but for
# where things are.
# usage: examples.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1")
root=$2
examples=$root/docs/examples
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/postgres.sh"

pg_begin
trap 'kill "${sink:-}" 2>/dev/null; pg_end' EXIT
cd "$work" || exit 1
mkdir -p bin etc/credentials backups/shop lib prometheus
ln -s "$reprove" bin/reprove
export PATH=$work/bin:$PATH
# Where things are here: everything but this is as in the example.
here() {
	sed -e "s#/etc/reprove#$work/etc#g; s#/backups#$work/backups#g; s#/var/lib/reprove#$work/lib#g; s#/usr/bin/reprove#reprove#g" \
		-e "s#/var/lib/prometheus/node-exporter#$work/prometheus#g; s#/var/tmp#$TMPDIR#g; s#/run/credentials#$work/etc/credentials#g" \
		-e "s#/scratch#$TMPDIR#g; s#/state#$work/lib#g; s#postgresql://backup@db.example.org/shop?sslmode=verify-full#$(pg_uri shop)#" "$@"
}
# What a path through lists and members of a YAML file leads to, as text.
of_yaml() { # FILE PATH...
	python3 -c '
import sys, yaml
documents = list(yaml.safe_load_all(open(sys.argv[1])))
at = documents[int(sys.argv[2])]
for step in sys.argv[3:]:
    at = at[int(step)] if isinstance(at, list) else at[step]
print("\n".join(at) if isinstance(at, list) else at)' "$@"
}

for f in "$examples"/*.y*ml; do
	python3 -c 'import sys, yaml; list(yaml.safe_load_all(open(sys.argv[1])))' "$f"
	tap $? "${f##*/} is YAML"
done
if command -v promtool >/dev/null; then
	runs 0 "promtool takes the alerts" promtool test rules "$examples/prometheus.test.yml"
fi
if command -v systemd-analyze >/dev/null; then
	mkdir units
	for f in "$examples"/systemd/*; do
		sed 's#/usr/bin/reprove#/bin/true#; s/^User=.*/User=daemon/' "$f" >"units/$(sed 's/@/@shop/' <<<"${f##*/}")"
	done
	runs 0 "systemd takes the units" systemd-analyze verify --man=no --recursive-errors=no units/*
	[ -z "$err" ]
	tap $? "without a word" || printf '# %s\n' "$err" >&2
fi

pg_start
sql postgres 'CREATE DATABASE shop' && sql shop 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)'
python3 "$root/tests/lib/sink.py" sink.log sink.port &
sink=$!
for ((i = 0; i < 100; i++)); do [ -e sink.port ] && break; sleep 0.05; done
(
	umask 077
	cd etc/credentials || exit 1
	echo 'the result key' >result-key
	echo 'the seal key' >seal-key
	echo 'the secret of the webhook' >webhook-secret
	echo "http://127.0.0.1:$(cat ../../sink.port)/ok/hook" >webhook
	echo "http://127.0.0.1:$(cat ../../sink.port)/ok/shop" >ping-shop
	cp webhook ../webhook.url
	for who in seal result; do
		reprove keygen --encrypt --key-passphrase-file $who-key $who >/dev/null
		cp $who/reprove.key ../$who.key && cp $who/reprove.pub ../$who.pub && cp $who.key $who.pub . 2>/dev/null
		cp ../$who.key ../$who.pub .
	done
)
here "$examples/trust.yaml" >etc/trust.yaml
here "$examples/reprove-ci.yaml" >etc/reprove.yaml
export SEAL_KEY_PASSPHRASE='the seal key' RESULT_KEY_PASSPHRASE='the result key' WEBHOOK_SECRET='the secret of the webhook'
runs 0 "doctor takes the configuration of CI" reprove doctor --config etc/reprove.yaml

# GitHub: each 'run' is a script of bash -e.
export REPROVE_CONFIG=$work/etc/reprove.yaml GITHUB_ENV=$work/env GITHUB_STEP_SUMMARY=$work/step-summary
github() { # STEP
	of_yaml <(here "$examples/github.yml") 0 jobs shop steps "$1" run >step.sh
	bash -e step.sh
}
mkdir github && cd github || exit 1
runs 0 "GitHub: backup and seal" github 0
set -a && . "$GITHUB_ENV" && set +a
runs 0 "GitHub: restore and compare" github 1
runs 0 "GitHub: the summary" github 2
has "::notice title=reprove::shop: verified" "and the annotation" "$out"
grep -q "shop" "$GITHUB_STEP_SUMMARY"
tap $? "and what is read on the page"
cd .. || exit 1

# GitLab: the lines of 'script', one after the other.
gitlab() { # JOB
	of_yaml <(here "$examples/gitlab-ci.yml") 0 "$1" script >job.sh
	bash -e job.sh
}
mkdir gitlab && cd gitlab || exit 1
sleep 1 # a name of its own
runs 0 "GitLab: backup and seal" gitlab backup-shop
set -a && . ./backup.env && set +a
runs 0 "GitLab: restore and compare" gitlab verify-shop
[ -e out/TEST-shop.xml ]
tap $? "and the file that GitLab reads"
sed -i 's/^MANIFEST=.*/MANIFEST='"$(printf x | sha256sum | cut -d' ' -f1)/" backup.env
set -a && . ./backup.env && set +a
runs 3 "GitLab: another manifest is refused" gitlab verify-shop
cd .. || exit 1
unset REPROVE_CONFIG SEAL_KEY_PASSPHRASE RESULT_KEY_PASSPHRASE WEBHOOK_SECRET

# systemd: the credentials that a unit loads, and its ExecStart.
here "$examples/reprove.yaml" >etc/reprove.yaml
unit() { # FILE
	local dir=$work/credentials.$RANDOM
	mkdir -m 700 "$dir"
	sed -n "s#^LoadCredential=\\([^:]*\\):/etc/reprove/#\\1 $work/etc/#p" "$examples/systemd/$1" |
		while read -r name file; do cp "$file" "$dir/$name"; done
	# shellcheck disable=SC2046
	env -i PATH="$PATH" CREDENTIALS_DIRECTORY="$dir" STATE_DIRECTORY="$work/lib" \
		$(here "$examples/systemd/$1" | sed -n 's/%I/shop/; s/^ExecStart=//p')
}
runs 0 "systemd: the service" unit reprove-verify@.service
[ -e prometheus/reprove-shop.prom ] && [ -e lib/reports/shop/report.html ]
tap $? "wrote metrics and report"
[ "$(tail -1 sink.log | jq -r .path | cut -d'?' -f1)" = /ok/shop ]
tap $? "and pinged"
runs 0 "systemd: is anything overdue" unit reprove-overdue.service

# cron, on a Monday.
printf '#!/bin/sh\n[ "$*" = +%%u ] && echo 1 || exec /bin/date "$@"\n' >bin/date && chmod +x bin/date
cron() { # LINE'S NUMBER AMONG THE JOBS
	here "$examples/crontab" | grep '^[0-9]' | sed -n "$1p" | cut -d' ' -f7- | sed 's/\\%/%/g' >cron.sh
	env -i PATH="$PATH" CREDENTIALS_DIRECTORY="$work/etc/credentials" sh cron.sh
}
attempts() { reprove history --ledger lib/ledger --trust-result etc/result.pub --json | jq '.targets[0].attempts | length'; }
before=$(attempts)
runs 0 "cron: the test" cron 1
[ -z "$out$err" ] && [ "$(attempts)" -eq $((before + 1)) ]
tap $? "ran, and no mail comes of it"
runs 0 "cron: is anything overdue" cron 2
[ -z "$out$err" ]
tap $? "no mail either"
mv etc/trust.yaml etc/trust.away
runs 0 "cron: what goes wrong" cron 1
has "trust.yaml" "comes by mail" "$out"
mv etc/trust.away etc/trust.yaml

# Kubernetes: its own configuration, and the box that is left in a container.
of_yaml <(here "$examples/kubernetes.yaml") 0 data reprove.yaml >etc/reprove.yaml
of_yaml <(here "$examples/kubernetes.yaml") 0 data trust.yaml >etc/trust.yaml
kubernetes() {
	of_yaml <(here "$examples/kubernetes.yaml") 1 spec jobTemplate spec template spec containers 0 args >pod.sh
	env -i PATH="$PATH" CREDENTIALS_DIRECTORY="$work/etc/credentials" TMPDIR="$TMPDIR" REPROVE_BOX=landlock sh pod.sh
}
chmod 440 etc/credentials/*.key etc/credentials/*-key
runs 0 "Kubernetes: the container's command" kubernetes
has "landlock" "in the box that it has" "$(tr A-Z a-z <<<"$out")"
tap_done
