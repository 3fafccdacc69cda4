#!/bin/bash
# SPDX-License-Identifier: MIT
# Backups in every wrapping, made by the real tools around a real dump: restored and compared, with nothing said of how
# they are packed; and whatever is wrong with one is told by its name.
# usage: format_wrappings.sh REPROVE SOURCE_ROOT UNWRAP NOSY
set -u
reprove=$(realpath "$1") root=$2 unwrap=$(realpath "$3") nosy=$(realpath "$4")
. "$root/tests/lib/postgres.sh"
. "$root/tests/lib/tap.sh"
pg_begin
pg_start
createdb small
sql small "CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL); INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 20000) i"
cd "$work" || exit 1
export HOME=$work/home
mkdir -m 700 home keys
"$reprove" keygen . >/dev/null
"$reprove" seal --source "$(pg_uri small)" --key reprove.key --manifest alone.json >/dev/null || exit 1
pg_dump small >dump.sql || exit 1
verify() { "$reprove" verify --target small --manifest alone.json --trust reprove.pub --state none "$@"; }
printf 'correct horse\n' >pw && printf 'wrong horse\n' >wrong && chmod 600 pw wrong
age-keygen -o id 2>/dev/null && age-keygen -o other 2>/dev/null
gpg="gpg --homedir $work/keys --batch --quiet --pinentry-mode loopback --trust-model always"
$gpg --passphrase '' --quick-gen-key 'backup@example.org' rsa2048 encr never 2>/dev/null
recipient=$(age-keygen -y id)
enc() { openssl enc -salt -pass file:pw "$@" 2>/dev/null; }
# What age asks for on a terminal.
age_password() {
	python3 -c '
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.dup2(os.open(sys.argv[1], os.O_RDONLY), 0)
    os.dup2(os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT, 0o600), 1)
    os.execvp("age", ["age", "-p"])
for wait in b"Enter passphrase", b"Confirm passphrase":
    seen = b""
    while wait not in seen: seen += os.read(fd, 1000)
    time.sleep(0.2)
    os.write(fd, b"correct horse\n")
try:
    while os.read(fd, 1000): pass
except OSError: pass
sys.exit(os.waitpid(pid, 0)[1] != 0)' "$1" "$2"
}

gzip -c dump.sql >gz && bzip2 -c dump.sql >bz2 && xz -0 -c dump.sql >xz && zstd -q -c dump.sql >zst && lz4 -q -c dump.sql >lz4 || exit 1
enc -aes-256-cbc -pbkdf2 -in dump.sql >enc
enc -aes-256-cbc -pbkdf2 -iter 100000 -in zst >enc_iter
enc -aes-128-ctr -pbkdf2 -md sha512 -in dump.sql >enc_ctr
enc -aes-256-cbc -md md5 -in dump.sql >enc_old
enc -aes-256-cbc -pbkdf2 -a -in zst >enc_a
$gpg --passphrase-file pw -o gpg -c dump.sql && $gpg --passphrase-file pw -a -o gpg_a -c dump.sql &&
	$gpg -r backup@example.org -o gpg_key -e dump.sql && $gpg -r backup@example.org -a -o gpg_key_a -e dump.sql || exit 1
# Each of them is in one of these, too, which are restored.
lz4 -q -c dump.sql | zstd -q -c | xz -0 -c | bzip2 -c >packed || exit 1
enc -aes-256-cbc -pbkdf2 -in dump.sql | $gpg --passphrase-file pw -c | $gpg -r backup@example.org -e >three_locks && age_password three_locks locks || exit 1
gpgconf --homedir "$work/keys" --kill gpg-agent
age -r "$recipient" -o age dump.sql && age -a -r "$recipient" -o age_a dump.sql && age_password dump.sql age_p || exit 1
zstd -q -c dump.sql | enc -aes-256-cbc -pbkdf2 | gzip -c >three && age -r "$recipient" -o four three || exit 1


old="--passphrase-file pw --openssl-kdf bytes-to-key:md5"
ctr="--passphrase-file pw --openssl-cipher aes-128-ctr --openssl-kdf pbkdf2:10000:sha512"
# What it takes to open each. Marked ones are restored and compared; of the others every byte is the dump's.
table="gz||
bz2||
xz||
zst||
lz4||
packed|*|
enc||--passphrase-file pw
enc_iter||--passphrase-file pw --openssl-kdf pbkdf2:100000
enc_ctr||$ctr
enc_old||$old
enc_a||--passphrase-file pw
gpg||--passphrase-file pw
gpg_a||--passphrase-file pw
gpg_key||--gnupghome keys
gpg_key_a||--gnupghome keys
age||--identity id
age_a||--identity id
age_p||--passphrase-file pw
locks|*|--passphrase-file pw --gnupghome keys
three||--passphrase-file pw
four|*|--passphrase-file pw --identity id"
whole="whole $(sha256sum dump.sql | cut -d' ' -f1)"
while IFS='|' read -r name marked options; do
	# shellcheck disable=SC2086
	if [ -n "$marked" ]; then
		runs 0 "$name: verified" verify $options "$name"
	else
		[ "$("$unwrap" $options "$name")" = "$whole" ]
		tap $? "$name: every byte of it"
	fi
done <<<"$table"

# Every way in which a copy can be broken, and what is said of each.
# says NAME EXPECTED OPTION... FILE
says() {
	local name=$1 expected=$2
	shift 2
	case $("$unwrap" "$@" 2>&1) in
	$expected) tap 0 "$name" ;;
	*) tap 1 "$name" || echo "# expected '$expected', got '$("$unwrap" "$@" 2>&1)'" >&2 ;;
	esac
}
cut_at() { head -c "$2" "$1" >broken; }
flip_at() { cp "$1" broken && printf '%b' "\\x$(printf %02x $((0x$(xxd -s "$2" -l 1 -p "$1") ^ 0x55)))" | dd of=broken bs=1 seek="$2" conv=notrunc status=none; }
while IFS='|' read -r name _ options; do
	case $name in age_p | packed | locks | three | four) continue ;; esac
	size=$(stat -c %s "$name")
	bad=
	for part in 3 41 97; do
		cut_at "$name" $((size * part / 100))
		# shellcheck disable=SC2086
		said=$("$unwrap" $options broken 2>&1)
		case $name,$said in
		*,"backup "*truncated*) ;;
		enc_ctr,whole*) ;; # a cipher without padding; the dump's own end is missing, and its digest is another
		*) bad="$bad cut at $part: $said;" ;;
		esac
		flip_at "$name" $((size * part / 100))
		# shellcheck disable=SC2086
		said=$("$unwrap" $options broken 2>&1)
		case $name,$said in
		*,"$whole") bad="$bad flip at $part: unnoticed;" ;;
		*,"backup "*damaged*) ;;
		enc*,"whole "*) ;; # nothing but the artifact's digest can tell
		gpg_a,"backup "* | gpg_key_a,"backup "*) ;; # in armour a letter may become its end
		age,"backup "*"truncated"*"64 KiB were changed"* | age_a,"backup "*) ;;
		*) bad="$bad flip at $part: $said;" ;;
		esac
	done
	[ -z "$bad" ]
	tap $? "$name: a copy that was cut and one that was changed are told apart" || echo "# $bad" >&2
done <<<"$table"
for name in gz bz2 xz zst lz4 gpg age; do
	options=$(grep "^$name|" <<<"$table" | cut -d'|' -f3)
	cat "$name" pw >broken
	# shellcheck disable=SC2086
	says "$name: something behind its end" "backup *" $options broken
done

says "openssl: no password" "usage *a password is needed*" enc
says "openssl: another password" "locked *the password does not fit*" --passphrase-file wrong enc
says "openssl: another key derivation is named" "usage *the password fits*--openssl-kdf bytes-to-key:md5" --passphrase-file pw enc_old
says "openssl: other iterations are named" "usage *--openssl-kdf pbkdf2:100000:sha256" --passphrase-file pw enc_iter
says "openssl: another cipher" "usage *--openssl-kdf pbkdf2:10000:sha512 --openssl-cipher aes-128-ctr" --passphrase-file pw --openssl-cipher aes-256-ctr enc_ctr
says "openssl: no such cipher" "usage *no cipher of 'openssl enc'*" --passphrase-file pw --openssl-cipher aes-256-gcm enc
says "gpg: no password" "usage *a password is needed*" gpg
says "gpg: another password" "locked *the password does not fit*" --passphrase-file wrong gpg
says "gpg: no key" "usage *secret key*is not here*" gpg_key
mkdir -m 700 nokeys
says "gpg: not the key" "locked *secret key*is not here*" --gnupghome nokeys gpg_key
says "age: no identity" "usage *an identity is needed*" age
says "age: another identity" "locked *none of the identities fits*" --identity other age
says "age: another password" "locked *the password does not fit*" --passphrase-file wrong age_p
for name in enc gpg age_p; do
	says "$name: passwords are tried in their order" "$whole" --passphrase-file wrong --passphrase-file pw "$name"
done
head -c 1000 /dev/urandom | zstd -q --ultra -22 --zstd=wlog=31 -c >window 2>/dev/null
says "zstd: a window that needs more memory than is given" "other *more memory is needed*" window
# The programs that open them are in a box, in either kind, and do their work in it; and without one.
# Not below /dev, where the box has devices of its own and no programs.
fake=$(mktemp -d /tmp/rp-XXXXXX) && chmod 755 "$fake" && cp "$nosy" "$fake/age" && chmod 755 "$fake/age"
for box in namespaces landlock none; do
	bad=
	for name in gpg gpg_key_a age age_p; do
		# shellcheck disable=SC2046
		[ "$(REPROVE_BOX=$box "$unwrap" $(grep "^$name|" <<<"$table" | cut -d'|' -f3) "$name")" = "$whole" ] || bad="$bad $name"
	done
	[ -z "$bad" ]
	tap $? "box '$box': gpg and age work" || echo "# not: $bad" >&2
	[ $box = none ] || NOSY=1 REPROVE_BOX=$box PATH=$fake:$PATH \
		says "and can do nothing else" "backup age: damaged: it could do nothing" --identity id age
done
rm -r "$fake"

# Where passwords come from.
WORD="correct horse" says "a password in a variable" "$whole" --passphrase-env WORD enc
says "in a descriptor" "$whole" --passphrase-fd 7 enc 7<pw
CREDENTIALS_DIRECTORY=$work says "in a credential" "$whole" --passphrase-credential pw enc
chmod 640 pw
says "a file that others may read is refused" "usage *its mode is 0640*" --passphrase-file pw enc
chmod 600 pw

printf 'targets:\n  small:\n    points: enc_old\n    no-manifest: true\n    passphrase-file: pw\n    openssl-kdf: bytes-to-key:md5\n' >reprove.yaml
runs 0 "in a target's configuration" "$reprove" verify --config reprove.yaml --target small --json
has "pg_dump plain, openssl-enc" "and the report says what it was wrapped in" "$out"

# A command of one's own; it gets neither the password nor a shell.
says "filter: a layer that is taken off by it" "$whole" --filter 'openssl enc -d -aes-256-cbc -pbkdf2 -pass file:pw' enc
says "filter: two of them" "$whole" --filter 'gzip -dc' --filter 'openssl enc -d -aes-256-cbc -pbkdf2 -pass "file:pw"' three
says "filter: one that fails" "locked filter 'openssl' failed: exit status 1*" --filter 'openssl enc -d -aes-128-cbc -pbkdf2 -pass file:pw' enc
says "filter: one that does not read all" "locked filter 'head' did not read all*" --filter 'head -c 100' enc
says "filter: no such program" "other *execute 'nosuch'*" --filter nosuch enc
says "filter: there is no shell" "usage *means something to a shell*" --filter 'zstd -dc | cat' zst
printf '#!/bin/sh\n(env; cat /proc/$PPID/environ /proc/$PPID/cmdline | tr "\\0" "\\n") >seen; cat\n' >spy && chmod 755 spy
WORD="correct horse" says "filter: one that looks around" "$whole" --passphrase-env WORD --filter ./spy enc
[ -s seen ] && ! grep -q horse seen
tap $? "sees no password in environment and arguments"

# With a manifest the artifact's digest settles what a lock that does not open means.
seal() { "$reprove" seal --source "$(pg_uri small)" --key reprove.key --manifest m.json "$@"; }
lock="openssl enc -aes-256-cbc -pbkdf2 -pass file:pw"
runs 0 "sealed with a backup that is encrypted in passing" seal --backup locked --backup-filter "$lock"
check() { "$reprove" verify --target small --manifest m.json --trust reprove.pub "$@"; }
runs 0 "it is verified" check --passphrase-file pw locked
runs 2 "another password is no fault of the backup" check --passphrase-file wrong locked
has "the backup itself is intact" "for its digest is the sealed one" "$out"
runs 4 "nor is another key derivation" check --passphrase-file pw --openssl-kdf bytes-to-key:md5 locked
has "--openssl-kdf pbkdf2:10000:sha256" "and what to say instead is told" "$out"
runs 4 "no password at all is used wrongly" check locked
flip_at locked 9
runs 1 "a copy whose salt was changed" check --passphrase-file pw broken
has "the backup is not what was sealed" "is not blamed on the password" "$out"
cut_at locked 100003
runs 1 "a copy that was cut" check --passphrase-file pw broken
has "openssl-enc: truncated" "is that" "$out"
runs 2 "a filter that fails is no fault of the backup" check --filter false locked
has "the backup itself is intact" "for its digest is the sealed one" "$out"

# What a backup goes through when it is sealed.
runs 0 "two filters" seal --backup twice --backup-filter 'zstd -q' --backup-filter "age -r $recipient"
has "$(sha256sum twice | cut -d' ' -f1)" "what comes out of the last one is what is sealed" "$out"
runs 0 "and what is verified" check --identity id twice
seal --backup - --backup-filter 'gzip -c' 2>err >piped.gz && [ "$(gzip -dc <piped.gz | head -c 5)" = PGDMP ]
tap $? "also on its way to standard output" || sed 's/^/# /' err >&2
mkdir empty
runs 2 "a filter that fails" seal --backup empty/b --backup-filter "$lock" --backup-filter 'zstd --no-such-option'
has "filter 'zstd' failed" "is named" "$err"
runs 2 "one that fails on the way" seal --backup empty/b --backup-filter 'head -c 1000' --backup-filter false
runs 2 "a dump that fails" seal --backup empty/b --backup-filter 'gzip -c' --backup-command 'pg_dump --snapshot={snapshot} -t nothing small'
[ -z "$(ls -A empty)" ]
tap $? "leaves nothing"
runs 4 "filters without a backup" seal --backup-filter gzip

# Nothing that was encrypted lies about unencrypted, but for the copy that pg_restore needs, and only while it needs it.
marker=this-line-is-in-the-dump-and-in-no-table
sed "/^-- Dumped from/s/^/-- $marker\n/" dump.sql | enc -aes-256-cbc -pbkdf2 >commented
pg_dump -Fc small | enc -aes-256-cbc -pbkdf2 >custom
watch_for() { # COMMAND...: what it finds while the run goes on, again and again
	while kill -0 "$pid" 2>/dev/null; do
		"$@" 2>/dev/null
	done
}
verify --passphrase-file pw commented >/dev/null 2>&1 &
pid=$!
[ -z "$(watch_for grep -rlsI "$marker" "$TMPDIR")" ] && wait $pid
tap $? "nothing of a plain dump is on disk while it is restored"
verify --passphrase-file pw custom >/dev/null 2>&1 &
pid=$!
found=$(watch_for find "$TMPDIR" -name 'artifact.*' -printf '%m\n' | sort -u)
wait $pid && { [ "$found" = 600 ] || [ "$(nproc)" -eq 1 ]; }
tap $? "of a custom dump a copy that nobody else can read" || echo "# found '$found'" >&2
[ -z "$(ls -A "$TMPDIR")" ] && ! pgrep -f "gpg-agent --homedir $work" >/dev/null
tap $? "and in the end nothing is left, nor any agent"
tap_done
