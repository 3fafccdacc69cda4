# SPDX-License-Identifier: MIT
"""What a run may have left, whatever happened to it; each rule says one sentence when it is broken."""
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree

from world import GRACE_S

SEALED = ("m.json", "b.dump")
REPORTS = ("result.json", "report.html", "TEST-shop.xml", "summary-shop.md")
KNOWN = SEALED + REPORTS + ("rep",)


def payload_of(manifest):
    return json.loads(base64.b64decode(json.loads(manifest)["payload"]))


def outline(payload):
    """What two seals of one unchanged database have in common, which is all but moments and seeds."""
    survey = payload["predicate"]["survey"]
    objects = sorted(json.dumps([o.get("kind"), o.get("name"), o.get("definition")]) for o in survey["objects"])
    relations = sorted(json.dumps([r.get("name"), r.get("rows"), r.get("notSurveyed")]) for r in survey["relations"])
    return objects, relations, sorted(json.dumps(c) for c in survey["coverage"])


def answers(result):
    return sorted((f["check"], f["object"], f["verdict"], int(f.get("looked", 0)) > 0) for f in result["findings"])


class Judge:
    def __init__(self, world):
        self.w = world
        c = world.config
        self.key, self.pub = os.path.join(c.work, "reprove.key"), os.path.join(c.work, "reprove.pub")
        self.keep = world.path("keep")
        self.seal = ["seal", "--source", world.uri, "--key", self.key, "--manifest", "m.json", "--backup", "b.dump",
                     "--target", "shop", "--jobs", "2"]
        self.verify = ["verify", "--target", "shop", "--manifest", "m.json", "--trust", self.pub, "--reports", "rep",
                       "--jobs", "2", "b.dump"]
        self.seconds = {}
        self.baseline()

    def command(self, name):
        return self.seal if name == "seal" else self.verify

    def file(self, *names):
        return os.path.join(self.w.out, *names)

    def bytes(self, *names):
        try:
            with open(os.path.join(*names), "rb") as f:
                return f.read()
        except OSError:
            return None

    def baseline(self):
        for name in ("seal", "verify"):
            outcome = self.w.run(self.command(name))
            if outcome.status != 0:
                raise RuntimeError(f"{name} without a fault ends with {outcome.status}: {outcome.err}{outcome.out}")
            self.seconds[name] = outcome.seconds
        shutil.copytree(self.w.out, self.keep)
        self.old = {n: self.bytes(self.keep, n) for n in SEALED}
        self.old.update({n: self.bytes(self.keep, "rep", n) for n in REPORTS})
        self.outline = outline(payload_of(self.old["m.json"]))
        self.answers = answers(json.loads(self.old["result.json"]))

    def reset(self):
        """Old outputs, all whole, where the run will write."""
        self.w.sweep(KNOWN)
        os.makedirs(self.file("rep"), exist_ok=True)
        for name in KNOWN:
            at = ("rep", name) if name in REPORTS else (name,)
            if name != "rep" and self.bytes(self.file(*at)) != self.old[name]:
                shutil.copy(os.path.join(self.keep, *at), self.file(*at))
        shutil.rmtree(self.w.home)
        os.mkdir(self.w.home)

    # Every run

    def common(self, command, o, killed=False):
        wrong = []
        if o.hung:
            wrong.append(f"hangs: not ended after {o.seconds:.0f} s")
        elif o.crashed() and not killed:
            wrong.append(f"crashed: status {o.status}")
        elif not killed:
            if o.status not in (0, 2):
                wrong.append(f"status {o.status}: nothing is wrong with the backup, the manifest or the command line")
            if o.status != 0 and not self.said(o):
                wrong.append(f"status {o.status} without a sentence")
        wrong += self.outputs_of_seal(o, killed) if command == "seal" else self.outputs_of_verify(o, killed)
        return wrong

    @staticmethod
    def said(o):
        return (re.search(r"^reprove: .{8}", o.err, re.M) or re.search(r"inconclusive|could not", o.out, re.I) or
                "fired stderr" in o.log)

    # Seal

    def outputs_of_seal(self, o, killed):
        manifest, backup = self.bytes(self.file("m.json")), self.bytes(self.file("b.dump"))
        wrong, new = [], {}
        for name, now in (("m.json", manifest), ("b.dump", backup)):
            if now is None:
                wrong.append(f"{name} is gone")
            new[name] = now is not None and now != self.old[name]
        if new["b.dump"]:
            wrong += self.whole_backup(backup)
        if new["m.json"]:
            wrong += self.whole_manifest(manifest, backup, o)
        if not killed and o.status == 0:
            if not new["m.json"] or not new["b.dump"]:
                wrong.append("status 0 and no new " + " and ".join(n for n in new if not new[n]))
            elif not wrong:
                wrong += self.verifies()
        return wrong

    def whole_backup(self, backup):
        run = subprocess.run(["pg_restore", "-f", "/dev/null", self.file("b.dump")], capture_output=True, text=True)
        return [] if run.returncode == 0 else [f"b.dump is half written ({len(backup)} bytes): {run.stderr[:200]}"]

    def whole_manifest(self, manifest, backup, o):
        try:
            payload = payload_of(manifest)
        except (ValueError, KeyError) as e:
            return [f"m.json is half written: {e}"]
        wrong = []
        digest = hashlib.sha256(backup or b"").hexdigest()
        if [s["digest"]["sha256"] for s in payload["subject"]] != [digest]:
            wrong.append("m.json is not about b.dump")
        for what, was, is_now in zip(("objects", "relations", "coverage"), self.outline, outline(payload)):
            told = [c for c in is_now if c not in was and "catalog.intact" in c and "warning: catalog.intact" in o.err]
            if what == "coverage":
                # It says itself, and to whoever called, that one question could not be asked.
                is_now = [c for c in is_now if c not in told]
            if was != is_now:
                wrong.append(f"m.json was written with other {what} than there are: "
                             f"{[x for x in is_now if x not in was][:3]} for {[x for x in was if x not in is_now][:3]}")
        return wrong

    def verifies(self):
        elsewhere = self.w.path("check")
        args = [a if a != "rep" else elsewhere for a in self.verify]
        o = self.w.run(args, env={"HOME": self.w.path("home2")})
        shutil.rmtree(elsewhere, ignore_errors=True)
        shutil.rmtree(self.w.path("home2"), ignore_errors=True)
        return [] if o.status == 0 else [f"status 0, and what was sealed verifies with {o.status}: {o.out[-600:]}"]

    # Verify

    def outputs_of_verify(self, o, killed):
        wrong = []
        now = {n: self.bytes(self.file("rep", n)) for n in REPORTS}
        try:
            result = json.loads(now["result.json"] or b"")
        except ValueError:
            if all(now[n] is None for n in REPORTS) and not killed and o.status == 2:
                return wrong  # no run could be marked as started, so that nothing old is left to be read
            return ["result.json is gone" if now["result.json"] is None else "result.json is half written"]
        old = now["result.json"] == self.old["result.json"]
        if old and not killed and o.status == 0:
            wrong.append("status 0, and result.json is the old one")
        for name in REPORTS[1:]:
            if now[name] is not None and now[name] == self.old[name] and not old:
                wrong.append(f"{name} is the old one beside a new result.json")
            elif now[name] is not None and not self.whole(name, now[name]):
                wrong.append(f"{name} is half written")
            elif now[name] is None and not killed and o.status == 0:
                wrong.append(f"status 0 without {name}")
        finished = result["state"] == "finished"
        if not old and not finished and result["status"] == 0:
            wrong.append("result.json has not finished and says 0")
        if not old and finished and result["status"] == 0 and answers(result) != self.answers:
            wrong.append("verified without all answers: missing " +
                         str([a for a in self.answers if a not in answers(result)][:4]))
        if not killed and not o.hung and not old:
            if o.status == 0 and (not finished or result["status"] != 0):
                wrong.append(f"status 0, and result.json says {result['state']} {result['status']}")
            if o.status != 0 and finished and result["status"] not in (o.status, 0):
                wrong.append(f"status {o.status}, and result.json says {result['status']}")
        return wrong

    @staticmethod
    def whole(name, data):
        if name.endswith(".html"):
            return data.rstrip().endswith(b"</html>")
        if name.endswith(".md"):
            return data.startswith(b"## ") and data.endswith(b"\n")
        try:
            xml.etree.ElementTree.fromstring(data)
            return True
        except xml.etree.ElementTree.ParseError:
            return False

    def left(self, grace=GRACE_S):
        return self.w.left_processes(grace) + self.w.left_files(KNOWN)
