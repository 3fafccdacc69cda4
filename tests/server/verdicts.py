#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a recorded result answers to one check: each different verdict once, sorted, on one line.

usage: verdicts.py result.json CHECK [OBJECT]
"""
import json
import sys

path, check, *about = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    findings = json.load(file)["findings"]
found = {f["verdict"] for f in findings if f["check"] == check and (not about or f["object"] == about[0])}
print(" ".join(sorted(found)) or "none")
