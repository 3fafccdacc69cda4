#!/bin/bash
# SPDX-License-Identifier: MIT
# Secrets are handed over in every way there is, and looked for wherever they have no business: in arguments and
# environments of all processes meanwhile, and afterwards in everything that was written.
# usage: secrets.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1")
root=$2
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/postgres.sh"

pg_begin
trap 'touch "$work/watched.stop"; kill "${sink:-}" 2>/dev/null; pg_end' EXIT
cd "$work" || exit 1
mkdir -m 700 secrets home logs credentials
export HOME=$work/home
umask 077

# One line each; the last is for showing that the watch sees something.
names=(database gpg openssl sealer runner hook-secret hook-path ping-path token canary)
for name in "${names[@]}"; do
	printf 'S3cret-%s-%s\n' "$name" "$RANDOM$RANDOM$RANDOM" | tee "secrets/$name" >>secrets/all
done
secret() { cat "$work/secrets/$1"; }
mv secrets/hook-secret credentials/hook # as systemd lays them out
python3 "$root/tests/lib/sink.py" sink.log sink.port &
sink=$!

# A login with a password, and what is needed to use it.
pg_start
{
	printf "CREATE ROLE app LOGIN CREATEDB PASSWORD '%s';\n" "$(secret database)"
	echo "CREATE DATABASE small OWNER app;"
} | psql -X -q -d postgres
echo "local all app scram-sha-256" | cat - "$work/pg/data/pg_hba.conf" >hba && cat hba >"$work/pg/data/pg_hba.conf" && rm hba
sql postgres "SELECT pg_reload_conf()" >/dev/null
printf '*:*:*:app:%s\n' "$(secret database)" >secrets/pgpass
export PGPASSFILE=$work/secrets/pgpass
uri="postgresql://app@/small?host=$work/socket"
psql -X -q "$uri" -c 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)'
for ((i = 0; i < 100; i++)); do [ -e sink.port ] && break; sleep 0.05; done
printf 'http://127.0.0.1:%s/ok/%s\n' "$(cat sink.port)" "$(secret hook-path)" >secrets/hook.url
printf 'http://127.0.0.1:%s/ok/%s\n' "$(cat sink.port)" "$(secret ping-path)" >secrets/ping.url

# A token; softhsm2-util takes PINs in its arguments, so that it comes before anybody looks.
export SOFTHSM2_CONF=$work/softhsm2.conf
mkdir tokens && printf 'directories.tokendir = %s/tokens\nlog.level = ERROR\n' "$work" >softhsm2.conf
softhsm2-util --init-token --free --label backup --pin "$(secret token)" --so-pin "$(secret token)" >/dev/null
pkcs11-tool --module "$(ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so 2>/dev/null | head -1)" \
	--token-label backup --login --pin "$(secret token)" --keypairgen --key-type EC:prime256v1 --label second --id 01 >/dev/null 2>&1

python3 "$root/tests/lib/watch_secrets.py" secrets/all watched 2>watch.err &
watch=$!
for ((i = 0; i < 100; i++)); do [ -e watched.started ] && break; sleep 0.05; done
ulimit -S -c "$(ulimit -H -c)" # as far as may be: what follows must see to it itself

# What is not to be seen is seen where it is.
RP_CANARY=$(secret canary) sh -c 'sleep 0.3; :' "$(secret canary)"

for who in sealer runner; do
	runs 0 "an encrypted key: $who" "$reprove" keygen --encrypt --key-passphrase-file secrets/$who $who
done
runs 0 "a seal, by a login with a password" "$reprove" seal --source "$uri" --key sealer/reprove.key \
	--key-passphrase-file secrets/sealer --manifest m.json --backup small.enc \
	--backup-filter "gpg --batch --quiet --pinentry-mode loopback --passphrase-file $work/secrets/gpg --symmetric -o -" \
	--backup-filter "openssl enc -aes-256-cbc -pbkdf2 -pass file:$work/secrets/openssl"
runs 0 "a second signature, by a key on a token" "$reprove" sign --manifest m.json --trust sealer/reprove.pub \
	--key 'pkcs11:token=backup;object=second' --key-passphrase-file secrets/token
cat >secrets/reprove.yaml <<Y
defaults:
  trust: [../sealer/reprove.pub]
  passphrase-file: [gpg]
  webhook: $(cat secrets/hook.url)
  webhook-secret-credential: hook
  ping-file: ping.url
  result-key: ../runner/reprove.key
targets:
  small:
    points: ../small.enc
    manifest: ../m.json
Y
verify() { # LOG [option...]
	RP_SECRET_OPENSSL=$(secret openssl) CREDENTIALS_DIRECTORY=$work/credentials "$reprove" verify --config secrets/reprove.yaml \
		--target small --state state --reports out --ledger led --metrics . --passphrase-env RP_SECRET_OPENSSL \
		--result-key-passphrase-fd 3 --notify-command "./told" "${@:2}" 3<secrets/runner >"logs/$1" 2>&1
}
printf '#!/bin/sh\nenv >%s/told.env\ncat >%s/told.json\n' "$work" "$work" >told
chmod +x told
runs 0 "verified" verify verified
cp -r out passed
cp small.enc whole.enc
head -c 300 whole.enc >small.enc
runs 1 "a damaged one fails" verify failed
mv whole.enc small.enc
runs 4 "a server that is named, by a login with a password: the sealed one is refused" verify scratch --scratch "postgresql://app@/postgres?host=$work/socket" --json \
	--skip engine.amcheck --skip engine.page_checksums
mv secrets/gpg secrets/gpg.right
printf 'not the password\n' >secrets/gpg
runs 2 "with a wrong password nobody can tell" verify wrong
mv secrets/gpg.right secrets/gpg
runs 0 "doctor" "$reprove" doctor --config secrets/reprove.yaml
cp stdout logs/doctor
runs 0 "a bundle" "$reprove" report passed/result.json --reports passed --bundle b.tar --config secrets/reprove.yaml --manifest m.json \
	--ledger led --trust-result runner/reprove.pub --result-key-passphrase-file secrets/runner --log logs/verified
mkdir bundle && tar -xf b.tar -C bundle
[ -e bundle/evidence-small/configuration.txt ]
tap $? "the bundle has the configuration"

touch watched.stop
wait $watch
tap $? "the watch went on to the end"
grep -v '^looked\|sh -c: 10$\|^environ sleep 0.3: 10$' watched >&2
[ -z "$(grep -v '^looked\|sh -c: 10$\|^environ sleep 0.3: 10$' watched)" ]
tap $? "no process had a secret in its arguments or environment, or could have dumped it"
grep -q '^cmdline sh -c: 10$' watched && grep -q '^environ sh -c: 10$' watched && grep -q '^environ sleep 0.3: 10$' watched
tap $? "and one that had would have been seen"
[ "$(sed -n 's/^looked //p' watched)" -gt 1000 ]
tap $? "it looked $(sed -n 's/^looked //p' watched) times"

# In what was written: as it is, and as base64 and hexadecimal would have it.
forms() { # FILE
	od -An -tx1 "$1" | tr -d ' \n'
	echo
	for byte in 1 2 3; do # as it stands in the middle of what is base64, too
		tail -c +$byte "$1" | base64 -w0 | cut -c1-24
	done
}
while read -r s; do
	printf '%s\n' "$s"
	printf %s "$s" >secrets/one
	forms secrets/one
done <secrets/all >secrets/forms
for who in sealer runner; do # of the keys themselves the 32 bytes that are secret
	openssl pkey -in $who/reprove.key -passin file:secrets/$who -outform DER | tail -c 32 >secrets/one
	forms secrets/one
done >>secrets/forms
cp secrets/hook.url copy
grep -qF -f secrets/forms copy
tap $? "one that is written would be found"
rm copy
pg_stop
rm -rf sink.log watched # what was sent, to whom it was sent; what the watch found
left=$(grep -rlaF -f secrets/forms --exclude-dir=secrets --exclude-dir=credentials "$work" /dev/shm 2>/dev/null)
[ -z "$left" ]
tap $? "no secret is left in anything that was written" || printf '# %s\n' "$left" >&2
[ -z "$(ls -A "$TMPDIR")" ]
tap $? "and nothing is left in the temporary directory" || ls -lA "$TMPDIR" >&2
grep -q '^REPROVE_STATUS=' told.env && [ "$(grep -c RP_SECRET told.env)" -eq 0 ]
tap $? "a command that is told sees none either"
tap_done
