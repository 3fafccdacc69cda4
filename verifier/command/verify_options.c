/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "verifier/command/options.h"
#include "verifier/command/verify.h"

#define AT(member) .at = offsetof(struct verify_options, member)
const struct rp_option rp_verify_options[] = {
	{RP_OPTION_CONFIG, AT(config)},
	{.name = "target",
	 .type = RP_OPTION_TEXT,
	 .value = "NAME",
	 AT(target),
	 .required = true,
	 .help = "What the manifest must be about. Named by you and never taken from the manifest, so that "
		 "one database's backup cannot pass as another's."},
	{.name = "manifest",
	 .type = RP_OPTION_FILE,
	 .value = "FILE",
	 AT(manifest),
	 .help = "The signed manifest that was made when the backup was. A directory of manifests: the one in it that is "
		 "of the chosen backup."},
	{.name = "trust",
	 .type = RP_OPTION_FILES,
	 .value = "PUB",
	 AT(trust),
	 .help = "A public key whose signature counts (PEM: Ed25519 or ECDSA P-256), or a trust store, which says which keys "
		 "may speak for which targets, from when to when, and how many must have signed. May be given more than "
		 "once."},
	{.name = "environment",
	 .group = "whom to believe",
	 .type = RP_OPTION_TEXT,
	 .value = "NAME",
	 AT(environment),
	 .help = "Where it must have been sealed, as 'seal --environment' was told: staging's shop is not production's."},
	{.name = "reports",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 AT(reports),
	 .help = "Write result.json, report.html and TEST-NAME.xml (JUnit) there. From the first moment on "
		 "result.json says that a run has started, so that an older pass is never read for this "
		 "one."},
	{.name = "point",
	 .group = "which backup",
	 .type = RP_OPTION_TEXT,
	 .value = "WHICH",
	 AT(point),
	 .once = true,
	 .help = "Which backup, where ARTIFACT is a directory of them: its name, 'newest', 'random' or 'random:SEED'. When it "
		 "is not given, the one that the manifest names, or else the newest. 'reprove points DIR' lists them."},
	{.name = "at",
	 .group = "which backup",
	 .type = RP_OPTION_TEXT,
	 .value = "WHEN",
	 AT(at),
	 .once = true,
	 .help = "The newest backup that is not after this time (2026-11-21T06:00:00Z) or place in the log "
		 "('lsn:0/3000060', 'binlog:FILE:POSITION'), where backups tell theirs."},
	RP_UNWRAPPING_OPTIONS(verify_options, unwrapping),
	{.name = "database",
	 .group = "which backup",
	 .type = RP_OPTION_TEXT,
	 .value = "NAME",
	 AT(database),
	 .help = "Which database, where the backup holds several. The manifest says it where there is one."},
	{.name = "logs",
	 .group = "which backup",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 AT(logs),
	 .help = "Where the log archive is that a physical backup is recovered with: WAL segments of PostgreSQL, "
		 "binary logs of MariaDB and MySQL."},
	{.name = "recover-to",
	 .group = "which backup",
	 .type = RP_OPTION_TEXT,
	 .value = "WHERE",
	 AT(recover_to),
	 .help = "Where that recovery stops: 'sealed' (the manifest's position, and the default where it has "
		 "one), 'end', 'time:2026-11-21T06:00:00Z', 'lsn:0/3000060', 'name:RESTORE_POINT', "
		 "'binlog:FILE:POSITION' or 'gtid:GTID'."},
	{.name = "scratch",
	 .group = "where it is restored",
	 .type = RP_OPTION_TEXT,
	 .value = "URI",
	 AT(scratch),
	 .help = "Restore into a new database on this server, which is dropped afterwards, and not into a "
		 "private server of our own. Refused when it is the server that was sealed."},
	{.name = "jobs",
	 .group = "where it is restored",
	 .type = RP_OPTION_NUMBER,
	 .value = "N",
	 AT(jobs),
	 .min = 1,
	 .max = 256,
	 .help = "Read with that many connections; one per core when it is not given."},
	{.name = "no-manifest",
	 .group = "what is checked",
	 .type = RP_OPTION_FLAG,
	 AT(no_manifest),
	 .help = "Restore and run the integrity checks with nothing to compare with. The best verdict is "
		 "then 'restorable', never 'verified'."},
	{.name = "check",
	 .group = "what is checked",
	 .type = RP_OPTION_TEXTS,
	 .value = "NAME",
	 AT(only),
	 .help = "Ask this check and none that is not named. May be given more than once. Without all of the "
		 "required ones the run is partial and the status at least 2."},
	{.name = "skip",
	 .group = "what is checked",
	 .type = RP_OPTION_TEXTS,
	 .value = "NAME",
	 AT(skip),
	 .help = "Leave this check out; the report lists it. May be given more than once."},
	{.name = "list-checks",
	 .group = "what is checked",
	 .type = RP_OPTION_FLAG,
	 AT(list_checks),
	 .alone = true,
	 .once = true,
	 .help = "Print every check with what it asks, and do nothing else."},
	{.name = "smoke",
	 .group = "what is checked",
	 .type = RP_OPTION_FILES,
	 .value = "FILE",
	 AT(smoke),
	 .help = "Ask the restored database the one statement in this file. Its first line may be a comment "
		 "that says what to expect: '-- expect: no rows', '-- expect: value X' or '-- expect: at "
		 "least N'. May be given more than once."},
	{.name = "waivers",
	 .group = "what is checked",
	 .type = RP_OPTION_FILE,
	 .value = "FILE",
	 AT(waivers),
	 .help = "Failures that a person accepts, as YAML; see WAIVERS. Each is for one check and one object, with a "
		 "reason, an owner and an end."},
	{.name = "controls",
	 .group = "what is recorded",
	 .type = RP_OPTION_FILE,
	 .value = "FILE",
	 AT(controls),
	 .help = "Which controls the report is evidence in support of, as YAML, instead of the list that is built in; see "
		 "CONTROLS. It becomes part of the record."},
	{.name = "keep",
	 .group = "where it is restored",
	 .type = RP_OPTION_FLAG,
	 AT(keep),
	 .once = true,
	 .help = "Leave the restored database up and say how to connect to it."},
	{.name = "tmpdir",
	 .group = "where it is restored",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 AT(tmpdir),
	 .help = "Where the private server lives; $TMPDIR, or else /tmp."},
	{.name = "unboxed",
	 .group = "where it is restored",
	 .type = RP_OPTION_FLAG,
	 AT(unboxed),
	 .help = "Go on where this machine has no box to restore in: 'I trust this backup'. Where there is one it "
		 "is used all the same. The report says so on its first screen."},
	{.name = "timeout",
	 .group = "where it is restored",
	 .type = RP_OPTION_DURATION,
	 .value = "TIME",
	 AT(timeout_ms),
	 .help = "Stop, clean up and end with 2 when it takes longer: 90s, 15m, 6h."},
	{.name = "max-age",
	 .group = "whom to believe",
	 .type = RP_OPTION_DURATION,
	 .value = "TIME",
	 AT(max_age_ms),
	 .help = "Refuse a manifest that was sealed longer ago: 36h, 7d."},
	{.name = "rto",
	 .group = "what is checked",
	 .type = RP_OPTION_DURATION,
	 .value = "TIME",
	 AT(rto_ms),
	 .help = "The recovery time objective: restore.time fails when the restore takes longer. 15m, 6h."},
	{.name = "rpo",
	 .group = "what is checked",
	 .type = RP_OPTION_DURATION,
	 .value = "TIME",
	 AT(rpo_ms),
	 .help = "The recovery point objective: objective.rpo fails when the newest good backup where ARTIFACT lies is older, "
		 "or when two of them lie further apart. 25h. See OBJECTIVES."},
	{.name = "rpo-period",
	 .group = "what is checked",
	 .type = RP_OPTION_DURATION,
	 .value = "TIME",
	 AT(rpo_period_ms),
	 .help = "How far back gaps between backups are looked for; 7d when it is not given. Older backups are thinned out on "
		 "purpose."},
	{.name = "due",
	 .group = "what is recorded",
	 .type = RP_OPTION_DURATION,
	 .value = "TIME",
	 AT(due_ms),
	 .help = "How often a proof is due, 92d: reports say when the next one is, and 'reprove history' alarms."},
	{.name = "require",
	 .group = "what is checked",
	 .type = RP_OPTION_TEXTS,
	 .value = "NAME",
	 AT(require),
	 .help = "This check must be answered: when it was not run, whatever the reason, the status is a 2. May be given more "
		 "than once."},
	{.name = "max-drop",
	 .group = "what is checked",
	 .type = RP_OPTION_NUMBER,
	 .value = "PERCENT",
	 AT(max_drop),
	 .min = 1,
	 .max = 100,
	 .help = "scope.drop fails when more of the relations, or of the rows, are gone since the last proof in the ledger: a "
		 "source that was emptied is sealed, backed up and restored without a fault. When it is not given, a drop is "
		 "told and does not fail."},
	{.name = "state",
	 .group = "whom to believe",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 AT(state),
	 .help = "Where the last manifest that was verified is remembered, so that an older one is refused. "
		 "'none': nowhere, and the report says so."},
	{.name = "metrics",
	 .group = "what is recorded",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 AT(metrics),
	 .help = "Write reprove-NAME.prom there, for Prometheus' node_exporter (its textfile directory): last result, last "
		 "run, last success, durations."},
	{.name = "ledger",
	 .group = "what is recorded",
	 .type = RP_OPTION_DIR,
	 .value = "DIR",
	 AT(ledger),
	 .help = "Record this run there: an intent before the backup is opened, and how it ended, each signed and "
		 "holding the digest of the one before. It is begun where there is none; see reprove-history(1). Needs "
		 "--result-key."},
	{.name = "result-key",
	 .group = "what is recorded",
	 .type = RP_OPTION_FILE,
	 .value = "KEY",
	 AT(result_key),
	 .help = "The private key that signs results: the verifier's own, and never the one that signs manifests; " RP_PRIVATE_KEY_HELP
		 "."},
	RP_SIGNING_OPTIONS(verify_options, signing, "result-key", "result-sign-command", false),
	RP_STAMPING_OPTIONS(verify_options, stamping),
	RP_NOTIFYING_OPTIONS(verify_options, notifying),
	{.name = "expect-manifest",
	 .group = "whom to believe",
	 .type = RP_OPTION_SHA256,
	 .value = "SHA256",
	 AT(expect_manifest),
	 .once = true,
	 .help = "Refuse every manifest but the one of this digest, as 'seal' and 'show' print it."},
	{.name = "min-sequence",
	 .group = "whom to believe",
	 .type = RP_OPTION_NUMBER,
	 .value = "N",
	 AT(min_sequence),
	 .once = true,
	 .min = 1,
	 .max = UINT64_MAX,
	 .help = "Refuse a manifest with a lower sequence number: an older one shown again."},
	{.name = "not-older-than",
	 .group = "whom to believe",
	 .type = RP_OPTION_TIME,
	 .value = "TIME",
	 AT(not_older_ms),
	 .once = true,
	 .help = "Refuse a manifest that was sealed before that time: 2026-11-21T06:00:00Z."},
	{.name = "show-values",
	 .group = "what is checked",
	 .type = RP_OPTION_FLAG,
	 AT(show_values),
	 .help = "Show restored values of rows that differ, and keys that are more than numbers, times and UUIDs. Without it "
		 "they are masked, because reports travel."},
	{.name = "json",
	 .type = RP_OPTION_FLAG,
	 AT(json),
	 .once = true,
	 .help = "Print result.json and not the report for people."},
	{0},
};
const struct rp_operand rp_verify_artifact = {
	.value = "ARTIFACT",
	.help = "The backup: a file or a directory, also compressed (gzip, bzip2, xz, zstd, lz4) and encrypted "
		"(openssl enc, gpg, age); or a directory of backups, of which one is chosen. What it is is recognised by its "
		"content.",
	.type = RP_OPTION_FILE,
	AT(artifact),
	.required = true,
	.key = "points",
};
const struct rp_example rp_verify_examples[] = {
	{"prove that a backup is what was sealed, and write the reports",
	 "reprove verify --target shop --manifest shop.manifest.json --trust reprove.pub --reports out "
	 "shop.dump"},
	{"the same of a dump of MariaDB or MySQL, as it lies in the archive",
	 "reprove verify --target shop --manifest shop.manifest.json --trust reprove.pub --reports out "
	 "shop.sql.gz"},
	{"of one that was encrypted, whose password is in a file that nobody else can read",
	 "reprove verify --target shop --manifest shop.manifest.json --trust reprove.pub "
	 "--passphrase-file backup.pw shop.dump.gpg"},
	{"of one that 'openssl enc' made without -pbkdf2",
	 "reprove verify --target shop --manifest shop.manifest.json --trust reprove.pub "
	 "--passphrase-file backup.pw --openssl-kdf bytes-to-key:sha256 shop.dump.enc"},
	{"of one that a program of one's own packed",
	 "reprove verify --target shop --manifest shop.manifest.json --trust reprove.pub "
	 "--filter 'lrzip -d -o - -' shop.dump.lrz"},
	{"does it restore at all, without a manifest",
	 "reprove verify --target shop --no-manifest --reports out shop.dump"},
	{"tell a chat's webhook and a dead man's switch how it ended",
	 "reprove verify --target shop --manifest shop.manifest.json --trust reprove.pub --webhook-file hook.url "
	 "--ping-file ping.url shop.dump"},
	{"ask a question of one's own as well", "reprove verify --target shop --manifest shop.manifest.json "
						"--trust reprove.pub --smoke orders.sql shop.dump"},
	{0},
};
const struct rp_section rp_verify_sections[] = {
	{"WHAT HAPPENS",
	 "The manifest's signature is checked before anything in it is read. Then a private server of the "
	 "sealed version, or the nearest newer one, is started in a directory that only you can enter; it "
	 "listens on a Unix socket alone. The backup is restored into it and hashed as it is read. The same "
	 "survey is taken that was taken for the seal, and the two are compared; the engine's own integrity "
	 "tests run; your questions are asked. Then the server is stopped and everything is removed, also "
	 "after Ctrl-C. What a killed run leaves, the next one removes.\n\n"
	 "A backup whose digest is wrong fails at once; it is restored and compared all the same, because a "
	 "person wants to know where it differs. A restore that ends early is never compared as if it were "
	 "whole."},
	{"ENCRYPTED BACKUPS",
	 "Layers of compression and encryption are recognised by their content, in any order, and taken off as the "
	 "backup is read; no plaintext is written to disk but for a copy in the private directory that some formats "
	 "need. Several passwords may be given, and are tried one after the other. A wrong password is no fault of "
	 "the backup: with a manifest its digest tells whether the file is intact (status 2) or damaged (status 1). "
	 "gpg and age run in the same kind of box as the private server; a command given with --filter runs as "
	 "you, with your rights."},
	{"A SERVER OF YOUR OWN", "With --scratch the backup is restored into a new database on a server that "
				 "you name, by a login that may create databases and must not be a "
				 "superuser: a backup is a stranger's input. What such a login cannot "
				 "restore (owners, grants, event triggers) is listed and not compared. The "
				 "engine's integrity tests need a superuser's rights; leave them out with "
				 "--skip engine.amcheck --skip engine.page_checksums, or the status is a 2."},
	{"CHECKS",
	 "'reprove verify --list-checks' explains them. Required for 'verified' are manifest.trust, "
	 "artifact.digest, restore.complete, schema.objects, relation.rows and relation.digest. A check that "
	 "was not run stands in the report with the reason."},
	{"OBJECTIVES",
	 "What is asked in time, best written into the configuration, and never a promise: restores are measured under the "
	 "conditions of a test, which the report lists.\n\n"
	 "--rto is compared with the time of the restore (restore.time); the phases before and after it are listed beside it. "
	 "--rpo is compared with the age of the newest good backup when the run began, and with the largest gap between good "
	 "ones in --rpo-period. Good is what a trusted manifest is of, by names and sizes; manifests are looked for in the "
	 "directory that --manifest names, or else beside the backups. What logs would add between backups is not counted. "
	 "Where one backup is named, and not the directory it lies in, its age alone is told."},
	{"WAIVERS",
	 "waivers:\n  - check: relation.digest\n    object: measurements\n    reason: mysqldump cuts FLOAT to six "
	 "digits\n    owner: dba@example.org\n    until: 2027-03-31\n\n"
	 "The very object that the report names ('' where it names none), and no wildcard; at most a year ahead. "
	 "What is waived stands in the report with its reason and owner, and the verdict counts it. Trust, digest "
	 "and completeness cannot be waived."},
	{"CONTROLS",
	 "controls:\n  - framework: Shop AG, policy BC-7\n    id: BC-7.3\n    asks: every quarter one backup of each system is "
	 "restored and compared\n\n"
	 "Shown in the HTML report instead of the identifiers of NIST, ISO, SOC 2, DORA, NIS2, CIS and the CAF. 'report "
	 "--controls' shows another list with a result that is on record already."},
	{"TRUST STORE",
	 "keys:\n  - file: backup-2026.pub\n    roles: [manifest]\n    owner: backup team\n    targets: shop*\n    from: 2026-01-01\n"
	 "    until: 2027-02-01\n  - file: runner.pub\n    roles: [result]\npolicies:\n  - targets: shop\n    signatures: 2\n    max-age: "
	 "36h\n    environment: production\n    ledger: 6f1e...\n\n"
	 "Roles are manifest, result and review; who signs manifests signs nothing else, and nobody reviews his own results. A "
	 "key is 'revoked' from a day on for everything that it ever signed. Keys of two years may overlap, so that one "
	 "follows the other without a gap. The first policy whose pattern fits the target holds: how many different keys must "
	 "have signed, how old a manifest may be, where it was sealed, which ledger its verifications are recorded in. Paths "
	 "start where the store is; a store that everybody may change is refused.\n\n"
	 "stamps:\n  - file: tsa-ca.pem\n    owner: our time stamping authority\n\n"
	 "names the certificates that a time stamping authority's own must lead to ('seal --stamp'). A policy may then say "
	 "'stamp: required': a signature without such a stamp does not count; and 'old-keys: stamped': a key that ran out "
	 "or was revoked still counts for what was stamped before that. Certificates count as of the stamp's own time."},
	{"NOTIFICATIONS",
	 "They go out when all has been decided, whatever came of it, also after Ctrl-C and after --timeout, and before the "
	 "result is signed: whom they did not reach stands in the report. What changes the status after that (a ledger that "
	 "cannot be written) is told once more, as a correction.\n\n"
	 "A command finds in its environment REPROVE_STATUS (0 to 4), REPROVE_VERDICT, REPROVE_TEXT (a sentence), "
	 "REPROVE_TARGET, REPROVE_POINT, REPROVE_MANIFEST (SHA-256), REPROVE_STARTED_AT, REPROVE_FINISHED_AT, REPROVE_REPORTS "
	 "(the directory), REPROVE_PASS, REPROVE_FAIL, REPROVE_NOT_RUN, REPROVE_ERROR, REPROVE_WAIVED, REPROVE_RUN (a UUID), "
	 "REPROVE_CORRECTION (0 or 1), and of ours PATH, HOME and the like. What it writes is dropped but for the last line of a "
	 "failure.\n\n"
	 "The webhook gets the same as JSON (schema reprove/notice/v1), with the headers webhook-id, webhook-timestamp and, "
	 "with a secret, webhook-signature: v1,BASE64 of the HMAC-SHA-256 of ID.TIMESTAMP.BODY. Anything but an answer of "
	 "2xx is a failure; no connection, 429 and 5xx are tried three times."},
	{"OLD MANIFESTS",
	 "An old manifest beside an old backup is signed as well as today's. So the last one that was "
	 "verified with status 0 is remembered for each key and target, and an older one is refused with 3. "
	 "It is kept in --state DIR, or else in $STATE_DIRECTORY, $XDG_STATE_HOME/reprove or "
	 "~/.local/state/reprove. The first time there is nothing to compare with; then, and where the "
	 "directory cannot be written, the report says on its first screen that an old manifest would not "
	 "have been noticed. Where no state is kept from run to run, --expect-manifest, --min-sequence or "
	 "--not-older-than stand in for it. To verify an older backup on purpose, name its manifest with "
	 "--expect-manifest."},
	{"FILES",
	 "DIR/result.json is the recorded result, from which the others can be rendered again with "
	 "reprove-report(1). DIR/report.html is one file without scripts. DIR/TEST-NAME.xml is "
	 "JUnit XML, DIR/summary-NAME.md Markdown for the summary of a CI job. All of them are of the last run that was started: options that are wrong (status "
	 "4) end the program before it looks at DIR, and leave an older result there. "
	 "STATE/ratchet/*.json remember manifests."},
	{0},
};
