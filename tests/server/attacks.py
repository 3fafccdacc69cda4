#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What somebody may do to a manifest, its keys, a result or a ledger, and what is said then: one table.

attacks.py REPROVE SOURCE_ROOT BASE   every attack, on a copy of the directory that attacks.sh has prepared; writes TAP
attacks.py --table                    the table, for docs/attacks.md
"""
import base64
import datetime
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

TYPE = "application/vnd.in-toto+json"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

STORE = """keys:
  - {file: seal/reprove.pub, roles: [manifest]%(seal)s}
  - {file: second/reprove.pub, roles: [manifest]}
  - {file: runner/reprove.pub, roles: [result]%(runner)s}
  - {file: reviewer/reprove.pub, roles: [review]}
stamps:
  - {file: tsa/ca.pem}
policies:
  - {targets: shop, environment: production, max-age: 36h%(policy)s}
"""


class Scene:
    """One attack's own copy of everything, and the tools of whoever attacks."""

    def __init__(self, reprove, directory):
        self.reprove, self.dir = reprove, pathlib.Path(directory)
        self.now = datetime.datetime.now(datetime.timezone.utc)
        self.store()

    def path(self, name):
        return self.dir / name

    def ago(self, **how):
        return (self.now - datetime.timedelta(**how)).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def store(self, seal="", runner="", policy=""):
        """The trust store, with more said of a key or in the policy."""
        text = STORE % {"seal": seal, "runner": runner, "policy": policy}
        self.path("trust.yaml").write_text(text)

    # ---- Envelopes

    def read(self, name="m.json"):
        return json.loads(self.path(name).read_text())

    def write(self, envelope, name="m.json"):
        text = envelope if isinstance(envelope, str) else json.dumps(envelope)
        self.path(name).write_text(text)

    def statement(self, name="m.json"):
        return json.loads(base64.b64decode(self.read(name)["payload"]))

    @staticmethod
    def pae(payload, kind=TYPE):
        return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)

    def key(self, who):
        from cryptography.hazmat.primitives import serialization
        return serialization.load_pem_private_key(self.path(f"{who}/reprove.key").read_bytes(), None)

    def key_id(self, who):
        from cryptography.hazmat.primitives import serialization
        der = self.key(who).public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def sign(self, who, data, digest=None):
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        key = self.key(who)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(data, ec.ECDSA(digest or hashes.SHA256()))
        return key.sign(data)

    def seal(self, payload, *who, kind=TYPE, keyid=None, name="m.json"):
        """Signed well, by whoever has the key."""
        if not isinstance(payload, (str, bytes)):
            payload = json.dumps(payload)
        if isinstance(payload, str):
            payload = payload.encode()
        self.write({"payload": base64.b64encode(payload).decode(), "payloadType": kind,
                    "signatures": [{"keyid": keyid or self.key_id(w),
                                    "sig": base64.b64encode(self.sign(w, self.pae(payload, kind))).decode()}
                                   for w in who or ("seal",)]}, name)

    def change(self, who="seal", **predicate):
        """Another manifest by the same sealer: members of its predicate are others, None: not there."""
        s = self.statement()
        for member, value in predicate.items():
            s["predicate"][member] = value
            if value is None:
                del s["predicate"][member]
        self.seal(s, who)

    def stamp(self, tsa="tsa", name="m.json"):
        self.run("stamp", "--stamp-command", str(self.path(f"{tsa}/answer")), name)

    def entry(self, number):
        return f"led/entries/{number:012}.json"

    def append(self, who, kind, says, at=None, target="shop", ledger="led"):
        """An entry behind the last one, as the program itself would write it."""
        entries = sorted(os.listdir(self.path(f"{ledger}/entries")))
        last = base64.b64decode(self.read(f"{ledger}/entries/{entries[-1]}")["payload"])
        s = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://reprove.dev/ledger/v1", "subject": [],
             "predicate": {"schemaVersion": 1, "ledger": json.loads(self.path(f"{ledger}/ledger.json").read_text())["id"],
                           "number": str(len(entries) + 1), "previous": hashlib.sha256(last).hexdigest(),
                           "at": at or self.ago(), "kind": kind, "target": target, "says": says,
                           "tool": {"name": "reprove", "version": "0"}}}
        self.seal(s, who, name=f"{ledger}/entries/{len(entries) + 1:012}.json")

    def answer(self, who, kind, **more):
        digest = hashlib.sha256(base64.b64decode(self.read(self.entry(2))["payload"])).hexdigest()
        self.append(who, kind, {"of": "2", "digest": digest, "says": "seen"}, **more)

    def head(self):
        return self.path("head").read_text().strip()

    def run(self, *words):
        return subprocess.run([self.reprove, *words], cwd=self.dir, stdin=subprocess.DEVNULL, text=True, timeout=60,
                              capture_output=True, errors="replace")

    def verify(self, *more):
        return self.run("verify", "--target", "shop", "--manifest", "m.json", "--trust", "trust.yaml", "--state", "none",
                        "--reports", "out", *more, "shop.dump")

    def history(self, *more):
        return self.run("history", "--check", "--ledger", "led", "--trust-result", "trust.yaml", *more)


attacks = []


def attack(name, status, sentence, how=Scene.verify):
    """Registers one: what is done, the exit status, what must be said, and the command that says it."""
    def register(do):
        attacks.append((name, status, sentence, do, how))
        return do
    return register


def simply(name, status, sentence, do, how=Scene.verify):
    attack(name, status, sentence, how)(do)


# ---- Replay, rollback, freezing

def with_memory(s):
    return s.run("verify", "--target", "shop", "--manifest", "m.json", "--trust", "trust.yaml", "--state", "state", "shop.dump")


def older(s):
    s.change(sealedAt=s.ago(hours=5), sequence="1000")


simply("replay: yesterday's manifest beside yesterday's backup, after today's was verified", 3,
       "a newer one (", older, with_memory)
simply("replay: another manifest with the sequence of the one that was verified", 3, "a newer one (",
       lambda s: s.change(tool={"name": "reprove", "version": "9"}), with_memory)
simply("rollback where nothing is remembered: a lower sequence than the caller knows of", 3, "expected at least 2000",
       older, lambda s: s.verify("--min-sequence", "2000"))
simply("rollback where nothing is remembered: sealed before the caller's day", 3, "expected not before 2026-",
       older, lambda s: s.verify("--not-older-than", s.ago(hours=1)))
simply("another manifest than the caller names", 3, ", expected 00000000",
       lambda s: None, lambda s: s.verify("--expect-manifest", "0" * 64))
simply("freezing: the newest one that is known, shown for ever", 3, "ago, expected at most 36 h",
       lambda s: s.change(sealedAt=s.ago(hours=40)))
simply("fast-forward: sealed in the future", 2, "and here it is only",
       lambda s: s.change(sealedAt=s.ago(days=-30)))

# ---- Mix-and-match

simply("mix-and-match: another target's manifest, by the same key", 3, "it is about the target 'billing', expected 'shop'",
       lambda s: s.change(target="billing"))
simply("mix-and-match: a target whose name looks the same (a Cyrillic o)", 3, "it is about the target",
       lambda s: s.change(target="sh\u043ep"))
simply("mix-and-match: staging's manifest", 3, "it is about the environment 'staging', expected 'production'",
       lambda s: s.change(environment="staging"))
simply("mix-and-match: a manifest that leaves its environment out", 3, "it is about the environment '', expected 'production'",
       lambda s: s.change(environment=None))
simply("mix-and-match: the manifest of another backup beside this backup", 1, "this is not the file that was sealed",
       lambda s: s.path("shop.dump").write_bytes(b"PGDMP of another night"))
simply("no manifest at all", 3, "there is no such file", lambda s: s.path("m.json").unlink())

# ---- Keys

simply("key substitution: signed by a stranger", 3, "it is signed by no trusted key",
       lambda s: s.seal(s.statement(), "stranger"))
simply("keyid games: a stranger's signature under the trusted key's name", 3,
       "does not fit: it was changed after it was signed",
       lambda s: s.seal(s.statement(), "stranger", keyid=s.key_id("seal")))


@attack("keyid games: the trusted signature under a stranger's name, the payload edited", 3, "it is signed by no trusted key")
def _(s):
    e = s.read()
    payload = s.statement()
    payload["predicate"]["target"] = "shop2"
    e["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    e["signatures"][0]["keyid"] = s.key_id("stranger")
    s.write(e)


@attack("algorithm substitution: an HMAC keyed with the public key", 3, "does not fit")
def _(s):
    payload = base64.b64decode(s.read()["payload"])
    mac = hmac.new(s.path("seal/reprove.pub").read_bytes(), s.pae(payload), "sha512").digest()
    s.write({**s.read(), "signatures": [{"keyid": s.key_id("seal"), "sig": base64.b64encode(mac).decode(), "alg": "HS512"}]})


@attack("algorithm substitution: ECDSA of the trusted key with SHA-1", 3, "does not fit")
def _(s):
    from cryptography.hazmat.primitives import hashes
    payload = base64.b64decode(s.read()["payload"])
    sig = s.sign("second", s.pae(payload), hashes.SHA1())
    s.write({**s.read(), "signatures": [{"keyid": s.key_id("second"), "sig": base64.b64encode(sig).decode()}]})


@attack("algorithm substitution: an RSA key in the trust store", 4, "is a key for RSA, expected Ed25519 or ECDSA P-256")
def _(s):
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out", s.path("rsa.key")], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", s.path("rsa.key"), "-pubout", "-out", s.path("seal/reprove.pub")], check=True)


simply("a result key signs a manifest", 3, "which is not trusted to sign manifests",
       lambda s: s.seal(s.statement(), "runner"))
simply("a reviewer's key signs a manifest", 3, "which is not trusted to sign manifests",
       lambda s: s.seal(s.statement(), "reviewer"))
simply("one key for manifests and for results", 4, "may have no other role",
       lambda s: s.path("trust.yaml").write_text(
           "keys:\n  - {file: seal/reprove.pub, roles: [manifest, result]}\n"))
simply("one key listed twice, once for each", 4, "is listed twice, and signs manifests, and may have no other role",
       lambda s: s.path("trust.yaml").write_text(
           s.path("trust.yaml").read_text().replace("runner/reprove.pub", "seal/reprove.pub")))
simply("the sealing key signs results, too", 3, "is trusted to sign manifests, expected results",
       lambda s: None, lambda s: s.verify("--ledger", "led", "--result-key", "seal/reprove.key"))
simply("a result key adds its signature to a manifest", 3, "the trust store gives it another role",
       lambda s: None, lambda s: s.run("sign", "--manifest", "m.json", "--key", "runner/reprove.key", "--trust", "trust.yaml"))
simply("a key that is trusted for other targets", 3, "which is trusted for 'billing-*' only",
       lambda s: s.store(seal=", targets: billing-*"))
simply("an expired key", 3, "which was trusted until", lambda s: s.store(seal=f", until: {s.ago(minutes=1)}"))
simply("a key that is not yet valid", 3, "which is trusted from", lambda s: s.store(seal=f", from: {s.ago(days=-1)}"))
simply("a revoked key, whatever it dates back", 3, "which was revoked at",
       lambda s: (s.store(seal=f", revoked: {s.ago(hours=2)}"), s.change(sealedAt=s.ago(hours=10))))
simply("a new key dates back before its own time", 3, "which is trusted from",
       lambda s: (s.store(seal=f", from: {s.ago(hours=2)}"), s.change(sealedAt=s.ago(hours=10))))
simply("a trust store that everybody may write", 4, "can be changed by everybody",
       lambda s: s.path("trust.yaml").chmod(0o666))
simply("a trust store with a setting that is not known (a threshold misspelt)", 4, "Unexpected key: signaturs",
       lambda s: s.store(policy=", signaturs: 2"))
simply("a private key where the public one belongs", 4, "is a private key",
       lambda s: shutil.copy(s.path("stranger/reprove.key"), s.path("seal/reprove.pub")))

# ---- Signatures

simply("stripped signatures: none is left", 3, "it has no signature", lambda s: s.write({**s.read(), "signatures": []}))
simply("stripped signatures: one of two that the policy asks for", 3, "signatures of trusted keys: 1, expected at least 2",
       lambda s: s.store(policy=", signatures: 2"))


@attack("one signature twice where two are asked for", 3, "signatures of trusted keys: 1, expected at least 2")
def _(s):
    s.store(policy=", signatures: 2")
    e = s.read()
    s.write({**e, "signatures": e["signatures"] * 2})


@attack("ECDSA's other signature (r, n-s) as a second one", 3, "signatures of trusted keys: 1, expected at least 2")
def _(s):
    from cryptography.hazmat.primitives.asymmetric import utils
    s.store(policy=", signatures: 2")
    s.seal(s.statement(), "second")
    e = s.read()
    r, n_s = utils.decode_dss_signature(base64.b64decode(e["signatures"][0]["sig"]))
    other = utils.encode_dss_signature(r, P256_ORDER - n_s)
    e["signatures"].append({"keyid": "", "sig": base64.b64encode(other).decode()})
    s.write(e)


@attack("a signature as r and s side by side, not in DER", 3, "does not fit")
def _(s):
    from cryptography.hazmat.primitives.asymmetric import utils
    s.seal(s.statement(), "second")
    e = s.read()
    r, n_s = utils.decode_dss_signature(base64.b64decode(e["signatures"][0]["sig"]))
    e["signatures"][0]["sig"] = base64.b64encode(r.to_bytes(32, "big") + n_s.to_bytes(32, "big")).decode()
    s.write(e)


simply("33 signatures, to have us compute", 3, "it has 33 signatures, expected at most 32",
       lambda s: s.write({**s.read(), "signatures": s.read()["signatures"] * 33}))


@attack("signed without the payload's type (no PAE)", 3, "does not fit")
def _(s):
    payload = base64.b64decode(s.read()["payload"])
    s.write({**s.read(), "signatures": [{"keyid": s.key_id("seal"),
                                         "sig": base64.b64encode(s.sign("seal", payload)).decode()}]})


# ---- Form

simply("payloadType confusion: signed well, as another type", 3, "its payload type is 'application/json'",
       lambda s: s.seal(s.statement(), kind="application/json"))
simply("payloadType confusion: the type changed afterwards", 3, "its payload type is",
       lambda s: s.write({**s.read(), "payloadType": "text/plain"}))


@attack("predicateType confusion: a ledger's entry as a manifest, by a key for manifests", 3, "its predicateType is 'https://reprove.dev/ledger/v1', expected")
def _(s):
    s.seal(s.statement(s.entry(2)))


simply("predicateType confusion: a statement of in-toto's v0.1", 3, "its _type is 'https://in-toto.io/Statement/v0.1', expected",
       lambda s: s.seal({**s.statement(), "_type": "https://in-toto.io/Statement/v0.1"}))
simply("stripped sections: the subjects are taken out", 3, "does not fit",
       lambda s: s.write({**s.read(), "payload": base64.b64encode(
           json.dumps({**s.statement(), "subject": []}).encode()).decode()}))


@attack("stripped sections: a manifest without its relations, signed well", 3, "'relations' is missing")
def _(s):
    p = s.statement()
    del p["predicate"]["survey"]["relations"]
    s.seal(p)


simply("a member that nobody knows, signed well", 3, "has a field 'exempt' that this version does not know", lambda s: s.change(exempt=["orders"]))


def twice(text, member, again):
    return text.replace(f'"{member}":', f'"{member}": {again}, "{member}":', 1)


simply("duplicate JSON members: two payloads in the envelope", 3, "has a field twice",
       lambda s: s.write(twice(json.dumps(s.read()), "payload", '"e30="')))
simply("duplicate JSON members: two targets in the statement, signed well", 3, "has a field twice",
       lambda s: s.seal(twice(json.dumps(s.statement()), "target", '"billing"')))
simply("base64 variants: the URL-safe alphabet", 3, "is not standard base64",
       lambda s: s.write({**s.read(), "signatures": [{"sig": "-_" * 43 + "-_"}]}))
simply("base64 variants: newlines in the payload", 3, "the payload is not standard base64",
       lambda s: s.write({**s.read(), "payload": s.read()["payload"][:64] + "\n" + s.read()["payload"][64:]}))
simply("huge numbers: a sequence beyond 64 bits", 3, "expected a whole number above 0", lambda s: s.change(sequence="1" + "0" * 20))
simply("huge numbers: a version of 1e999", 3, "has a number that is too large",
       lambda s: s.seal(re.sub('"schemaVersion": [0-9]+', '"schemaVersion": 1e999', json.dumps(s.statement()))))
simply("a number where a text belongs", 3, "is an integer, expected a string", lambda s: s.change(sequence=5))
simply("100,000 brackets", 3, "it is nested more than 16 deep", lambda s: s.write("[" * 100000))
simply("a NUL in the target's name", 3, "has a NUL character in it", lambda s: s.change(target="shop\0.billing"))
simply("something behind the end", 3, "it has something behind its end",
       lambda s: s.write(s.path("m.json").read_text() + "{}"))
simply("cut in the middle", 3, "it ends in the middle",
       lambda s: s.write(s.path("m.json").read_text()[:5000]))

# ---- Time stamps

simply("a stamp that is required was stripped", 3, "whose signature bears no time stamp",
       lambda s: (s.store(policy=", stamp: required"), s.seal(s.statement())))


@attack("a stamp over another signature", 3, "that counts: it does not hold: message imprint mismatch")
def _(s):
    s.store(policy=", stamp: required")
    stamp = s.read()["signatures"][0]["stamp"]
    s.change(tool={"name": "reprove", "version": "9"})
    e = s.read()
    e["signatures"][0]["stamp"] = stamp
    s.write(e)


simply("a stamp by another authority", 3, "that counts: it does not hold: certificate verify error",
       lambda s: (s.store(policy=", stamp: required"), s.change(), s.stamp("other-tsa")))
simply("a stamp that is no stamp", 3, "it is no reply of a time stamping authority",
       lambda s: (s.store(policy=", stamp: required"),
                  s.write({**s.read(), "signatures": [{**s.read()["signatures"][0], "stamp": "PGh0bWw+"}]})))
simply("a revoked key: stamped after it was revoked", 3, "which was revoked at",
       lambda s: (s.store(seal=f", revoked: {s.ago(minutes=30)}", policy=", old-keys: stamped"),
                  s.change(sealedAt=s.ago(hours=2)), s.stamp()))
simply("a revoked key: not stamped, where old keys count when they are", 3, "which was revoked at",
       lambda s: (s.store(seal=f", revoked: {s.ago(minutes=30)}", policy=", old-keys: stamped"),
                  s.change(sealedAt=s.ago(hours=2))))

# ---- Results and the ledger


def spoil(name):
    def do(s):
        text = bytearray(s.path(name).read_bytes())
        text[len(text) // 2] ^= 1
        s.path(name).write_bytes(text)
    return do


def with_head(s):
    return s.history("--head", s.head())


@attack("an edited result", 3, "is not what it recorded", Scene.history)
def _(s):
    result = s.path("led/results/000000000002.json")
    result.write_text(result.read_text().replace('"verified"', '"Verified"'))


simply("a removed result", 3, "what it recorded is missing",
       lambda s: s.path("led/results/000000000002.json").unlink(), Scene.history)
simply("a changed byte of an entry", 3, "entry 2:", spoil("led/entries/000000000002.json"), Scene.history)


@attack("an entry's verdict turned, by a stranger", 3, "it is signed by no key that may speak so", Scene.history)
def _(s):
    e = s.statement(s.entry(2))
    e["predicate"]["says"]["verdict"] = "failed"
    s.seal(e, "stranger", name=s.entry(2))


@attack("an entry's verdict turned, with the stolen result key", 3, "and the head that was kept says", with_head)
def _(s):
    e = s.statement(s.entry(2))
    e["predicate"]["says"]["restoreMs"] = "1"
    s.seal(e, "runner", name=s.entry(2))


@attack("the entry of a failed attempt removed", 3, "it is missing, and nothing says that it was pruned", Scene.history)
def _(s):
    s.path(s.entry(1)).unlink()


simply("the ledger cut off behind a head that was kept", 3, "the ledger ends at 1 or lacks it",
       lambda s: s.path(s.entry(2)).unlink(), with_head)


@attack("a forked ledger: two histories from one beginning", 3, "and the head that was kept says", with_head)
def _(s):
    s.path(s.entry(2)).unlink()
    s.path("led/results/000000000002.json").unlink()
    entries = sorted(os.listdir(s.path("led/entries")))
    assert len(entries) == 1
    first = s.statement(s.entry(1))
    s.append("runner", "intent", first["predicate"]["says"])


simply("the whole ledger made anew", 3, "the head that was kept is of the ledger", lambda s: (shutil.rmtree(s.path("led")), shutil.copytree(s.path("led2"), s.path("led"))),
       with_head)
simply("an entry moved from another ledger", 3, "it is of the ledger",
       lambda s: shutil.copy(s.path("led2/entries/000000000002.json"), s.path(s.entry(2))), Scene.history)
simply("an entry repeated under the next number", 3, "the file of this number holds entry 2",
       lambda s: shutil.copy(s.path(s.entry(2)), s.path(s.entry(3))), Scene.history)


@attack("a manifest put in as an entry", 3, "entry 3: 'predicateType' is", Scene.history)
def _(s):
    shutil.copy(s.path("m.json"), s.path(s.entry(3)))


@attack("two numbers in one entry (duplicate JSON members), signed well", 3, "has a field twice", Scene.history)
def _(s):
    s.seal(twice(json.dumps(s.statement(s.entry(2))), "number", '"7"'), "runner", name=s.entry(2))


simply("a review by the result key", 3, "it is signed by no key that may speak so (review of 'shop'), but by one which "
       "is not trusted to sign reviews", lambda s: s.answer("runner", "review"), Scene.history)
simply("a decision by a stranger, to close a failure", 3, "it is signed by no key that may speak so (decision of 'shop')",
       lambda s: s.answer("stranger", "decision"), Scene.history)
simply("a review by the result key, asked for with 'sign'", 3, "this key signed the entry itself",
       lambda s: None, lambda s: s.run("sign", "2", "--ledger", "led", "--key", "runner/reprove.key", "--trust-result",
                                       "trust.yaml", "--says", "looks good to me"))
simply("a reviewer signs a result", 3, "but by one which is not trusted to sign results",
       lambda s: s.append("reviewer", "intent", s.statement(s.entry(1))["predicate"]["says"]), Scene.history)


@attack("a revoked result key dates itself back", 3, "but by one which was revoked at", Scene.history)
def _(s):
    # Revoked a moment ago; a review has come since; the thief's entry says that it was there an hour before.
    s.store(runner=f", revoked: {s.ago(seconds=-2)}")
    s.answer("reviewer", "review", at=s.ago(seconds=-3))
    s.append("runner", "intent", s.statement(s.entry(1))["predicate"]["says"], at=s.ago(hours=1))


simply("an expired result key", 3, "but by one which was trusted until",
       lambda s: s.store(runner=f", until: {s.ago(hours=1)}"), Scene.history)
simply("a result without the stamp that is required", 3, "whose signature bears no time stamp",
       lambda s: s.store(policy=", stamp: required"), Scene.history)
simply("another ledger than the one that the policy names", 3, "which the trust store's policy names",
       lambda s: s.store(policy=", ledger: 00000000000000000000000000000000"),
       lambda s: s.verify("--ledger", "led", "--result-key", "runner/reprove.key"))
simply("show: a result's signature by a key for manifests", 3, "which is not trusted to sign results",
       lambda s: s.seal(s.statement(s.entry(2)), "seal", name="r.json"),
       lambda s: s.run("show", "--trust", "trust.yaml", "r.json"))
simply("show: nothing of what a stranger signed is printed", 3, "it is signed by no trusted key",
       lambda s: s.seal(s.statement(), "stranger"), lambda s: s.run("show", "--trust", "trust.yaml", "m.json"))

# What other tests prove, for it takes more than a file: the test and what it is called in there.
elsewhere = [
    ("a stamp of a time before the seal, or of the future", 3, "before that was made",
     "tests/unit/test_stamp.c", "stamp_that_a_policy_requires_must_be_there_and_hold"),
    ("an old answer of an authority to a new question", 2, "nonce mismatch",
     "tests/unit/test_stamp.c", "answer_is_to_the_question_that_was_asked"),
    ("any changed bit of a manifest", 3, "", "tests/unit/test_manifest.c", "manifest_shows_every_changed_bit"),
    ("any changed bit of a stamp", 3, "", "tests/unit/test_stamp.c", "stamp_shows_every_changed_bit"),
    ("a manifest cut anywhere", 3, "not a signed envelope (DSSE)", "tests/unit/test_manifest.c",
     "manifest_cut_anywhere_is_refused"),
    ("a memory of manifests that everybody can write to", 2, "may have been changed: everybody can write to",
     "tests/unit/test_ratchet.c", "ratchet_that_everybody_can_write_to_is_no_memory"),
    ("a damaged memory of manifests, to make it begin anew", 3, "is damaged", "tests/unit/test_ratchet.c",
     "ratchet_that_is_damaged_is_refused_and_never_taken_for_first_use"),
    ("the verifier's clock set back", 2, "the clock was set back", "tests/unit/test_ratchet.c",
     "hole_18_a_clock_set_back_since_the_last_time_can_tell_nothing"),
    ("entries of a ledger that change places", 3, "the file of this number holds entry", "tests/unit/test_ledger.c",
     "two entries change places"),
    ("a reviewer prunes", 3, "it is missing, and nothing says that it was pruned", "tests/unit/test_ledger.c", "a reviewer prunes"),
    ("a review of one entry put to another", 3, "it is about entry 2 as it is not", "tests/unit/test_ledger.c",
     "a review of one entry is put to another"),
    ("a run on a ledger that is damaged", 3, "entry 99: ", "tests/server/ledger.sh", "on a ledger that is damaged no run is a 0"),
    ("a changed file in a bundle of evidence", 1, "FAILED", "tests/server/ledger.sh", "what was changed in it shows"),
]


def table():
    rows = ["| attack | exit | what is said | proved by |", "| --- | --- | --- | --- |"]
    here = "tests/server/attacks.py"
    for name, status, sentence, proved in [(a[0], a[1], a[2], here) for a in attacks] + [e[:4] for e in elsewhere]:
        said = f"`{sentence}`" if sentence else ""
        rows.append(f"| {name} | {status} | {said} | `{proved}` |")
    return "\n".join(rows) + "\n"


# What is right passes: or every refusal above would prove nothing.
controls = [
    ("the manifest as it was sealed", lambda s: s.run("show", "--trust", "trust.yaml", "m.json")),
    ("sealed again by this test's own means", lambda s: (s.change(), s.run("show", "--trust", "trust.yaml", "m.json"))[1]),
    ("by the second key", lambda s: (s.change("second"), s.run("show", "--trust", "trust.yaml", "m.json"))[1]),
    ("stamped, where that is required", lambda s: (s.store(policy=", stamp: required"),
                                                   s.run("show", "--trust", "trust.yaml", "m.json"))[1]),
    ("by a key that was revoked since, where old keys count", lambda s: (
        s.store(seal=f", revoked: {s.ago(seconds=0)}", policy=", old-keys: stamped"),
        s.run("show", "--trust", "trust.yaml", "m.json"))[1]),
    ("the ledger and its head", with_head),
    ("a review by the reviewer", lambda s: (s.answer("reviewer", "review"), s.history())[1]),
]


def faults_of(scene, status, sentence, got):
    """What is not as the table says."""
    said = got.stdout + got.stderr
    if got.returncode != status:
        yield f"exit status {got.returncode}, expected {status}"
    if sentence not in said:
        yield f"not said: {sentence}"
    if status == 3 and got.args[1] == "verify":
        result = json.loads(scene.path("out/result.json").read_text()) if scene.path("out/result.json").exists() else None
        if result is not None and (result["status"], result["verdict"]) != (3, "untrusted"):
            yield f"result.json says {result['status']}, {result['verdict']}"


def main(reprove, root, base):
    root, n, failed = pathlib.Path(root), 0, 0

    def tell(what, faults, got=None):
        nonlocal n, failed
        n += 1
        failed += bool(faults)
        print(("not ok" if faults else "ok"), n, "-", what)
        for f in faults:
            print("#", f, file=sys.stderr)
        if faults and got:
            print("# " + (got.stdout + got.stderr)[-1500:].replace("\n", "\n# "), file=sys.stderr)

    def scene():
        here = pathlib.Path(base).parent / "scene"
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(base, here)
        return Scene(reprove, here)

    about = json.loads((pathlib.Path(base) / "told/result.json").read_text())["about"]
    stamped = [a["value"] for a in about if a["name"] == "signature stamped"]
    tell("good: the result says when the manifest was stamped, and by whom",
         [] if len(stamped) == 1 and stamped[0].endswith(" by CN=Time stamps by ec") else [f"it says {stamped}"])
    for name, do in controls:
        s = scene()
        got = do(s)
        tell(f"good: {name}", list(faults_of(s, 0, "", got)), got)
    for name, status, sentence, do, how in attacks:
        s = scene()
        do(s)
        got = how(s)
        tell(name, list(faults_of(s, status, sentence, got)), got)
    for name, _, _, path, called in elsewhere:
        if called not in (root / path).read_text():
            tell(f"{name}: proved elsewhere", [f"{path} has no '{called}'"])
    kept = (root / "docs/attacks.md").read_text()
    tell("docs/attacks.md lists them all", [] if table() in kept else ["tests/server/attacks.py --table prints another one"])
    print(f"1..{n}")
    return failed > 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--table"]:
        sys.stdout.write(table())
    else:
        sys.exit(main(*sys.argv[1:]))
