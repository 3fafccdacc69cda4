#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Is every reason why versions may differ in docs/version-drift.md, and is none there that the code does not have?

usage: version_drift.py SOURCE_ROOT
"""
import re
import sys
from collections import Counter
from pathlib import Path

ENGINES = {"postgres": "PostgreSQL", "mysql": "MariaDB"}
STRING = r'"(?:[^"\\]|\\.)*"'


def text_of(piece, macros):
    """The text that string literals and macros side by side make."""
    found = re.findall(STRING + r"|\b[A-Z_]{3,}\b", piece)
    return "".join(f[1:-1].replace('\\"', '"') if f.startswith('"') else macros.get(f, "") for f in found)


def reasons_in(code):
    """The last member of each entry of the table drifts[]."""
    code = re.sub(r"/\*.*?\*/", "", code, flags=re.S).replace("\\\n", " ")
    macros = {m[1]: text_of(m[2], {}) for m in re.finditer(r"^#define (\w+)\s+(\".*)$", code, flags=re.M)}
    table = re.search(r"drifts\[\] = \{(.*?)\n\};", code, flags=re.S)[1]
    entries = re.findall(r"\{((?:[^{}\"]|" + STRING + r")*)\}", table)
    return [text_of(re.search(r",((?:[^,\"]|" + STRING + r")*)$", e.strip())[1], macros) for e in entries]


def reasons_on(page, heading):
    """The fourth column of the table below a heading."""
    part = re.split(r"^## ", page, flags=re.M)
    lines = next(p for p in part if p.startswith(heading + "\n")).splitlines()
    rows = [[c.strip() for c in line.strip("|").split(" | ")] for line in lines if line.startswith("|")]
    return [row[3] for row in rows[2:]]


root = Path(sys.argv[1])
page = (root / "docs/version-drift.md").read_text()
failed = 0
for n, (engine, heading) in enumerate(ENGINES.items(), 1):
    code = Counter(reasons_in((root / "verifier/engine" / engine / "drift.c").read_text()))
    told = Counter(reasons_on(page, heading))
    good = code == told and sum(code.values()) > 0
    failed += not good
    print("ok" if good else "not ok", n, f"- {heading}: all {sum(code.values())} reasons stand in docs/version-drift.md, and no others")
    for missing in (code - told):
        print("# only in the code:", missing)
    for gone in (told - code):
        print("# only in the document:", gone)
print(f"1..{len(ENGINES)}")
sys.exit(failed > 0)
