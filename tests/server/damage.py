#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hold the failing findings of a run against what an entry of the damage catalogue says it finds.

usage: damage.py ENTRY result.json
"""
import json
import re
import sys

entry, result = sys.argv[1:]
head = open(entry, encoding="utf-8").read()
expected = re.findall(r"^(?:--|#) finds: (\S+) (.+)$", head, re.M)
possible = re.findall(r"^(?:--|#) may find: (\S+) (.+)$", head, re.M)
says = re.findall(r"^(?:--|#) says: (.+)$", head, re.M)
if not expected:
    sys.exit(f"{entry}: names no finding")
failing = [
    (f["check"], f["object"], f.get("message") or "")
    for f in json.load(open(result, encoding="utf-8"))["findings"]
    if f["verdict"] == "fail" and (f["check"] != "artifact.digest" or any(c == "artifact.digest" for c, _ in expected))
]


def covers(line, finding):
    return line[0] == finding[0] and line[1] in ("*", finding[1])


wrong = [f"not found: {c} {o}" for c, o in expected if not any(covers((c, o), f) for f in failing)]
wrong += [f"not expected: {c} {o}: {m}" for c, o, m in failing if not any(covers(x, (c, o)) for x in expected + possible)]
said = [message for _, _, message in failing]
wrong += [f"not said: {text}" for text in says if not any(text in message for message in said)]
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
