#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Look for secrets in the arguments and environments of every process, as fast as this can be done, until told to stop.

usage: watch_secrets.py SECRETS OUT
SECRETS has one a line. Ends when OUT.stop is there; OUT then has a line for each find ("cmdline 1234 verify: 2": the second
secret), one for each process 'reprove' that could dump a core, and "looked N" at its end.
A variable named RP_SECRET_... in reprove's own environment is how it was handed over, and is no find unless it stays.
"""
import os
import re
import sys
import time

secrets = [s.encode() for s in open(sys.argv[1]).read().splitlines()]
out = sys.argv[2]
me = os.getpid()
pattern = re.compile(b"|".join(re.escape(s) for s in secrets))
found = set()
looked = 0
handed = {}


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def find(where, pid, name, text):
    for m in pattern.finditer(text):
        found.add(f"{where} {name}: {secrets.index(m.group(0)) + 1}")


open(out + ".started", "w").close()
while not os.path.exists(out + ".stop"):
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or int(pid) == me:
            continue
        argv = read(f"/proc/{pid}/cmdline")
        if not argv:
            continue
        looked += 1
        words = argv.split(b"\0")
        name = " ".join(os.path.basename(w).decode(errors="replace") for w in words[:2])
        find("cmdline", pid, name, argv)
        environ = read(f"/proc/{pid}/environ")
        if name.startswith("reprove"):
            # What is overwritten once it has been read is gone a moment later; what is there half a second on stays.
            given = [v for v in environ.split(b"\0") if v.startswith(b"RP_SECRET_") and pattern.search(v)]
            since = handed.setdefault(pid, time.monotonic())
            if given and time.monotonic() - since > 0.5:
                found.add(f"environ stays {name}")
            environ = b"\0".join(v for v in environ.split(b"\0") if not v.startswith(b"RP_SECRET_"))
            limit = re.search(rb"Max core file size\s+(\S+)", read(f"/proc/{pid}/limits"))
            if limit and limit.group(1) not in (b"0", b"1") and time.monotonic() - since > 0.2:
                found.add(f"core {name}: {limit.group(1).decode()}")
        find("environ", pid, name, environ)
    time.sleep(0.001)

with open(out, "w") as f:
    f.writelines(line + "\n" for line in sorted(found))
    f.write(f"looked {looked}\n")
