#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Do programs that others wrote read our reports as we mean them?

JUnit: libxml2 with tests/cli/junit.xsd (and, where RP_JUNIT_SCHEMAS names files, with those), Debian's junitparser, and the
npm packages junit2json and test-results-parser; all have to count what result.json counts.
HTML: html-validate finds nothing. axe-core finds nothing in Chromium, in light and in dark, where there is a Chromium; else
in jsdom, which draws nothing, so that contrast is left to html_shape.py.
usage: report_readers.py SOURCE_ROOT DIRECTORY_FOR_NPM. Writes TAP. Without npm those tests are skipped, unless
RP_REQUIRE_SERVERS is set."""
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Every section, every kind of verdict, and what strangers write.
AXE = ("verified", "failed", "inconclusive", "untrusted", "hostile")
AXE_SLOW = ("failed", "untrusted", "hostile")  # jsdom takes seconds for a page
COUNT = r"""import junitparser, sys
for path in sys.argv[1:]:
    suite = list(junitparser.JUnitXml.fromfile(path))[0]
    cases = list(suite)
    of = lambda kind: sum(any(isinstance(r, kind) for r in c.result) for c in cases)
    print(len(cases), of(junitparser.Failure), of(junitparser.Error), of(junitparser.Skipped), len({c.name for c in cases}))
"""


class Tap:
    def __init__(self):
        self.n = self.failed = 0

    def say(self, wrong, name):
        self.n += 1
        self.failed += bool(wrong)
        print("not ok" if wrong else "ok", self.n, "-", name)
        for line in wrong:
            print("#", line)

    def skip(self, name, why):
        if os.environ.get("RP_REQUIRE_SERVERS"):
            return self.say([why], name)
        self.n += 1
        print("ok", self.n, "-", name, "# SKIP", why)


def expected(xml):
    """What the case counts have to be, from the record: its findings, and the verdict's own case where nothing else says
    that the run is no 0."""
    with open(xml[:-3] + "json", encoding="utf-8") as f:
        record = json.load(f)
    verdicts = [f["verdict"] for f in record["findings"]]
    count = {"failure": verdicts.count("fail"), "error": verdicts.count("error"),
             "skipped": verdicts.count("not-run") + verdicts.count("waived")}
    own = (record["status"] != 0 or not verdicts) and count["failure"] + count["error"] == 0
    count["error"] += own
    return {"total": len(verdicts) + own, "names": len(verdicts) + own, **count}


def schemas(tap, root, xmls):
    for schema in [os.path.join(root, "tests/cli/junit.xsd")] + os.environ.get("RP_JUNIT_SCHEMAS", "").split():
        run = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", schema, *xmls], capture_output=True, text=True)
        tap.say(run.stderr.splitlines()[:20] if run.returncode else [], f"{len(xmls)} files are valid by {os.path.basename(schema)}")


def junitparser(tap, xmls):
    name = "junitparser counts what the record counts"
    # Debian's, which another Python that comes first does not have.
    run = subprocess.run(["/usr/bin/python3", "-c", COUNT, *xmls], capture_output=True, text=True)
    if run.returncode:
        return tap.skip(name, "no python3-junitparser: " + run.stderr.strip().splitlines()[-1])
    wrong = []
    for path, line in zip(xmls, run.stdout.splitlines()):
        want = expected(path)
        want = [want[k] for k in ("total", "failure", "error", "skipped", "names")]
        if [int(n) for n in line.split()] != want:
            wrong.append(f"{os.path.basename(path)}: {line}, expected {want}")
    tap.say(wrong, name)


def install(root, where):
    """None, or why the packages are not there."""
    lock, done = os.path.join(root, "tests/npm/reports/package-lock.json"), os.path.join(where, "complete.json")
    with open(lock, "rb") as f:
        wanted = f.read()
    if os.path.exists(done) and open(done, "rb").read() == wanted:
        return None
    script = '. "$1/tests/lib/npm.sh"; root=$1; npm_install reports "$2" || { echo "$npm_why"; exit 1; }'
    run = subprocess.run(["bash", "-c", script, "bash", root, where], capture_output=True, text=True)
    if run.returncode:
        return " ".join(run.stdout.split())[-200:]
    with open(done, "wb") as f:
        f.write(wanted)
    return None


def node(where, script, args):
    run = subprocess.run(["node", script, *args], cwd=where, capture_output=True, text=True)
    if run.returncode:
        return None, run.stderr.splitlines()[-12:]
    return [json.loads(line) for line in run.stdout.splitlines()], []


def readers(tap, root, where, xmls):
    read, wrong = node(where, os.path.join(root, "tests/npm/reports/junit.mjs"), xmls)
    for reader in ("junit2json", "test-results-parser"):
        for one in read or []:
            want, got = expected(one["file"]), one[reader]
            if "failed" in got:  # this reader's total leaves out what was skipped
                want = {"total": want["total"] - want["skipped"], "failed": want["failure"] + want["error"],
                        "skipped": want["skipped"], "names": want["names"]}
            if got != want:
                wrong.append(f"{os.path.basename(one['file'])}: {got}, expected {want}")
        tap.say(wrong, f"{reader} counts what the record counts")
        wrong = [] if read else wrong


def in_chromium(page, dark, axe, where):
    """What axe-core finds in a page that is drawn: a copy with axe in it, whose answer becomes the title."""
    with open(page, encoding="utf-8") as f:
        text = f.read()
    script = ("<script>" + axe + "</script><script>axe.run().then(r => { document.title = 'axe ' + JSON.stringify(r.violations.map("
              "v => v.id + ': ' + v.help + ': ' + v.nodes.map(n => n.target).slice(0, 5).join(' '))); });</script>")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text).replace("</body>", script + "</body>")
    with tempfile.TemporaryDirectory(dir=where) as d:
        copy = os.path.join(d, "page.html")
        with open(copy, "w", encoding="utf-8") as f:
            f.write(text)
        run = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
             "--user-data-dir=" + d + "/profile", f"--blink-settings=preferredColorScheme={0 if dark else 1}",
             "--window-size=1000,900", "--virtual-time-budget=60000", "--dump-dom", "file://" + copy],
            capture_output=True, text=True, timeout=300)
    answer = re.search(r"<title>axe (\[.*?\])</title>", run.stdout)
    if not answer:
        return ["axe did not answer: " + " ".join(run.stderr.split())[-200:]]
    return json.loads(answer[1].replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))


def pages(tap, root, where, htmls):
    chromium = shutil.which("chromium")
    axed = [h for h in htmls if os.path.basename(h)[:-5] in (AXE if chromium else AXE_SLOW)]
    read, wrong = node(where, os.path.join(root, "tests/npm/reports/html.mjs"), [h for h in htmls if h not in axed])
    more, also = node(where, os.path.join(root, "tests/npm/reports/html.mjs"), ([] if chromium else ["--axe"]) + axed)
    wrong += also + [f"{os.path.basename(p['page'])}: {f}" for p in (read or []) + (more or []) for f in p["findings"]]
    tap.say(wrong, f"html-validate finds nothing in {len(htmls)} pages" + ("" if chromium else f", axe in jsdom in {len(axed)}"))
    if not chromium:
        return
    with open(os.path.join(where, "node_modules/axe-core/axe.min.js"), encoding="utf-8") as f:
        axe = f.read().replace("</script", "<\\/script")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for dark in (False, True):
            answers = pool.map(lambda page, d=dark: in_chromium(page, d, axe, where), axed)
            wrong = [f"{os.path.basename(p)}: {w}" for p, found in zip(axed, answers) for w in found]
            tap.say(wrong, f"axe finds nothing in {len(axed)} pages in Chromium, {'dark' if dark else 'light'}")


def main():
    root, where = sys.argv[1:3]
    tap = Tap()
    golden = os.path.join(root, "fixtures/golden")
    xmls, htmls = sorted(glob.glob(golden + "/*.xml")), sorted(glob.glob(golden + "/*.html"))
    schemas(tap, root, xmls)
    junitparser(tap, xmls)
    why = install(root, where)
    if why:
        tap.skip("npm's readers", why)
    else:
        readers(tap, root, where, xmls)
        pages(tap, root, where, htmls)
    print(f"1..{tap.n}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
