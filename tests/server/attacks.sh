#!/bin/bash
# SPDX-License-Identifier: MIT
# One backup, sealed, stamped, verified and recorded; then whatever may be done to that: attacks.py.
# usage: attacks.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1")
root=$2
. "$root/tests/lib/tap.sh"
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/python.sh"
. "$root/tests/lib/tsa.sh"

python_with cryptography
pg_begin
pg_start
pg_load shop "$root/fixtures/postgres/shop.sql"
mkdir "$work/base"
cd "$work/base" || exit 1
# The scenes are copies of this place under another name: what an authority knows of itself stays outside.
tsa_make "$work/tsa" ec && tsa_make "$work/other-tsa" ec || exit 1
ln -s "$work/tsa" tsa && ln -s "$work/other-tsa" other-tsa
for who in seal runner reviewer stranger; do "$reprove" keygen $who >/dev/null; done
mkdir -m 700 second
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out second/reprove.key 2>/dev/null
chmod 600 second/reprove.key
openssl pkey -in second/reprove.key -pubout -out second/reprove.pub
"$reprove" seal --source "$(pg_uri shop)" --key seal/reprove.key --manifest m.json --backup shop.dump --environment production \
	--stamp-command "$work/tsa/answer" --stamp-authority tsa/ca.pem >/dev/null || exit 1
pg_stop
printf '%s\n' 'keys:' '  - {file: seal/reprove.pub, roles: [manifest]}' 'stamps:' '  - {file: tsa/ca.pem}' 'policies:' \
	'  - {targets: shop, stamp: required}' >good.yaml
verify() {
	"$reprove" verify --target shop --manifest m.json --trust good.yaml --result-key runner/reprove.key "$@"
}
verify --state state --ledger led --reports told shop.dump >out.txt 2>&1 || { cat out.txt >&2; exit 1; }
sed -n 's/^ledger head: //p' out.txt >head
# Another ledger, of a run that ended soon.
verify --state none --ledger led2 --max-age 1s shop.dump >/dev/null 2>&1
python "$root/tests/server/attacks.py" "$reprove" "$root" "$work/base"
