#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Breaks a backup in many places, one at a time, and looks what reprove says of each.

usage: broken.py [--places N] [--only REGEX] [--named TEXT] REPROVE BACKUP MANIFEST [option of 'verify'...]

BACKUP is a file or a directory; it was sealed with MANIFEST, for the target 'shop', by reprove.pub in this directory. It is
truncated at N places and one byte of it is flipped at N places (20). Each time 'verify' must end within two minutes, and not with 0, not
by a signal, and name the backup. --only: in the files of a directory whose paths match: some backups hold
others twice, or do not need them. --named: what it is called when not by its file. A file that was truncated must be refused without its manifest, too: by what it is. (A flipped
byte need not be: in many places nothing but a digest can tell.) The exit status is 1 when one of them was not."""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

TIMEOUT = 120


def parts_of(backup, only):
    """Its files with their sizes, as if they lay one behind the other."""
    if os.path.isfile(backup):
        return [("", os.path.getsize(backup))]
    found = []
    for directory, _, names in sorted(os.walk(backup)):
        for name in sorted(names):
            path = os.path.join(directory, name)
            wanted = re.match(only, os.path.relpath(path, backup))
            if wanted and not os.path.islink(path) and os.path.getsize(path):
                found.append((os.path.relpath(path, backup), os.path.getsize(path)))
    return found


def locate(parts, at):
    for name, size in parts:
        if at < size:
            return name, at
        at -= size
    raise AssertionError("beyond the end")


def damage(options, to, how, at):
    """A copy with one part of it changed; what is not is linked."""
    name, offset = locate(options.parts, at)
    if os.path.isfile(options.backup):
        shutil.copyfile(options.backup, to)
        path = to
    else:
        shutil.copytree(options.backup, to, copy_function=os.link, symlinks=True)
        path = os.path.join(to, name)
        data = open(path, "rb").read()
        os.unlink(path)
        with open(path, "wb") as f:
            f.write(data)
    with open(path, "r+b") as f:
        if how == "cut":
            f.truncate(offset)
        else:
            f.seek(offset)
            old = f.read(1)
            f.seek(offset)
            f.write(bytes([old[0] ^ (1 << (at % 8))]))
    return f"{how} at byte {offset}{' of ' + name if name else ''}"


def verify(options, path, with_manifest):
    how = ["--trust", "reprove.pub", "--manifest", options.manifest] if with_manifest else ["--no-manifest"]
    command = [options.reprove, "verify", "--target", "shop", "--state", "none", *how, *options.options, path]
    if not with_manifest:
        command = [c for i, c in enumerate(command) if c != "--state" and command[i - 1] != "--state"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired as late:
        return None, late.stdout or b""
    return done.returncode, done.stdout


def complaint(options, status, said, with_manifest):
    name = options.named or os.path.basename(options.backup)
    if status is None:
        return f"it did not end within {TIMEOUT} s"
    # A 3 or 4 would say that we have asked wrongly.
    if status not in (1, 2):
        return f"it ended with {status}"
    if name.encode() not in said:
        return f"'{name}' is not in what it said"
    return None


def try_one(options, case):
    how, at = case
    work = tempfile.mkdtemp(prefix="broken-", dir=".")
    try:
        path = os.path.join(work, os.path.basename(options.backup))
        what = damage(options, path, how, at)
        manifests = [True] + ([False] if how == "cut" and os.path.isfile(options.backup) else [])
        for with_manifest in manifests:
            status, said = verify(options, path, with_manifest)
            wrong = complaint(options, status, said, with_manifest)
            if wrong:
                text = said.decode(errors="replace")
                return f"{what}{'' if with_manifest else ', without a manifest'}: {wrong}\n{text[-2000:]}"
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--places", type=int, default=20)
    parser.add_argument("--only", default="")
    parser.add_argument("--named")
    parser.add_argument("reprove")
    parser.add_argument("backup")
    parser.add_argument("manifest")
    parser.add_argument("options", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    options.backup = options.backup.rstrip("/")
    options.parts = parts_of(options.backup, options.only)
    total = sum(size for _, size in options.parts)
    n = options.places
    cases = [("cut", total * (i + 1) // (n + 1)) for i in range(n)] + [("flip", total * (2 * i + 1) // (2 * n)) for i in range(n)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = [w for w in pool.map(lambda case: try_one(options, case), cases) if w]
    for text in wrong:
        print("# " + text.replace("\n", "\n#   "), file=sys.stderr)
    print(f"# {os.path.basename(options.backup)}: {len(cases) - len(wrong)} of {len(cases)} were caught", file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())
