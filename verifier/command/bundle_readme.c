/* SPDX-License-Identifier: MIT */
#include "verifier/command/bundle.h"

#include <string.h>

/* Each step is a paragraph and what to type. docs/auditing.md is the same walk with its reasons, and a test types both. */
static const char begin[] =
	"# Evidence of a restore test\n\n"
	"What is here was written by `reprove`. It can be checked without it, on a machine without a network, with `openssl`,\n"
	"`jq` and what every system has (`sha256sum`, `base64`, `wc`, `cat`, `sed`, `date`): type the indented lines into a shell in this\n"
	"directory, from the first to the last. What that proves is that nothing was changed and who signed it. That a restore\n"
	"took place is proved by doing it again: the report ends with the commands for that.\n\n"
	"## Nothing was changed\n\n"
	"    sha256sum -c SHA256SUMS\n\n"
	"## Two words for what follows\n\n"
	"Every signature here is in an envelope (DSSE) around a statement (in-toto). `unfold FILE N` lays out what its\n"
	"signature number N is over, and names the key; `holds KEY WHAT SIGNATURE` asks whether that key says so.\n\n"
	"    unfold() {\n"
	"        jq -r .payload \"$1\" | base64 -d >statement\n"
	"        { printf 'DSSEv1 28 application/vnd.in-toto+json %d ' \"$(wc -c <statement)\"; cat statement; } >signed\n"
	"        jq -r \".signatures[$2].sig\" \"$1\" | base64 -d >signature\n"
	"        key=keys/$(jq -r \".signatures[$2].keyid\" \"$1\").pub\n"
	"    }\n"
	"    holds() {\n"
	"        case $(openssl pkey -pubin -in \"$1\" -noout -text) in\n"
	"        ED25519*) openssl pkeyutl -verify -pubin -inkey \"$1\" -rawin -in \"$2\" -sigfile \"$3\" ;;\n"
	"        *) openssl dgst -sha256 -verify \"$1\" -signature \"$3\" \"$2\" ;;\n"
	"        esac\n"
	"    }\n\n"
	"## Whose keys these are\n\n"
	"Ask for the fingerprints by another way than this archive, and compare. They are the names of the files in `keys/`\n"
	"and the SHA-256 of each key's DER form; `keys/trust.txt` says who may speak for what.\n\n"
	"    for k in keys/*.pub; do echo \"$k: $(openssl pkey -pubin -in \"$k\" -outform DER | sha256sum)\"; done\n\n";

static const char sums[] = "## The list of digests is signed\n\n"
			   "    runner=\001\n"
			   "    holds \"keys/$runner.pub\" SHA256SUMS SHA256SUMS.sig\n\n";
static const char no_sums[] =
	"## The list of digests is not signed\n\n"
	"Nobody vouches for the reports here: of `report.html` and the others, believe what `result.json` says, too.\n\n";

static const char result[] =
	"## The result\n\n"
	"`result.json` is the record; `report.html`, the JUnit file and the summary are rendered from it and say nothing else.\n\n"
	"    jq '{target, verdict, status, startedAt, finishedAt, manifest, summary, provisos}' result.json\n"
	"    jq -r '.findings[] | select(.verdict == \"fail\") | [.check, .object, .message] | @tsv' result.json\n\n";

static const char recorded[] =
	"## The result is signed, and stands in a ledger\n\n"
	"`result.dsse.json` is the ledger's entry for it and names `result.json` by its digest.\n\n"
	"    unfold result.dsse.json 0\n"
	"    holds \"$key\" signed signature\n"
	"    echo \"$(jq -r '.subject[0].digest.sha256' statement)  result.json\" | sha256sum -c\n\n";

static const char ledger[] =
	"## Nothing was left out\n\n"
	"Entries in `ledger/entries` are numbered and each holds the digest of the one before: a gap or a change shows. A run\n"
	"is entered before it opens a backup, so that one that was broken off shows, too. Of entries that were pruned a later\n"
	"one keeps the digests.\n\n"
	"    broken= pruned=\n"
	"    for e in ledger/entries/*.json; do\n"
	"        unfold \"$e\" 0\n"
	"        pruned=\"$pruned $(jq -r 'select(.predicate.kind == \"pruned\") | .predicate.says | [.[]] | join(\" \")' statement)\"\n"
	"    done\n"
	"    previous=$(jq -j .id ledger/ledger.json | sha256sum)\n"
	"    for e in ledger/entries/*.json; do\n"
	"        unfold \"$e\" 0\n"
	"        jq -r '.predicate | [.number, .at, .kind, .target // \"\", .says.verdict // \"\", .says.says // \"\"] | @tsv' statement\n"
	"        case \"${previous%% *} $pruned \" in\n"
	"        *\"$(jq -r .predicate.previous statement) \"*) ;;\n"
	"        *) broken=\"$broken $e\" ;;\n"
	"        esac\n"
	"        if [ -e \"$key\" ]; then holds \"$key\" signed signature || broken=\"$broken $e\"; else echo \"no $key here\"; fi\n"
	"        previous=$(sha256sum <statement)\n"
	"    done\n"
	"    echo \"head: $(jq -r .id ledger/ledger.json):$(jq -r .predicate.number statement):${previous%% *}\"\n"
	"    [ -z \"$broken\" ] || { echo \"these do not follow the one before, or are not signed: $broken\"; false; }\n\n"
	"That the end was not cut off shows a head that was kept elsewhere, `LEDGER:NUMBER:SHA256`: the SHA-256 is that of the\n"
	"statement of the entry of that number.\n\n"
	"## Who has reviewed it\n\n"
	"A review is an entry, too, signed by a key of the role `review` and naming what was reviewed by its digest. No line\n"
	"below: nobody has reviewed this result.\n\n"
	"    unfold result.dsse.json 0\n"
	"    entry=$(sha256sum <statement)\n"
	"    for e in ledger/entries/*.json; do\n"
	"        unfold \"$e\" 0\n"
	"        jq -r --arg of \"${entry%% *}\" --arg key \"$key\" '.predicate | select(.says.digest == $of) |\n"
	"            [.at, .kind, $key, .says.says] | @tsv' statement\n"
	"    done\n\n";

static const char manifest[] =
	"## What there was to compare with\n\n"
	"`manifest.json` was signed when the backup was made: every schema object, and of every relation the number of rows and\n"
	"digests. Its name in the result is the SHA-256 of its payload.\n\n"
	"    sealed=\n"
	"    for n in $(jq '.signatures | keys[]' manifest.json); do\n"
	"        unfold manifest.json \"$n\"\n"
	"        if [ -e \"$key\" ] && holds \"$key\" signed signature; then sealed=\"$sealed $key\"; fi\n"
	"    done\n"
	"    [ -n \"$sealed\" ] && echo \"signed by $sealed\"\n"
	"    echo \"$(jq -r .manifest.sha256 result.json)  statement\" | sha256sum -c\n"
	"    jq -r '.subject[] | [.name, .digest.sha256] | @tsv' statement    # the backup's own files\n\n";

static const char stamps[] =
	"## Since when it has been there\n\n"
	"A signature may carry the time stamp of a third party (RFC 3161): those very bytes were there at that time. Who is\n"
	"believed as that party is in `keys/stamps.pem`; compare with what the party itself publishes.\n\n"
	"    openssl storeutl -noout -text -certs keys/stamps.pem\n"
	"    for f in manifest.json result.dsse.json; do\n"
	"        [ -e \"$f\" ] || continue\n"
	"        for n in $(jq '.signatures | keys[]' \"$f\"); do\n"
	"            unfold \"$f\" \"$n\"\n"
	"            jq -r \".signatures[$n].stamp // empty\" \"$f\" | base64 -d >stamp.tsr\n"
	"            [ -s stamp.tsr ] || continue\n"
	"            when=$(openssl ts -reply -in stamp.tsr -text 2>&1 | sed -n 's/^Time stamp: //p')\n"
	"            echo \"$f, signature $n: it was there on $when\"\n"
	"            openssl ts -verify -in stamp.tsr -data signature -partial_chain -CAfile keys/stamps.pem \\\n"
	"                -attime \"$(date -d \"$when\" +%s)\"\n"
	"        done\n"
	"    done\n";

/* The text with each byte 1 made a key's name. */
static void add_with_key(struct rp_buf *out, const char *text, const char *key)
{
	for (const char *at; (at = strchr(text, '\001')); text = at + 1) {
		rp_buf_add_mem(out, text, (size_t)(at - text));
		rp_buf_add(out, key);
	}
	rp_buf_add(out, text);
}

void rp_bundle_readme(const struct rp_bundle *b, bool stamped, struct rp_buf *out)
{
	rp_buf_add(out, begin);
	if (b->key)
		add_with_key(out, sums, rp_key_id(b->key));
	else
		rp_buf_add(out, no_sums);
	rp_buf_add(out, result);
	if (b->ledger) {
		rp_buf_add(out, recorded);
		rp_buf_add(out, ledger);
	}
	if (b->manifest)
		rp_buf_add(out, manifest);
	if (stamped)
		rp_buf_add(out, stamps);
}
