#!/bin/bash
# SPDX-License-Identifier: MIT
# MariaDB and MySQL: under insert, update and delete load the survey and the backup are of one moment: twenty seals,
# twenty passes. Prints how long writers were held up.
# usage: load_mysql.sh REPROVE SOURCE_ROOT [SEALS [FORMAT]]
set -u
reprove=$(realpath "$1") root=$2 seals=${3:-20} format=${4:-mysqldump}
. "$root/tests/lib/mysql.sh"
. "$root/tests/lib/tap.sh"
my_begin
# With a binary log, so that the position in the dump's header is compared, too.
my_start --log-bin=binlog --server-id=1 --binlog-format=ROW
cd "$work" || exit 1
"$reprove" keygen . >/dev/null
cat >load.sql <<'S'
CREATE TABLE digit (d int PRIMARY KEY);
INSERT INTO digit VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE TABLE accounts (id int NOT NULL PRIMARY KEY, balance bigint NOT NULL, filler char(80) NOT NULL) ENGINE=InnoDB;
INSERT INTO accounts SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d, 1000, 'filler'
FROM digit a, digit b, digit c, digit d, digit e WHERE e.d < 3;
CREATE TABLE branches (id int NOT NULL PRIMARY KEY, balance bigint NOT NULL) ENGINE=InnoDB;
INSERT INTO branches SELECT d, 0 FROM digit;
CREATE TABLE history (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, account int NOT NULL, delta int NOT NULL, at datetime(6) NOT NULL,
	KEY (account)) ENGINE=InnoDB;
CREATE TABLE without_key (account int NOT NULL, delta int NOT NULL) ENGINE=InnoDB;
CREATE DATABASE tools;
DELIMITER ;;
CREATE PROCEDURE tools.work_on(IN seed int)
BEGIN
	DECLARE EXIT HANDLER FOR 1213, 1205 ROLLBACK;
	START TRANSACTION;
	SET @account = 1 + FLOOR(RAND() * 30000), @delta = FLOOR(RAND() * 10000) - 5000;
	UPDATE bench.accounts SET balance = balance + @delta WHERE id = @account;
	UPDATE bench.branches SET balance = balance + @delta WHERE id = seed;
	INSERT INTO bench.history (account, delta, at) VALUES (@account, @delta, NOW(6));
	INSERT INTO bench.without_key VALUES (@account, @delta);
	DELETE FROM bench.history ORDER BY id LIMIT 1;
	DELETE FROM bench.without_key WHERE delta < 0 LIMIT 1;
	COMMIT;
END;;
DELIMITER ;
INSERT INTO history (account, delta, at) SELECT id, 0, '2024-01-01' FROM accounts WHERE id <= 5000;
S
my_load bench load.sql || exit 1
writer() { # SEED: a client that never ends, about a hundred transactions a second
	while :; do printf 'CALL tools.work_on(%d);\nDO SLEEP(0.005);\n' "$1" || return; done | my_client bench >/dev/null 2>"writer$1.err"
}
writers=()
for seed in 1 2 3 4; do
	writer $seed &
	writers+=($!)
done
# Not more than that has been written is not much of a load.
written() { sql bench "SELECT COALESCE(MAX(id), 0) FROM history"; }
before=$(written)
longest=0
for ((i = 1; i <= seals; i++)); do
	rm -rf backup
	runs 0 "seal $i under load" "$reprove" seal --source "$(my_uri bench)" --key reprove.key --manifest m.json --backup backup \
		--format "$format" --jobs $((i % 2 + 1))
	has "of the same snapshot" "seal $i is bound to one snapshot" "$out"
	held=$(sed -n 's/.*held up for \([0-9]*\) ms.*/\1/p' "$work/stdout" "$work/stderr" | head -1)
	[ -z "${RP_VERBOSE:-}" ] || echo "# $held ms $(grep -i -m1 warn "$work/stderr")"
	[ -n "$held" ]
	tap $? "seal $i says how long it held up writers"
	[ "${held:-0}" -le "$longest" ] || longest=$held
	runs 0 "seal $i verifies" "$reprove" verify --target bench --manifest m.json --trust reprove.pub --reports out backup
done
after=$(written)
[ $((after - before)) -gt $((seals * 20)) ]
tap $? "and the load went on all the time" || echo "# $before to $after rows" >&2
alive=0
for w in "${writers[@]}"; do kill -0 "$w" 2>/dev/null && alive=$((alive + 1)); done
[ $alive -eq 4 ]
tap $? "by all who wrote" || cat writer*.err >&2
# A bound with room for a machine that has other work; an idle one holds writers up for a few milliseconds.
[ "$longest" -lt 2000 ]
tap $? "and nobody who wrote was held up for long"
echo "# longest lock: $longest ms; $((after - before)) transactions beside $seals seals and verifications"
# The clients end with the server that they write to.
my_stop
wait "${writers[@]}" 2>/dev/null
tap_done
