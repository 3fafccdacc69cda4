#!/bin/bash
# SPDX-License-Identifier: MIT
# Real databases with objects of every kind are sealed, restored and verified with no finding; in every way there is.
# usage: verify.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
verify() { "$reprove" verify --trust reprove.pub "$@"; }

for fixture in "$root"/fixtures/postgres/*.sql; do
	db=$(basename "$fixture" .sql)
	pg_load "$db" "$fixture" || exit 1
	runs 0 "$db: sealed with its backup" "$reprove" seal --source "$(pg_uri "$db")" --key reprove.key --manifest "$db.json" --backup "$db.dump"
	runs 0 "$db: verified, custom format" verify --target "$db" --manifest "$db.json" --reports "out/$db" "$db.dump"
	findings=$(python3 - "out/$db/result.json" <<-'PY'
		import json, sys
		r = json.load(open(sys.argv[1]))
		bad = [f for f in r["findings"] if f["verdict"] not in ("pass", "not-run")]
		print(r["verdict"], len(bad), *(f"{f['check']} {f['object']}" for f in bad))
	PY
	)
	[ "$findings" = "verified 0" ]
	tap $? "$db: nothing but passes" || echo "# $findings" >&2
done

for file in result.json report.html TEST-shop.xml; do
	[ -s "out/shop/$file" ]
	tap $? "the report $file is there"
done
runs 0 "JUnit is XML" xmllint --noout out/shop/TEST-shop.xml
runs 0 "the report renders again" "$reprove" report out/shop/result.json --reports again
cmp -s out/shop/report.html again/report.html && cmp -s out/shop/TEST-shop.xml again/TEST-shop.xml
tap $? "and comes out the same"

runs 0 "a plain dump by a command of one's own" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest plain.json \
	--backup shop.sql --backup-command "pg_dump --snapshot={snapshot} shop"
runs 0 "verifies" verify --target shop --manifest plain.json shop.sql
gzip -k shop.sql
runs 0 "packed after the seal it is the sealed artifact still" verify --target shop --manifest plain.json --reports gz shop.sql.gz
has 'packed since (gzip)' "and the finding says so" "$(cat gz/result.json)"
# A seal without a backup binds no artifact: the strong digest stands for it.
runs 0 "a seal alone" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest alone.json
[[ $out == *"sealed 'shop'"* && $out != *"held up"* ]]
tap $? "and no writer had to wait, so that no lock is told of"
pg_dump -Fc shop >alone.dump
runs 0 "verifies the dump made afterwards" verify --target shop --manifest alone.json alone.dump
pg_dump shop | gzip >alone.sql.gz
runs 0 "and a gzipped plain one" verify --target shop --manifest alone.json alone.sql.gz
runs 0 "without a manifest it is restorable, no more" "$reprove" verify --target shop --no-manifest --reports bare alone.dump
has '"restorable"' "and says so" "$(cat bare/result.json)"

runs 0 "one connection and four see the same" "$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest four.json --jobs 4
runs 0 "when one proves what four sealed" verify --target shop --manifest four.json --jobs 1 alone.dump

# A dump brings no pages; who wants the scratch server's own looked at says so.
runs 2 "a check alone proves nothing" verify --target shop --manifest four.json --check engine.page_checksums --reports pages alone.dump
python3 - pages/result.json <<-'PY'
	import json, sys
	found = [f for f in json.load(open(sys.argv[1]))["findings"] if f["check"] == "engine.page_checksums"]
	sys.exit(not (len(found) == 1 and found[0]["verdict"] == "pass" and int(found[0]["looked"]) > 100))
PY
tap $? "but page checksums that are asked for are read"

# A role that may read everything and nothing else is enough to seal.
sql postgres "CREATE ROLE reader LOGIN; GRANT pg_read_all_data TO reader; ALTER ROLE reader BYPASSRLS"
runs 0 "read-only rights are enough" "$reprove" seal --source "postgresql://reader@/shop?host=$work/socket" --key reprove.key \
	--manifest reader.json --backup reader.dump
runs 0 "and what they sealed verifies" verify --target shop --manifest reader.json reader.dump
sql postgres "ALTER ROLE reader NOBYPASSRLS"
runs 2 "rows hidden by a policy are told" "$reprove" seal --source "postgresql://reader@/shop?host=$work/socket" --key reprove.key --manifest hidden.json
has "shop.customers" "by the table's name" "$out$err"
sql shop "CREATE ROLE outsider LOGIN; GRANT USAGE ON SCHEMA shop TO outsider; GRANT SELECT ON shop.products TO outsider"
runs 2 "a table that may not be read is told" "$reprove" seal --source "postgresql://outsider@/shop?host=$work/socket" --key reprove.key --manifest partly.json
has "shop.orders_2024" "by its name" "$out$err"
pg_dump -Fc shop >alone.dump
runs 2 "and its verification cannot tell" verify --target shop --manifest partly.json --reports partly alone.dump

ls -d "${TMPDIR:-/tmp}"/reprove-* >left 2>/dev/null
[ ! -s left ]
tap $? "nothing is left in the temporary directory" || sed 's/^/# /' left >&2
tap_done
