#!/bin/bash
# SPDX-License-Identifier: MIT
# MariaDB and MySQL: real databases with objects of every kind and values of every type are sealed, restored and
# verified with no finding; in every way there is. $RP_MY_BINDIR chooses the version.
# usage: verify_mysql.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/tap.sh"
my_begin
my_start
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
verify() { "$reprove" verify --trust reprove.pub "$@"; }
fixtures=("$root"/fixtures/mysql/*.sql "$root"/fixtures/"$my_vendor"-only/*.sql)

for fixture in "${fixtures[@]}"; do
	db=$(basename "$fixture" .sql)
	my_load "$db" "$fixture" || exit 1
	runs 0 "$db: sealed with its backup" "$reprove" seal --source "$(my_uri "$db")" --key reprove.key --manifest "$db.json" --backup "$db.sql"
	case $out in *"not surveyed"*) false ;; esac
	tap $? "$db: all of it"
	runs 0 "$db: verified" verify --target "$db" --manifest "$db.json" --reports "out/$db" "$db.sql"
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

runs 0 "a dump by a command of one's own" "$reprove" seal --source "$(my_uri shop)" --key reprove.key --manifest own.json \
	--backup own.sql --backup-command "{tool} --defaults-file={defaults} --single-transaction --routines --events --hex-blob --no-tablespaces {database}"
runs 0 "verifies" verify --target shop --manifest own.json own.sql
gzip -k own.sql
runs 0 "gzip after the seal is the sealed backup still" verify --target shop --manifest own.json --reports gz own.sql.gz
has 'packed since (gzip)' "and the finding says so" "$(cat gz/result.json)"
# A seal without a backup binds no artifact: the strong digest stands for it.
runs 0 "a seal alone" "$reprove" seal --source "$(my_uri shop)" --key reprove.key --manifest alone.json
my_dump shop >alone.sql
runs 0 "verifies the dump made afterwards" verify --target shop --manifest alone.json alone.sql
gzip -k alone.sql
runs 0 "gzipped, too" verify --target shop --manifest alone.json alone.sql.gz
my_dump shop --databases >named.sql
runs 0 "and one that makes its database itself" verify --target shop --manifest alone.json named.sql
my_dump shop --skip-extended-insert --complete-insert --skip-hex-blob --skip-quick >long.sql
runs 0 "written in another way" verify --target shop --manifest alone.json long.sql
"$my_dump_tool" --no-defaults --socket="$work/socket/s" -u root shop >bare.sql 2>/dev/null
runs 1 "without its routines it is not what was sealed" verify --target shop --manifest alone.json --reports bare bare.sql
has 'owes' "and they are named" "$out"
runs 0 "without a manifest it is restorable, no more" "$reprove" verify --target shop --no-manifest --reports none alone.sql
has '"restorable"' "and says so" "$(cat none/result.json)"

runs 0 "one connection and four see the same" "$reprove" seal --source "$(my_uri shop)" --key reprove.key --manifest four.json --jobs 4
runs 0 "when one proves what four sealed" verify --target shop --manifest four.json --jobs 1 alone.sql
runs 0 "one seals everything" "$reprove" seal --source "$(my_uri everything)" --key reprove.key --manifest one.json --jobs 1
my_dump everything >everything2.sql
runs 0 "and four prove it" verify --target everything --manifest one.json --jobs 4 everything2.sql

# Without this, and with any other server's settings, the sums would be others.
sql "" "SET GLOBAL time_zone = '+09:00'; SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'" 2>/dev/null ||
	sql "" "SET GLOBAL time_zone = '+09:00'; SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'"
sql "" "SET GLOBAL character_set_server = latin1; SET GLOBAL init_connect = 'SET NAMES latin1'; SET GLOBAL div_precision_increment = 9"
runs 0 "a seal under other settings" "$reprove" seal --source "$(my_uri everything)" --key reprove.key --manifest set.json --backup set.sql
runs 0 "is verified under its own" verify --target everything --manifest set.json set.sql
# Sums have a salt of their own in each manifest; the rest must be the same.
seen() { python3 -c 'import base64, json, sys
p = json.load(open(sys.argv[1]))["payload"]
s = json.loads(base64.b64decode(p + "=" * (-len(p) % 4)))["predicate"]["survey"]
print(json.dumps([[r["name"], r.get("rows"), r["columns"][0]["encoding"]] for r in s["relations"]]))
print(json.dumps([[o["kind"], o["name"], o.get("sha256")] for o in s["objects"] if o["kind"] not in ("server", "database", "rights")]))' "$1"; }
[ "$(seen set.json | wc -l)" -eq 2 ] && [ "$(seen set.json)" = "$(seen everything.json)" ]
tap $? "and has seen what it saw before" || diff <(seen set.json | tr '[' '\n') <(seen everything.json | tr '[' '\n') >&2
runs 0 "which the first manifest proves, too" verify --state none --target everything --manifest one.json set.sql
sql "" "SET GLOBAL time_zone = DEFAULT; SET GLOBAL sql_mode = DEFAULT; SET GLOBAL init_connect = ''"

# The rights that docs/security.md lists are enough; fewer are told, and never taken for less of a database.
password=$RANDOM-$RANDOM
sql "" "CREATE USER sealer@localhost IDENTIFIED BY '$password'"
case $my_vendor in
mariadb)
	sql "" "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON shop.* TO sealer@localhost; GRANT RELOAD, PROCESS, BINLOG MONITOR ON *.* TO sealer@localhost; GRANT SELECT ON mysql.* TO sealer@localhost"
	;;
mysql)
	sql "" "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON shop.* TO sealer@localhost; GRANT RELOAD, PROCESS, SHOW_ROUTINE, BACKUP_ADMIN, REPLICATION CLIENT ON *.* TO sealer@localhost; GRANT SELECT ON mysql.* TO sealer@localhost"
	;;
esac
printf '[client]\npassword=%s\n' "$password" >sealer.cnf
chmod 600 sealer.cnf
sealer() { printf '%s&defaults-file=%s' "$(my_uri "$1" sealer)" "$work/sealer.cnf"; }
runs 0 "read-only rights are enough" "$reprove" seal --source "$(sealer shop)" --key reprove.key --manifest reader.json --backup reader.sql
runs 0 "and what they sealed verifies" verify --target shop --manifest reader.json reader.sql
[ "$(seen reader.json)" = "$(seen shop.json)" ]
tap $? "and is all that root sees" || diff <(seen reader.json | tr '[' '\n') <(seen shop.json | tr '[' '\n') >&2
has "$password" "the password is found in a file" "$(cat sealer.cnf)"
! grep -rqF -e "$password" reader.json reader.sql out "$work/stdout" "$work/stderr"
tap $? "and in nothing that was written"
sql "" "REVOKE RELOAD ON *.* FROM sealer@localhost"
runs 0 "where nobody may stop all writers, tables are locked" "$reprove" seal --source "$(sealer shop)" --key reprove.key \
	--manifest locked.json --backup locked.sql
runs 0 "and that verifies" verify --target shop --manifest locked.json locked.sql
sql "" "REVOKE TRIGGER, EVENT, SHOW VIEW ON shop.* FROM sealer@localhost"
runs 2 "what may not be seen is told" "$reprove" seal --source "$(sealer shop)" --key reprove.key --manifest hidden.json
sql "" "CREATE USER outsider@localhost; GRANT SELECT ON shop.products TO outsider@localhost; GRANT SELECT (id) ON shop.orders TO outsider@localhost"
runs 2 "a table that may not be read is told" "$reprove" seal --source "$(my_uri shop outsider)" --key reprove.key --manifest partly.json
[ ! -e partly.json ] || runs 2 "and its verification cannot tell" verify --target shop --manifest partly.json alone.sql

ls -d "${TMPDIR:-/tmp}"/reprove-* >left 2>/dev/null
[ ! -s left ]
tap $? "nothing is left in the temporary directory" || sed 's/^/# /' left >&2
[ -z "$(sql "" "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'reprove%'")" ]
tap $? "nor on the server that was sealed"
tap_done
