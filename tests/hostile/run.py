#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hostile backups: what the stock tool does with each, what reprove does, and whether a canary noticed anything.

usage: tests/hostile/run.py REPROVE [--sample] [--tap] [--only TEXT] [--flips N] [--verbose]

Every file of cases.py is restored by the stock tool as superuser on a throw-away server, where that is safe, and verified
by reprove in each box that this machine can make, as root (when we are) and as an ordinary user. The exit status is 1
when a canary fired, when a status is another one than it has to be, or when anything is left over."""
import argparse
import concurrent.futures
import itertools
import glob
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases as catalogue  # noqa: E402
from canaries import Canaries  # noqa: E402
from servers import Server, newest_bindir  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TAIL = 400

LIBRARY = r"""
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
/* Runs as soon as the library is loaded, long before a server asks whether it is one of its own. */
__attribute__((constructor)) static void on_load(void)
{
    int fd = open("%s", O_CREAT | O_WRONLY, 0666);
    if (fd >= 0)
        close(fd);
}
"""


class Regime:
    """One way in which reprove is run: which box, as whom."""

    def __init__(self, name, prefix, env):
        self.name, self.prefix, self.env = name, prefix, env


class Hostile:
    def __init__(self, options):
        self.options = options
        self.work = tempfile.mkdtemp(prefix="rp-", dir="/tmp")
        os.chmod(self.work, 0o711)
        # Where everybody can run it.
        self.reprove = os.path.join(self.work, "reprove")
        shutil.copy(options.reprove, self.reprove)
        os.chmod(self.reprove, 0o755)
        self.tmp = os.path.join(self.work, "t")
        os.mkdir(self.tmp)
        os.chmod(self.tmp, 0o1777)
        self.canaries = Canaries(self.work)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("PG") and k not in ("REPROVE_BOX",)}
        self.env.update(REPROVE_CANARY=self.canaries.variable, TMPDIR=self.tmp, NO_COLOR="1")
        self.servers, self.sealed, self.rows, self.wrong = {}, {}, [], []
        self.values = {"ran": self.canaries.ran, "secret_file": self.canaries.secret_file, "other":
                       self.canaries.socket_dir, "port": str(self.canaries.port), "canary_dir": self.canaries.dir}
        self.numbers, self.runs = itertools.count(1), 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if getattr(self, "mounted", False):
            subprocess.run(["umount", self.small_disk], check=False)
        for server in self.servers.values():
            if server:
                server.stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def say(self, text):
        print(("# " if self.options.tap else "") + text, file=sys.stderr, flush=True)

    def fill_in(self, text):
        for name, value in self.values.items():
            text = text.replace("{" + name + "}", value)
        return text

    def make_library(self):
        """Evil things that lie in the file system: nothing in a box may even see them."""
        evil = os.path.join(self.work, "evil.sql")
        with open(evil, "w") as f:
            f.write(self.fill_in("COPY (SELECT 1) TO PROGRAM 'touch {ran}';\n"))
        source, library = os.path.join(self.work, "canary.c"), os.path.join(self.work, "canary.so")
        with open(source, "w") as f:
            f.write(LIBRARY % self.canaries.ran)
        cc = shutil.which("cc") or shutil.which("gcc")
        if cc:
            subprocess.run([cc, "-shared", "-fPIC", "-s", "-o", library, source], check=True)
            with open(library, "rb") as f:
                self.values["library_hex"] = f.read().hex()
        self.values.update(evil=evil, library=library)
        for path in (evil, library):
            if os.path.exists(path):
                os.chmod(path, 0o644)
        return cc is not None

    def server(self, which):
        if which not in self.servers:
            bindir = newest_bindir()
            if which == "newest":
                said = subprocess.run([os.path.join(HERE, "..", "server-matrix"), "bindir", "pg18"],
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
                # The programs themselves: what stands in bin/ are scripts, and there is no shell in the box.
                found = glob.glob(os.path.dirname(said.stdout.strip()) + "/root/usr/lib/postgresql/*/bin")
                bindir = found[0] if said.returncode == 0 and found else None
            self.servers[which] = Server(self.work, which, bindir, self.env) if bindir else None
        return self.servers[which]

    # --- seal ----------------------------------------------------------------------------------------------------

    def seal(self, name, text, kind, server, tool_runs):
        """A database, its manifest and its dump. What it says while it is sealed is looked at too."""
        database = "db_" + re.sub(r"\W", "_", name)[:40]
        server.make(database, self.fill_in(text.replace("{db}", database)))
        self.canaries.fired()
        manifest, backup = (os.path.join(self.work, f"{database}-{kind}.{x}") for x in ("json", "backup"))
        argv = [self.reprove, "seal", "--source", server.uri(database), "--key", os.path.join(self.work, "reprove.key"),
                "--manifest", manifest, "--target", "shop", "--backup", backup]
        if kind == "sql":
            argv += ["--backup-command", "pg_dump --snapshot={snapshot} -d {database}"]
        done = subprocess.run(argv, env=dict(server.env, **{"REPROVE_CANARY": self.canaries.variable}), cwd="/",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = done.stdout.decode(errors="surrogateescape")
        if done.returncode != 0:
            raise SystemExit(f"seal of '{name}': {done.returncode}: {said}")
        fired = self.canaries.fired(said)
        self.judge(f"{name} (seal)", [] if tool_runs else fired, [said])
        for path in (manifest, backup):
            os.chmod(path, 0o644)
        with open(backup, "rb") as f:
            return manifest, f.read()

    def honest(self, case):
        server = self.server(case.server)
        key = (case.database or "", case.kind, case.server)
        if key not in self.sealed:
            self.sealed[key] = self.seal(case.name if case.database else "shop", case.database or catalogue.BASE,
                                         case.kind, server, case.tool_runs)
        return self.sealed[key]

    def build(self, case):
        manifest, backup = self.honest(case)
        data = backup
        if case.text or case.build:
            dump = backup.decode()
            self.values["token"] = catalogue.token_of(dump)
            data = case.build(dump) if case.build else catalogue.put(dump, case.text, case.at)
            if isinstance(data, str):
                data = self.fill_in(data).encode()
        path = os.path.join(self.work, "hostile-" + re.sub(r"\W+", "-", case.name))
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, 0o644)
        return manifest, path

    # --- what must hold whatever the case is ---------------------------------------------------------------------

    def judge(self, name, fired, texts):
        """Canaries, and text of the enemy's in what people and machines read."""
        if fired:
            self.wrong.append(f"{name}: canary: {', '.join(fired)}")
        for text in texts:
            for line in text.split("\n"):
                if re.match(r"\s*(::|##vso\[|##\[)", line):
                    self.wrong.append(f"{name}: a line is a command for a CI system: {line[:80]!r}")
            odd = sorted({c for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")})
            if odd:
                self.wrong.append(f"{name}: control characters: {odd!r}")
            if "<script>alert" in text and "&lt;script" not in text and "<html" in text.lower():
                self.wrong.append(f"{name}: markup")

    def read_reports(self, where):
        texts = []
        for path in filter(os.path.isfile, sorted(glob.glob(where + "/*"))):
            with open(path, "rb") as f:
                texts.append(f.read().decode(errors="surrogateescape"))
            if path.endswith(".html") and re.search(r"<(script|img)\b", texts[-1]):
                texts[-1] += "\n::markup in " + html.escape(path)
        return texts

    def verify(self, case, regime, path, manifest, alone=False):
        """Exit status, findings that fail, what was said."""
        self.runs += 1
        out = os.path.join(self.work, f"r{next(self.numbers)}")
        os.mkdir(out)
        os.chmod(out, 0o777)
        argv = regime.prefix + [self.reprove, "verify", "--target", "shop", "--skip", "engine.amcheck", "--reports", out,
                                "--jobs", "1", "--state", os.path.join(out, "state")]
        argv += case.args or ["--timeout", "60s"]
        if case.disk:
            argv += ["--tmpdir", self.small_disk]
        argv += ["--no-manifest", path] if alone else ["--manifest", manifest, "--trust",
                                                       os.path.join(self.work, "reprove.pub"), path]
        env = dict(self.env, **regime.env)
        server = self.servers[case.server]
        env["REPROVE_SERVERS"] = server.bindir
        try:
            done = subprocess.run(argv, env=env, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=180)
            status, said = done.returncode, done.stdout.decode(errors="surrogateescape")
        except subprocess.TimeoutExpired:
            return None, [], ["it did not end"], {}
        try:
            with open(out + "/result.json") as f:
                result = json.load(f)
        except (OSError, ValueError):
            result = {"findings": []}
        texts = [said] + self.read_reports(out)
        shutil.rmtree(out, ignore_errors=True)
        return status, result["findings"], texts, result

    def check(self, case, regime, path, manifest, alone=False):
        name = f"{case.name} [{regime.name}{', no manifest' if alone else ''}]"
        status, findings, texts, _ = self.verify(case, regime, path, manifest, alone)
        fails = [f for f in findings if f["verdict"] in ("fail", "error")]
        names = list(dict.fromkeys(f["check"] for f in fails))
        right = (case.alone_status,) if alone else case.status
        if status not in right:
            last = texts[0][-TAIL:] if texts else ""
            self.wrong.append(f"{name}: exit status {status}, and not {right}: {last}")
        if case.finding and case.finding not in names:
            self.wrong.append(f"{name}: {case.finding} does not fail, but {names}")
        for check in case.passes if not alone else ():
            if not any(f["check"] == check and f["verdict"] == "pass" for f in findings):
                self.wrong.append(f"{name}: {check} does not pass")
        return name, status, names, texts, fails

    # --- the cases -----------------------------------------------------------------------------------------------

    def stock(self, case, path):
        if not case.stock:
            return "not run"
        status, said = self.server(case.server).worst(case.kind, path)
        fired = self.canaries.fired(said)
        if self.options.verbose:
            self.say(f"{case.name}: stock: {said[-2000:]}")
        # What ALTER SYSTEM has written is not for the next case.
        self.server(case.server).sql("postgres", "ALTER SYSTEM RESET ALL")
        return f"{'endless' if status is None else 'exit ' + str(status)}{': ' + ', '.join(fired) if fired else ''}"

    def one(self, case, regimes):
        if self.server(case.server) is None:
            self.rows.append((case.name, "not run", "not run: no such server here", ""))
            return
        manifest, path = self.build(case)
        stock = self.stock(case, path)
        did, first = [], ""
        todo = [(regime, False) for regime in regimes] + ([(regimes[0], True)] if case.alone else [])
        # Side by side: two runs at once must not disturb one another, either. A full disk is one run's own.
        with concurrent.futures.ThreadPoolExecutor(1 if case.disk else 3) as pool:
            done = list(pool.map(lambda t: self.check(case, t[0], path, manifest, alone=t[1]), todo))
        said = [text for _, _, _, texts, _ in done for text in texts]
        if self.options.verbose:
            for _, _, _, texts, fails in done:
                self.say("".join(f"{f['check']}: {f.get('message')} {f.get('found')}\n" for f in fails))
        self.judge(case.name, self.canaries.fired(*said), said)
        for (_, alone), (_, status, names, texts, fails) in zip(todo, done):
            did.append(f"({status})" if alone else str(status))
            if not first and fails:
                # The file's digest is wrong by construction: what else is noticed is of interest.
                worth = [f for f in fails if f["check"] != "artifact.digest"] or fails
                first = worth[0]["check"] + ": " + (worth[0].get("message") or "")
        self.rows.append((case.name, stock, " ".join(did), first))
        os.unlink(path)

    def flip(self, n, regime):
        """Bits of an archive: whatever a flip does to pg_restore, the file is not the one that was sealed."""
        case = catalogue.Case("bit flips", kind="archive")
        manifest, archive = self.honest(case)
        server = self.server("main")
        stock, ours, restored = {}, {}, 0

        def one(numbered):
            i, (bit, data) = numbered
            path = os.path.join(self.work, f"flip-{i}")
            with open(path, "wb") as f:
                f.write(data)
            os.chmod(path, 0o644)
            got = server.worst("archive", path, f"stock{i}")[0]
            name, status, names, texts, _ = self.check(case, regime, path, manifest)
            self.judge(f"bit {bit} flipped", self.canaries.fired(*texts), texts)
            if "artifact.digest" not in names:
                self.wrong.append(f"bit {bit} flipped: artifact.digest does not fail, but {names}")
            os.unlink(path)
            return "signal" if got is not None and got < 0 else f"exit {got}", status, "restore.complete" not in names

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            done = list(pool.map(one, enumerate(catalogue.flips(archive, n))))
        for got, status, whole in done:
            stock[got] = stock.get(got, 0) + 1
            ours[status] = ours.get(status, 0) + 1
            restored += whole
        self.rows.append((f"{n} bit flips in a custom archive", ", ".join(f"{v} x {k}" for k, v in sorted(stock.items())),
                          ", ".join(f"{v} x {k}" for k, v in sorted(ours.items(), key=str)),
                          f"artifact.digest in all; {restored} of them restore without a complaint"))

    def left_over(self):
        left = [p for p in glob.glob(self.tmp + "/*") + glob.glob(self.small_disk + "/reprove-*")]
        if left:
            self.wrong.append(f"left over: {left}")

    def make_small_disk(self):
        """A file system that can be filled up without harm; else the directory that all use, and a clock."""
        self.small_disk, self.mounted = os.path.join(self.work, "small"), False
        os.mkdir(self.small_disk)
        if os.getuid() == 0 and shutil.which("mount"):
            self.mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m,mode=1777", "none", self.small_disk],
                                          stderr=subprocess.DEVNULL).returncode == 0
        os.chmod(self.small_disk, 0o1777)

    def regimes(self):
        boxes = [("box", {})] if shutil.which("bwrap") else []
        boxes.append(("landlock", {"REPROVE_BOX": "landlock"}))
        users = [("", [])]
        if os.getuid() == 0:
            users = [("root", []), ("nobody", ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"])]
        return [Regime(f"{box}{' ' if user else ''}{user}", prefix, env)
                for user, prefix in users for box, env in boxes]

    def run(self):
        o = self.options
        compiler = self.make_library()
        self.make_small_disk()
        subprocess.run([self.reprove, "keygen", self.work], check=True, stdout=subprocess.DEVNULL)
        os.chmod(os.path.join(self.work, "reprove.pub"), 0o644)
        regimes = self.regimes()
        self.say("regimes: " + ", ".join(r.name for r in regimes))
        began = time.monotonic()
        chosen = [c for c in catalogue.cases() if o.only is None or o.only in c.name]
        if not compiler:
            chosen = [c for c in chosen if "library" not in c.name]
        if not self.mounted:
            chosen = [c for c in chosen if not c.disk]
        for i, case in enumerate(chosen):
            if o.sample and i % 4 != 0 and not case.finding and not case.database:
                continue
            # In the sample each case has one regime of its own, so that all are used.
            self.one(case, [regimes[i % len(regimes)]] if o.sample else regimes)
        n = o.flips if o.flips is not None else 6 if o.sample else 60
        if n and (o.only is None or o.only in "bit flips"):
            self.flip(n, regimes[0])
        self.left_over()
        # A canary that cannot sing proves nothing: the stock tool has to have made each of them.
        if o.only is None and not o.sample:
            for what in ("file", "TCP", "unix socket", "secret read"):
                if not any(what in row[1] for row in self.rows):
                    self.wrong.append(f"no stock tool has set off the canary '{what}'")
        self.say(f"{self.runs} verifications in {time.monotonic() - began:.0f} s")
        return self.tell(regimes)

    def tell(self, regimes):
        wide = max(len(r[0]) for r in self.rows)
        tool = max(len(r[1]) for r in self.rows)
        mark = "# " if self.options.tap else ""
        print(f"{mark}reprove's exit statuses: {', '.join(r.name for r in regimes) if not self.options.sample else 'one of each'}"
              "; (n) without a manifest, the restore alone")
        for name, stock, did, first in self.rows:
            first = " ".join(first.split())
            print(f"{mark}{name:{wide}}  {stock:{tool}}  {did:12}  {first[:110]}")
        for text in self.wrong:
            print(f"{mark}WRONG: {text!r}")
        print(f"{mark}{len(self.rows)} hostile backups, {self.runs} verifications, {len(self.wrong)} wrong")
        if self.options.tap:
            ok = not self.wrong
            print("1..1\n" + ("ok" if ok else "not ok") + f" 1 - {len(self.rows)} hostile backups run nothing and pass nowhere")
        return 1 if self.wrong else 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("reprove")
    p.add_argument("--sample", action="store_true")
    p.add_argument("--tap", action="store_true")
    p.add_argument("--verbose", action="store_true")
    p.add_argument("--only")
    p.add_argument("--flips", type=int)
    options = p.parse_args()
    if newest_bindir() is None:
        print("1..0 # SKIP no PostgreSQL server is installed")
        return 1 if os.environ.get("RP_REQUIRE_SERVERS") else 0
    with Hostile(options) as h:
        return h.run()


if __name__ == "__main__":
    sys.exit(main())
