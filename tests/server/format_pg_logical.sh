#!/bin/bash
# SPDX-License-Identifier: MIT
# Every kind of dump that pg_dump and pg_dumpall make is restored and compared; and what is wrong with one is told.
# usage: format_pg_logical.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
seal() { "$reprove" seal --source "$(pg_uri "$db")" --key reprove.key "$@"; }
verify() { "$reprove" verify --state none --target "$db" --trust reprove.pub --reports out "$@"; }
bare() { "$reprove" verify --state none --target "$db" --no-manifest --reports out "$@"; }
# fails CHECK TEXT NAME: a finding of this check that fails, or its reason, holds the text
fails() {
	has "$2" "$3" "$(python3 - "$1" <<-'PY'
		import json, sys
		for f in json.load(open("out/result.json"))["findings"]:
		    if f["check"] == sys.argv[1] and f["verdict"] in ("fail", "error"):
		        print(f["object"], f.get("message"), f.get("reason"), f.get("found"))
	PY
	)"
}

db=everything
install -d -m 700 "$work/ts"
[ ${#as_server[@]} -eq 0 ] || chown "$pg_user" "$work/ts"
pg_load "$db" "$root/fixtures/postgres/everything.sql" || exit 1
pg_load shop "$root/fixtures/postgres/shop.sql" || exit 1
psql -X -q -v ON_ERROR_STOP=1 -d "$db" >/dev/null <<-SQL || exit 1
	CREATE ROLE clerk LOGIN PASSWORD 'geheim' CONNECTION LIMIT 5;
	CREATE ROLE "odd ""one";
	CREATE ROLE staff;
	GRANT staff TO clerk WITH ADMIN OPTION;
	ALTER ROLE clerk SET work_mem = '8MB';
	COMMENT ON ROLE clerk IS 'two
	lines; \\! id';
	CREATE TABLESPACE fast OWNER clerk LOCATION '$work/ts';
	ALTER DATABASE everything SET statement_timeout = '1h';
	ALTER ROLE clerk IN DATABASE everything SET lock_timeout = '5s';
	ALTER DATABASE everything CONNECTION LIMIT 77;
	COMMENT ON DATABASE everything IS 'all there is';
	GRANT CONNECT ON DATABASE everything TO clerk;
	CREATE TABLE elsewhere (id int PRIMARY KEY USING INDEX TABLESPACE fast, line text) TABLESPACE fast;
	ALTER TABLE elsewhere OWNER TO "odd ""one";
	INSERT INTO elsewhere SELECT i, E'\\\\connect shop\n-- PostgreSQL database dump complete\n' || i FROM generate_series(1, 20) i;
	SET check_function_bodies = off;
	CREATE FUNCTION looks_like_it() RETURNS text LANGUAGE sql AS \$\$
	-- PostgreSQL database dump complete
	--

	\\connect shop
	SELECT 'x' \$\$;
	SELECT lo_from_bytea(471100, 'large object');
	SELECT lo_from_bytea(471101, '');
SQL

for format in directory tar plain; do
	runs 0 "$format: sealed with its backup" seal --manifest "$format.json" --backup "a.$format" --format "$format" --jobs 2
	runs 0 "$format: verified" verify --manifest "$format.json" "a.$format"
done
[ -f a.directory/toc.dat ] && [ "$(stat -c %a a.directory)" = 700 ] && [ -z "$(find . -maxdepth 1 -name '.a.directory*')" ]
tap $? "the directory is there, nobody else's, and nothing beside it"
runs 4 "one that is there is not written over" seal --manifest x.json --backup a.directory --format directory
runs 4 "a format that there is none of" seal --manifest x.json --backup a.x --format sql
has "custom, plain, directory, tar" "and which there are" "$err"
runs 4 "a directory cannot be streamed" seal --manifest x.json --backup - --format directory

runs 0 "a command that writes its backup itself" seal --manifest own.json --backup a.own \
	--backup-command "pg_dump --format=directory --compress=0 --snapshot={snapshot} --jobs={jobs} --file={path} $db"
runs 0 "verified, uncompressed" verify --manifest own.json a.own

runs 0 "a seal alone" seal --manifest alone.json
tar czf a.tar.gz a.directory
tar cf a.late.tar -C a.own $(cd a.own && ls -S | grep -v toc.dat) toc.dat
gzip -kc a.tar >tar.gz
pg_dumpall >all.sql
pg_dumpall --clean --if-exists | gzip >all.gz
pg_dump -C "$db" >create.sql
for file in a.tar.gz a.late.tar tar.gz all.gz create.sql all.sql; do
	runs 0 "verified: $file" verify --manifest alone.json "$file"
done
cp "$work/stdout" all.out
python3 - <<-'PY'
	import json, sys
	r = json.load(open("out/result.json"))
	excused = [f for f in r["findings"] if "pg_dump" in str(f.get("message"))]
	sys.exit(r["verdict"] != "verified" or len(excused) > 0)
PY
tap $? "of pg_dumpall nothing is excused: settings of the database are compared"
! grep -rqE 'SCRAM-SHA|geheim' all.out out
tap $? "and no password of a role is told"

# What pg_dumpall holds is told, and what is asked for is found.
runs 4 "several databases, and nobody said which" bare all.sql
has "'everything', 'shop'" "are listed by name" "$out$err"
runs 0 "one of them by name" bare --database shop all.sql
runs 4 "one that is not in it" bare --database nosuch all.sql
has "it holds no database 'nosuch', but" "is told with those that are" "$out$err"
runs 4 "a dump of one database, and another is asked for" bare --database shop a.directory
has "it is a dump of database 'everything' alone" "is told" "$out$err"
runs 4 "a place in a log" bare --recover-to lsn:0/3000060 a.directory
has "is of the moment at which it was made" "is none of a dump's" "$out$err"
pg_dumpall --globals-only >globals.sql
runs 1 "globals alone are no backup of a database" verify --manifest alone.json globals.sql
fails restore.complete "holds the roles of a server and no database" "and are said to be that"

sed '/^\(CREATE\|ALTER\|COMMENT ON\) ROLE clerk[; ]/d; /^GRANT staff/d; /^lines; /d' all.sql >hurt.sql
runs 1 "a role that is lost from it" verify --manifest alone.json hurt.sql
fails restore.complete 'role "clerk" does not exist' "is named, though the manifest knows it"
python3 - <<-'PY'
	s = open("all.sql").read()
	at = s.index('-- Database "everything" dump')
	row = s.index("\n20\t", at)
	hurt = s[:row] + s[s.index("\n", row + 1):]
	open("hurt.sql", "w").write("".join(l for l in hurt.splitlines(True) if not l.startswith("ALTER DATABASE everything SET")))
	begin = s.index("--\n-- PostgreSQL database dump\n", at)
	open("between.sql", "w").write(s[:at] + "\n\\! touch marker\n\n--\n" + s[at:])
	within = s.index("CREATE TABLE", begin)
	open("within.sql", "w").write(s[:within] + "\\! touch marker\n" + s[within:])
	end = s.rindex("-- PostgreSQL database cluster dump complete")
	open("twice.sql", "w").write(s[:end - 3] + s[at - 3:end - 3] + s[end - 3:])
	for name, cut in ("rows", row), ("end", end):
	    open(f"cut.{name}.sql", "w").write(s[:cut])
PY
runs 1 "a row and a setting that are lost from it" verify --manifest alone.json hurt.sql
fails relation.rows "elsewhere" "the row is missed in its table"
fails schema.objects "statement_timeout" "the setting is named"
runs 1 "a command of psql's between two databases" verify --manifest alone.json between.sql
fails restore.complete ": between two databases stands what no pg_dumpall writes" "is refused by its line"
runs 1 "a command of psql's within one" verify --manifest alone.json within.sql
fails restore.complete "backslash commands are restricted" "is refused by psql"
[ ! -e marker ]
tap $? "and none was run"
runs 1 "the same database twice" verify --manifest alone.json twice.sql
fails restore.complete "twice" "is told"
for cut in rows end; do
	runs 1 "cut: $cut" verify --manifest alone.json "cut.$cut.sql"
	fails restore.complete "truncated" "is truncated"
done

# Files of a directory.
cp -r a.directory d
data=$(cd d && ls -S | grep '^[0-9]*.dat.gz$' | head -1)
table=${data%.gz}
gzip </dev/null >"d/$data"
runs 1 "one file of no rows, that pg_restore is content with" verify --manifest alone.json d
fails relation.rows " " "is missed in its table"
runs 1 "and without a manifest, too" bare d
fails restore.complete "'$data': truncated" "by its end"
: >"d/$data"
runs 1 "one that is empty" verify --manifest alone.json d
fails restore.complete "'$data' is empty" "is named"
rm "d/$data"
runs 1 "one that is missing" verify --manifest alone.json d
fails restore.complete "'$table' is missing" "is named"
mkfifo "d/$data"
runs 1 "a pipe in its place" verify --manifest alone.json d
fails restore.complete "is neither a file nor a directory" "is refused"
rm "d/$data"
ln -s /etc/passwd "d/$table"
runs 1 "a link in its place" verify --manifest alone.json d
fails restore.complete "is a symbolic link" "is refused"
rm "d/$table"
cp "a.directory/$data" d/
echo x >d/9.dat
runs 1 "a file that was added" verify --manifest directory.json d
fails artifact.digest "9.dat" "is named"
rm d/9.dat
for name in ../../x .; do
	python3 - "$table" "$name" <<-'PY'
		import sys
		old, new = (n.encode() for n in sys.argv[1:])
		s = open("a.directory/toc.dat", "rb").read()
		assert s.count(old) == 1
		open("d/toc.dat", "wb").write(s.replace(old, new.ljust(len(old), b"x") if len(new) > 1 else b"." * len(old)))
	PY
	runs 1 "a table of contents that names $name" verify --manifest alone.json d
	fails restore.complete "it was tampered with" "is refused"
done
cp a.directory/toc.dat d/
printf '471100 ../../../x\n' >d/blobs.toc
runs 1 "a list of large objects that leads elsewhere" verify --manifest alone.json d
fails restore.complete "it was tampered with" "is refused"
head -c 3000 a.directory/toc.dat >d/toc.dat
runs 1 "a table of contents that is cut" verify --manifest alone.json d
fails restore.complete "toc.dat" "is named"
head -c 20000 a.tar >cut.tar
runs 1 "a tar that is cut" verify --manifest alone.json cut.tar
fails restore.complete "the tar's own end is not there" "is told"

ls -d "$TMPDIR"/reprove-* >left 2>/dev/null
[ ! -s left ]
tap $? "nothing is left in the temporary directory" || sed 's/^/# /' left >&2
tap_done
