#!/bin/bash
# SPDX-License-Identifier: MIT
# What lies in a directory of backups is listed as what it is, whatever it is called, and the backup that is asked for is the one
# that is verified.
# usage: format_points.sh REPROVE SOURCE_ROOT
set -u
reprove=$(realpath "$1") root=$2
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
cd "$work" || exit 1
"$reprove" keygen . >/dev/null

sql postgres "CREATE DATABASE shop"
sql shop "CREATE TABLE goods (id int PRIMARY KEY, name text); INSERT INTO goods SELECT i, 'thing ' || i FROM generate_series(1, 100) i"
seal() { # NAME [option...]: into the directory of backups
	local name=$1
	shift
	"$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest "all/$name.json" --backup "all/$name" "$@" >/dev/null 2>seal.err ||
		{ cat seal.err >&2; exit 1; }
}
verify() { "$reprove" verify --target shop --trust reprove.pub --state none --skip engine.amcheck "$@"; }

# field FILTER: what points says of all, by jq
points() { "$reprove" points --json "$@" >points.json 2>points.err; }
field() { jq -r "$1" points.json; }
format_of() { field ".points[] | select(.name == \"$1\") | .format // \"unknown\""; }

mkdir all
seal monday.dump
sql shop "INSERT INTO goods VALUES (1001, 'on tuesday')"
seal tuesday.sql --format plain
sql shop "INSERT INTO goods VALUES (1002, 'on wednesday')"
seal wednesday.dump
touch -d 2026-11-02T06:00:00Z all/monday.dump
touch -d 2026-11-03T06:00:00Z all/tuesday.sql
touch -d 2026-11-04T06:00:00Z all/wednesday.dump

# 1. The list.
runs 0 "backups are listed" "$reprove" points all
has "3 backups, 3 sealed" "and counted" "$out"
has "beside them: a signed manifest (3)" "and what lies beside them is no backup" "$out"
points all
[ "$(field '[.points[] | select(.aside | not) | .name] | join(" ")')" = "wednesday.dump tuesday.sql monday.dump" ]
tap $? "newest first"
[ "$(format_of monday.dump)/$(format_of tuesday.sql)" = "pg_dump custom/pg_dump plain" ]
tap $? "with their formats"
[ "$(field '.points[] | select(.name == "monday.dump") | .sealed, .manifest, .sealedBy' | tr '\n' ' ')" = "true monday.dump.json names and sizes " ]
tap $? "and whether they are sealed"
runs 0 "by whom, when a key is named" "$reprove" points --trust reprove.pub --digest --json all
[ "$(jq -r '[.points[] | select(.sealed) | .target + " " + .sealedBy] | unique | join(",")' <<<"$out")" = "shop SHA-256" ]
tap $? "and byte for byte, when that is asked for"

mkdir stranger && "$reprove" keygen stranger >/dev/null
runs 0 "a stranger's key makes none sealed" "$reprove" points --trust stranger/reprove.pub all
has "3 backups, 0 sealed" "and says so" "$out"
has "3 manifests are not to be trusted" "and why" "$out"

mkdir changed
cp -p all/* changed/
printf x | dd of=changed/monday.dump bs=1 seek=1000 conv=notrunc status=none
printf x >>changed/tuesday.sql
runs 0 "a changed byte is found by its digest" "$reprove" points --digest changed
has "its SHA-256 is another" "and told" "$out"
has "its size is another" "and so is another size" "$out"
has "3 backups, 1 sealed" "and one is left" "$out"

# 2. Whatever else lies there.
mkdir odd
printf 'just words\n' >odd/notes.dump
: >odd/empty.dump
mkfifo odd/pipe.dump
ln -s ../all/monday.dump odd/link.dump
ln -s loop odd/loop
truncate -s 20G odd/huge.dump
head -c 100000 /dev/urandom >odd/noise.sql.gz
cp all/tuesday.sql odd/tuesday.custom
gzip -c odd/tuesday.custom >odd/tuesday
head -c 40 odd/tuesday >odd/cut.gz
printf '\037\213' >odd/two-bytes
mkdir -p odd/wal odd/deep/er/still odd/nothing
printf '\020\321\001\000' >odd/wal/000000010000000000000007
cp all/wednesday.dump odd/deep/er/still/wednesday.sql
(cd odd && tar cf evil.tar --transform 's,^,../,' -P notes.dump) 2>/dev/null
runs 0 "a directory of oddities is listed" timeout 20 "$reprove" points odd
has "no backup of a known format (tried: pg_dump custom" "with what was tried" "$out"
has "'notes.dump' is no backup of a known format" "of each" "$out"
[ "$(grep -c "is no backup of a known format\|is a tar archive" <<<"$out")" -gt 1 ] && [ "$(grep -c "(tried: " <<<"$out")" -eq 1 ]
tap $? "which is said once"
has "'evil.tar' is a tar archive that begins with '../notes.dump'" "and what is known of it" "$out"
has "a named pipe (1)" "a pipe is not opened" "$out"
has "a symbolic link (2)" "links are not followed" "$out"
has "a file of PostgreSQL's log archive (1)" "logs are no backups" "$out"
points odd
[ "$(format_of tuesday.custom)/$(format_of tuesday)/$(format_of deep/er/still/wednesday.sql)" = "pg_dump plain/pg_dump plain/pg_dump custom" ]
tap $? "names decide nothing"
[ "$(field '.points[] | select(.name == "tuesday") | .wrapped')" = "gzip" ]
tap $? "and what is around a backup is told"
if [ "$(id -u)" -ne 0 ]; then
	cp all/monday.dump odd/locked && chmod 0 odd/locked
else
	# Nothing is closed to root, but a name that cannot be one of a backup's.
	cp all/monday.dump "$(printf 'odd/red\033[31m')"
fi
runs 2 "what cannot be looked at is a 2" "$reprove" points odd
has "1 that could not be looked at" "and counted" "$out"
[[ $out != *$'\033'* ]]
tap $? "and no name reaches the terminal as it is"
runs 2 "a place that is not there is a 2" "$reprove" points nowhere

# 3. Which one.
chosen() { jq -r '.selection.method + " " + (.selection.candidates[] | select(.chosen) | .name)' "$1/result.json"; }
runs 0 "the manifest says which" verify --manifest all/monday.dump.json --reports r1 all
[ "$(chosen r1)" = "by its manifest monday.dump" ]
tap $? "and the result says so"
[ "$(jq '[.selection.candidates[] | select(.aside | not)] | length' r1/result.json)" = 3 ]
tap $? "with all that there were"
grep -q "by its manifest, of 3 backups" r1/report.html && grep -q tuesday.sql r1/report.html
tap $? "and so does the report"
runs 0 "which can be made again" "$reprove" report r1/result.json --reports again
cmp -s r1/report.html again/report.html
tap $? "and comes out the same"
runs 0 "a directory of manifests is looked through" verify --manifest all --reports r2 all
[ "$(chosen r2)" = "newest wednesday.dump" ]
tap $? "for the newest backup's"
runs 0 "by name" verify --manifest all --point tuesday.sql --reports r3 all
[ "$(chosen r3)" = "by name tuesday.sql" ]
tap $? "the named one"
# What was chosen is on record also when there is no place to restore it in, which is quicker.
without_place=(--tmpdir "$work/nowhere")
runs 2 "by time" verify --manifest all --at 2026-11-03T23:00:00Z --reports r4 "${without_place[@]}" all
[ "$(chosen r4)" = "by time tuesday.sql" ]
tap $? "the newest before it"
runs 1 "another backup than the manifest's is not what was sealed" verify --manifest all/monday.dump.json --point newest --reports r5 all
has '"artifact.digest"' "and found out" "$(cat r5/result.json)"

# Anybody can repeat a draw: candidates by name, the seed's digest modulo their number.
names=(monday.dump tuesday.sql wednesday.dump)
for seed in auditor 2026-11-21; do
	number=$(printf %s "$seed" | sha256sum | cut -c1-16)
	expected=${names[$(python3 -c "print(int('$number', 16) % 3)")]}
	runs 2 "random, seed $seed" verify --manifest all --point "random:$seed" --reports "r-$seed" "${without_place[@]}" all
	[ "$(chosen "r-$seed")" = "random $expected" ]
	tap $? "chooses what its digest says"
done
[ "$(jq -r '.selection.seed, .selection.seedBy' r-auditor/result.json | tr '\n' ' ')" = "auditor chosen by the operator " ]
tap $? "and whose seed it was is told"
runs 2 "random, no seed" "$reprove" verify --target shop --no-manifest --point random --reports r6 "${without_place[@]}" all
[ "$(jq -r '.selection.seedBy, (.selection.seed | length)' r6/result.json | tr '\n' ' ')" = "drawn by this program 32 " ]
tap $? "draws one and tells it"
runs 0 "random, with a ledger" "$reprove" verify --target shop --no-manifest --skip engine.amcheck --point random --ledger ledger \
	--result-key reprove.key --reports r7 all
[ "$(jq -r .selection.seedBy r7/result.json)" = "derived from the ledger's head, the target and the day" ]
tap $? "nobody can choose it"

runs 4 "no backup of that name" verify --manifest all --point sunday.dump all
has "none of 3 backups is 'sunday.dump'" "says so" "$out$err"
runs 4 "none so old" verify --manifest all --at 2025-01-01T00:00:00Z all
has "are newer than 2025-01-01" "says so" "$out$err"
runs 4 "none with a position" verify --manifest all --at lsn:0/3000060 all
has "do not tell their position" "says so" "$out$err"
runs 4 "no time and no position" verify --manifest all --at yesterday all
runs 4 "two ways at once" verify --manifest all --at 2026-11-03T23:00:00Z --point newest all
mkdir lonely && cp -p all/wednesday.dump lonely/unknown.dump
runs 3 "a backup that no manifest is of is not trusted" verify --manifest all --reports r8 lonely
has "none of 3 manifests in 'all' is of" "and says so" "$out$err"
runs 3 "nor is one by a stranger's key" "$reprove" verify --target shop --trust stranger/reprove.pub --state none --manifest all --reports r9 all
has "and to be trusted; the first refusal" "and says so" "$out$err"

# The newest is what was asked for, and an older one that is whole does not stand in for it.
cp -p all/* lonely/ && : >lonely/thursday.dump
runs 1 "an empty newest backup is no backup" "$reprove" verify --target shop --no-manifest --reports r10 lonely
has "'thursday.dump' is empty" "and named" "$out$err"
has "it is the newest; --point names another" "with what else can be done" "$out$err"

# 4. What looks alike is told apart, under any name, and in gzip too.
mkdir alike
cp all/monday.dump alike/custom.tar
cp all/monday.dump alike/custom.sql
cp all/tuesday.sql alike/plain.dump
pg_dump -Ft -f alike/pg_dump-tar shop
pg_dump -Fd -f alike/directory shop
tar -C alike/directory -cf alike/tar-of-directory .
tar -C alike -cf alike/tar-of-directory-in-one directory
tar -C alike/directory -cf alike/tar-without-dots --transform 's,^\./,,' --sort=name .
pg_basebackup -D alike/base-tar -Ft -X fetch --no-sync -c fast
pg_basebackup -D alike/base-plain -Fp -X fetch --no-sync -c fast
cp alike/base-tar/base.tar alike/base-alone.tar
tar -C alike/base-plain -cf alike/tar-of-base.tar .
cp alike/directory/toc.dat alike/toc-alone.tar
expected=(custom.tar:"pg_dump custom" custom.sql:"pg_dump custom" plain.dump:"pg_dump plain" pg_dump-tar:"pg_dump tar"
	directory:"pg_dump directory" tar-of-directory:"pg_dump directory" tar-of-directory-in-one:"pg_dump directory"
	tar-without-dots:"pg_dump directory" base-tar:pg_basebackup base-plain:pg_basebackup base-alone.tar:pg_basebackup
	tar-of-base.tar:pg_basebackup toc-alone.tar:unknown)
find alike -maxdepth 1 -type f -exec gzip -k {} +
points alike
for one in "${expected[@]}"; do
	name=${one%%:*} format=${one#*:}
	[ "$(format_of "$name")" = "$format" ]
	tap $? "$name is $format" || echo "# it is called $(format_of "$name")" >&2
	[ ! -f "alike/$name" ] || [ "$(format_of "$name.gz")" = "$format" ]
	tap $? "and in gzip, too"
done
runs 0 "a tar of a directory is restored as one" "$reprove" verify --target shop --no-manifest --skip engine.amcheck alike/tar-of-directory-in-one.gz
runs 1 "a table of contents alone is no backup" "$reprove" verify --target shop --no-manifest alike/toc-alone.tar

# 5. What was packed after the seal is the sealed backup still, as long as that is what comes out.
mkdir packed
"$reprove" seal --source "$(pg_uri shop)" --key reprove.key --manifest packed/d.json --backup packed/d --format directory >seal.log 2>&1 ||
	{ cat seal.log >&2; exit 1; }
gzip -c all/wednesday.dump | gzip -c >packed/twice.gz
runs 0 "a sealed dump, packed twice" verify --manifest all/wednesday.dump.json --reports p1 packed/twice.gz
has "packed since (gzip)" "and the finding says so" "$(cat p1/result.json)"
gzip -c all/monday.dump >packed/another.gz
runs 1 "another dump, packed" verify --manifest all/wednesday.dump.json packed/another.gz
runs 0 "a sealed directory" verify --manifest packed/d.json packed/d
tar -C packed -czf packed/d.tar.gz d
tar -C packed/d -cf packed/flat.tar .
runs 0 "in a tar, packed" verify --manifest packed/d.json --reports p2 packed/d.tar.gz
has "files that were sealed, and of no other" "and the finding says so" "$(cat p2/result.json)"
runs 0 "in a tar without its name" verify --manifest packed/d.json packed/flat.tar
cp -r packed/d packed/more && : >packed/more/9999.dat
tar -C packed -cf packed/more.tar more
runs 1 "with a file more" verify --manifest packed/d.json packed/more.tar
cp -r packed/d packed/other && gzip -dc packed/d/[0-9]*.dat.gz | head -c 100 | gzip >packed/part.gz && cp packed/part.gz "$(ls packed/other/[0-9]*.dat.gz | head -1)"
tar -C packed -cf packed/other.tar other
runs 1 "with another file" verify --manifest packed/d.json packed/other.tar

# 6. Hostile tars: each an honest one, and something more. (tests/unit/test_tree.c has the others.)
mkdir evil
python3 - alike/directory <<-'PY'
	import gzip, io, os, sys, tarfile
	R, S, H, C, F, D = (getattr(tarfile, n + "TYPE") for n in ("REG", "SYM", "LNK", "CHR", "FIFO", "DIR"))
	evil = {
	    "up": [("../up", R, b"x")],
	    "link-then-through": [("there", S, ".."), ("there/up", R, b"x")],
	    "twice": [("toc.dat", R, b"another")],
	    "bell": [("be\all", R, b"x")],
	}
	for name, members in evil.items():
	    with tarfile.open(f"evil/{name}.tar", "w") as tar:
	        tar.add(sys.argv[1] + "/toc.dat", "toc.dat")
	        for entry in sorted(os.listdir(sys.argv[1])):
	            if entry != "toc.dat":
	                tar.add(os.path.join(sys.argv[1], entry), entry)
	        for path, kind, data in members:
	            info = tarfile.TarInfo(path)
	            info.type = kind
	            if kind == R:
	                info.size = len(data)
	                tar.addfile(info, io.BytesIO(data))
	            else:
	                info.linkname = data
	                tar.addfile(info)
	# A million entries in three megabytes: one that may be there often, many times over.
	honest = open("alike/tar-without-dots", "rb").read().rstrip(b"\0")
	honest += bytes(-len(honest) % 512)
	directory = tarfile.TarInfo("d")
	directory.type = D
	many = gzip.compress(directory.tobuf() * 1000)
	with open("evil/million.tar.gz", "wb") as f:
	    f.write(gzip.compress(honest) + many * 1001 + gzip.compress(bytes(1024)))
	# A bomb within a bomb.
	bomb = tarfile.TarInfo("bomb.dat")
	bomb.size = 1 << 33
	with open("evil/bomb.tar.gz", "wb") as f:
	    f.write(gzip.compress(gzip.compress(honest + bomb.tobuf()) + gzip.compress(bytes(1 << 24)) * 512))
PY
for case in up:../up link-then-through:there twice:toc.dat 'bell:be\u{7}ll'; do
	name=${case%%:*} member=${case#*:}
	runs 1 "hostile tar: $name" timeout 60 "$reprove" verify --target shop --no-manifest "evil/$name.tar"
	case $out in *"'evil/$name.tar': member '"*"$member' "*) true ;; *) false ;; esac
	tap $? "and its member is named" || printf '# %s\n' "$out" >&2
done
runs 1 "hostile tar: a million members" timeout 120 "$reprove" verify --target shop --no-manifest evil/million.tar.gz
has "more than 1000000 members" "are counted" "$out"
[ ! -e up ] && [ ! -e ../up ] && [ -z "$(find "$TMPDIR" -mindepth 1 -name 'reprove*')" ]
tap $? "nothing was written elsewhere, and nothing is left"

# 7. A disk that is too small is told before anything is restored, and one that fills up says how much it lacked.
mkdir small
# SIZE COMMAND...: with a file system of its own, which is gone when it ends
on_a_disk_of() { unshare --mount sh -c 'mount -t tmpfs -o "size=$1,mode=1777" tmpfs small && shift && exec "$@"' sh "$@"; }
if on_a_disk_of 64m true 2>/dev/null; then
	runs 2 "a disk that is too small" on_a_disk_of 64m "$reprove" verify --target shop --trust reprove.pub --state none --manifest all \
		--tmpdir small --reports r11 all
	has "not enough disk for a restore: it needs about" "is told first" "$out$err"
	has "are missing" "with how much is missing" "$out$err"
	runs 2 "a bomb in two layers" on_a_disk_of 320m "$reprove" verify --target shop --no-manifest --tmpdir small evil/bomb.tar.gz
	has "its member 'bomb.dat' takes 8." "is not unpacked" "$out"
	sed 's/^SET row_security = off;/&\nCREATE TABLE public.filler AS SELECT repeat(md5(g::text), 8) FROM generate_series(1, 100000000) g;/' \
		all/tuesday.sql >filler.sql
	runs 2 "a restore that fills the disk" on_a_disk_of 320m timeout 120 "$reprove" verify --target shop --no-manifest --tmpdir small \
		--reports r12 filler.sql
	has "when it began; the restore took more than was to be expected" "says so" "$out$err"
else
	echo "# a small disk cannot be mounted here" >&2
fi
tap_done
