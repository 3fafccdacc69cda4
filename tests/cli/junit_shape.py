#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Is every JUnit file one that both schemas accept, and one that its readers keep whole?

The rules are those of the Jenkins schema (xunit plugin, junit-10) and of the windyroad one, where they differ the
stricter; and what consumers do with a file that is valid: GitLab drops a case whose name it has seen and shows an
element's text rather than its message, Azure wants 512 characters at most. Standard library only.
Arguments: the files, or folders of them. Writes TAP."""
import glob
import os
import re
import sys
import xml.etree.ElementTree as tree

SUITE = {"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "skipped", "time"}
CASE = {"name", "classname", "time"}
SECONDS = re.compile(r"^[0-9]{1,3}([0-9]{3})*\.[0-9]{3}$")  # what the Jenkins pattern has in common with a decimal
LOCAL = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")
OUTCOMES = {"failure": {"type", "message"}, "error": {"type", "message"}, "skipped": {"message"}}



def wrong_in_case(case):
    if set(case.attrib) != CASE:
        yield f"a case has the attributes {sorted(case.attrib)}"
    if not case.get("name") or not case.get("classname"):
        yield "a case without a name"
    if re.search(r"[\t\r\n]", case.get("name", "") + case.get("classname", "")):
        yield f"a line end in the name {case.get('name')!r}"
    if len(case.get("name", "")) > 512:
        yield "a name of more than 512 characters"
    if not SECONDS.match(case.get("time", "")):
        yield f"the time {case.get('time')}"
    if len(case) > 1:
        yield "more than one element in a case"
    for outcome in case:
        if outcome.tag not in OUTCOMES:
            yield f"<{outcome.tag}> in a case"
        elif set(outcome.attrib) != OUTCOMES[outcome.tag]:
            yield f"<{outcome.tag}> has the attributes {sorted(outcome.attrib)}"
        elif not (outcome.text or "").strip():
            yield f"<{outcome.tag}> without text, which is what GitLab shows"
        if len(outcome):
            yield f"elements inside <{outcome.tag}>"


def wrong_in_suite(suite):
    if set(suite.attrib) != SUITE:
        yield f"the suite has the attributes {sorted(suite.attrib)}"
    if [child.tag for child in suite if child.tag != "testcase"] != ["properties", "system-out", "system-err"]:
        yield "properties, system-out and system-err must all be there"
    tags = [child.tag for child in suite]
    if tags != ["properties"] + ["testcase"] * (len(tags) - 3) + ["system-out", "system-err"]:
        yield "the children are not in their order"
    if not LOCAL.match(suite.get("timestamp", "")):
        yield f"the timestamp {suite.get('timestamp')}"
    if not SECONDS.match(suite.get("time", "")):
        yield f"the time {suite.get('time')}"
    for name in ("name", "package", "hostname"):
        if not suite.get(name):
            yield f"an empty {name}"
    for prop in suite.find("properties"):
        if prop.tag != "property" or set(prop.attrib) != {"name", "value"} or not prop.get("name"):
            yield "a property without a name and a value"
    cases = suite.findall("testcase")
    counts = {"tests": len(cases), "failures": 0, "errors": 0, "skipped": 0}
    plural = {"failure": "failures", "error": "errors", "skipped": "skipped"}
    for case in cases:
        for outcome in case:
            counts[plural.get(outcome.tag, "tests")] += 1
    for name, count in counts.items():
        if suite.get(name) != str(count):
            yield f"{name} is {suite.get(name)}, and there are {count}"
    if not cases:
        yield "no case at all: readers ignore such a suite"
    names = [case.get("name") for case in cases]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"two cases of the name {name!r}"
    for case in cases:
        yield from wrong_in_case(case)


def wrong_in_file(path):
    with open(path, "rb") as f:
        text = f.read()
    if len(text) > 30_000_000:
        yield "larger than 30 MB, which GitLab refuses"
    if not text.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n'):
        yield "no declaration of XML 1.0 in UTF-8"
    root = tree.fromstring(text.decode("utf-8"))
    if root.tag != "testsuites" or root.attrib:
        yield "the root is not a bare <testsuites>"
    if [suite.tag for suite in root] != ["testsuite"]:
        yield "not exactly one suite"
    for suite in root:
        yield from wrong_in_suite(suite)


def main():
    paths = []
    for arg in sys.argv[1:]:
        paths += sorted(glob.glob(os.path.join(arg, "*.xml"))) if os.path.isdir(arg) else [arg]
    failed = 0 if paths else 1
    for n, path in enumerate(paths, 1):
        try:
            wrong = list(wrong_in_file(path))
        except (tree.ParseError, UnicodeDecodeError) as e:
            wrong = [str(e)]
        print("not ok" if wrong else "ok", n, "-", os.path.basename(path))
        for sentence in wrong:
            print("#", sentence)
        failed += bool(wrong)
    print(f"1..{len(paths)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
