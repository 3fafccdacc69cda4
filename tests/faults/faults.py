#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fault loops over seal and verify. See run.sh; docs: CONTRIBUTING.md."""
import argparse
import collections
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback

from judge import KNOWN, Judge
from world import DEADLINE_S, World, below, processes, send, subreaper

# How many n of each fault are tried: (seal, verify). Fewer calls than that: all of them.
SOME = {"allocation": (120, 80), "read": (12, 20), "poll": (25, 25), "query": (30, 30), "answer": (30, 30)}
OTHERS = (25, 20)
# These stay broken, too: a full disk stays full.
LASTING = {"allocation": (8, 8), "write": (4, 4), "open": (3, 3), "fsync": (2, 3), "connect": (2, 3), "fork": (2, 3),
           "mkdir": (0, 3), "pipe": (3, 3), "poll": (3, 3), "short": (1, 1), "read": (2, 3), "rename": (1, 2)}
ONLY_LASTING = {"stderr": (1, 1)}
MOMENTS = {"kill": (58, 54), "server killed": (8, 8), "server quits": (6, 6), "backend killed": (6, 8),
           "never answers": (5, 6), "full disk": (6, 10), "full reports": (0, 6), "small files": (6, 6)}
SAMPLE = 0.06


class Report:
    """What came of one run."""

    def __init__(self, command, fault, what):
        self.command, self.fault, self.what = command, fault, what
        self.status, self.wrong, self.left, self.crashed, self.skipped, self.detail = None, [], [], False, None, ""

    def judge(self, judge, outcome, killed=False):
        self.status = outcome.status
        self.crashed = outcome.crashed() and not killed
        if not killed:
            self.left = judge.left()
        self.wrong = judge.common(self.command, outcome, killed) + [f"left over: {x}" for x in self.left]
        if self.wrong:
            self.detail = outcome.err[-1500:] + "\n" + outcome.out[-600:] + "\n" + outcome.log[-6000:]


def evenly(total, wanted, rng):
    if wanted <= 0 or total <= 0:
        return []
    if total <= wanted:
        return list(range(1, total + 1))
    step = total / wanted
    return sorted({min(total, int(i * step + rng.random() * step) + 1) for i in range(wanted)})


# The kinds of job: each gets (judge, report, what it was planned with)


def inject(judge, report, spec):
    # A connection that is refused for good is tried as long as a server may take to recover: minutes.
    allowed = ["--timeout", "20s"] if spec.endswith("+") else []
    o = judge.w.run(judge.command(report.command) + allowed, fault=spec)
    if not o.fired:
        report.skipped = "did not come to that call"
    report.judge(judge, o)
    if report.left and spec.startswith("allocation") and spec.endswith("+"):
        # Without any memory nothing can be listed to be removed; the next run does it.
        judge.w.run(judge.command(report.command))
        report.left = judge.left()
        report.wrong = [w for w in report.wrong if "left over" not in w] + [f"left over: {x}" for x in report.left]


def wait_moment(process, seconds):
    try:
        process.wait(max(seconds, 0))
        return False
    except Exception:  # TimeoutExpired: still running, as wanted
        return True


def kill(judge, report, moment):
    p = judge.w.start(judge.command(report.command), fault="none")
    if not wait_moment(p, moment):
        report.skipped = "it had ended before"
    p.kill()
    o = judge.w.finish(p)
    report.judge(judge, o, killed=not report.skipped)
    for path in judge.w.left_files(KNOWN):
        if "reprove-" not in os.path.basename(path):
            report.wrong.append(f"a killed run leaves '{path}', and its name does not say whose it is")
    after = judge.w.run(judge.command(report.command))
    if after.status != 0:
        report.wrong.append(f"the run after a kill ends with {after.status}: {(after.err + after.out)[-500:]}")
    report.left = judge.left()
    report.wrong += judge.common(report.command, after) + [f"left over after the next run: {x}" for x in report.left]
    report.detail = after.err[-1500:]


def of_the_run(judge, p, name="postgres"):
    """Servers of a run: their first processes, and all of them."""
    every = processes()
    found = {pid for pid in below(p.pid, every) if every[pid][2] == name}
    return {pid for pid in found if every[pid][0] not in found}, found


def hit_server(judge, report, moment, which, what):
    p = judge.w.start(judge.command(report.command), fault="none")
    hit = []
    while not hit and wait_moment(p, moment):
        moment = 0.02  # until there is one
        if report.command == "seal":
            first, every = {judge.w.server.pid}, judge.w.source_pids()
        else:
            first, every = of_the_run(judge, p)
        hit = sorted(first if which == "first" else every - first)
        if which == "one" and hit:
            hit = [random.choice(hit)]
        send(hit, what)
    if not hit:
        report.skipped = "no server was running then"
    o = judge.w.finish(p)
    judge.w.start_server() if report.command == "seal" and wait_source(judge, what) else None
    report.judge(judge, o)


def wait_source(judge, what):
    """A source that was told to end has ended, so that the next one starts."""
    for _ in range(100):
        if judge.w.server.poll() is not None:
            return True
        time.sleep(0.02)
    return False


def server_killed(judge, report, moment):
    hit_server(judge, report, moment, "first", signal.SIGKILL)


def server_quits(judge, report, moment):
    hit_server(judge, report, moment, "first", signal.SIGQUIT)


def backend_killed(judge, report, moment):
    hit_server(judge, report, moment, "one", signal.SIGKILL)
    judge.w.start_server()


def never_answers(judge, report, moment):
    allowed = 3
    p = judge.w.start(judge.command(report.command) + ["--timeout", f"{allowed}s"], fault="none")
    stopped = set()
    if wait_moment(p, moment):
        for _ in range(10):
            fresh = judge.w.source_pids() if report.command == "seal" else below(p.pid, processes())
            send(fresh - stopped, signal.SIGSTOP)
            stopped |= fresh
            time.sleep(0.02)
    o = judge.w.finish(p, deadline=allowed + 25)
    if not stopped or o.seconds < allowed:
        report.skipped = "it had ended before"
    if report.command == "seal":
        send(stopped, signal.SIGCONT)
    report.judge(judge, o)
    if o.seconds > allowed + 15:
        report.wrong.append(f"--timeout {allowed}s took {o.seconds:.1f} s")


def fill(path):
    with open(os.path.join(path, "filler"), "wb", buffering=0) as f:
        for size in (1 << 20, 1 << 12, 1 << 6, 1):
            try:
                while f.write(b"x" * size) == size:
                    pass
            except OSError:
                pass


def full(judge, report, where, size, moment):
    if not judge.w.mount(where, size):
        report.skipped = "tmpfs cannot be mounted by this user"
        return
    try:
        judge.reset()
        p = judge.w.start(judge.command(report.command), fault="none")
        if wait_moment(p, moment):
            fill(where)
        o = judge.w.finish(p)
        if os.path.exists(os.path.join(where, "filler")):
            os.unlink(os.path.join(where, "filler"))
        report.judge(judge, o)
    finally:
        judge.w.unmount()


def full_disk(judge, report, moment):
    full(judge, report, judge.w.tmp if report.command == "verify" else judge.w.out, "300m", moment)


def full_reports(judge, report, moment):
    full(judge, report, judge.file("rep"), "2m", moment)


def small_files(judge, report, moment):
    """The limit of a user or a service: no file may grow beyond it."""
    limit = int(1000 * 10 ** (3.5 * moment / judge.seconds[report.command]))
    report.what += f" (ulimit of {limit} bytes)"
    report.judge(judge, judge.w.run(judge.command(report.command), limit=limit))


KINDS = {"kill": kill, "server killed": server_killed, "server quits": server_quits, "backend killed": backend_killed,
         "never answers": never_answers, "full disk": full_disk, "full reports": full_reports,
         "small files": small_files}


def counts(judge):
    found = {}
    for command in ("seal", "verify"):
        judge.reset()
        o = judge.w.run(judge.command(command), fault="none")
        found[command] = {w[1]: int(w[2]) for w in map(str.split, o.log.splitlines()) if w[0] == "count"}
    return found


def plan(found, seconds, args):
    rng = random.Random(args.seed)
    share = SAMPLE if args.sample else 1
    jobs = []

    def wanted(pair, i):
        return 10**9 if args.all else -int(-pair[i] * share // 1)

    for i, command in enumerate(("seal", "verify")):
        for fault, total in sorted(found[command].items()):
            if fault not in ONLY_LASTING:
                jobs += [(command, fault, f"{fault}:{n}")
                         for n in evenly(total, wanted(SOME.get(fault, OTHERS), i), rng)]
            for table in (LASTING, ONLY_LASTING):
                n_lasting = int(table.get(fault, (0, 0))[i] * share + 0.99)
                jobs += [(command, fault + ", from then on", f"{fault}:{n}+")
                         for n in evenly(max(total, 1 if table is ONLY_LASTING else 0), n_lasting, rng)]
        for kind, pair in MOMENTS.items():
            n = int(pair[i] * share + 0.99) if pair[i] else 0
            jobs += [(command, kind, (j + rng.random()) / n * seconds[command]) for j in range(n)]
    jobs = [j for j in jobs if args.only in f"{j[0]} {j[1]} {j[2]}"]
    rng.shuffle(jobs)
    return jobs


def one(judge, job):
    command, fault, detail = job
    report = Report(command, fault, detail if isinstance(detail, str) else f"after {detail * 1000:.0f} ms")
    try:
        judge.reset()
        if isinstance(detail, str):
            inject(judge, report, detail)
        else:
            KINDS[fault](judge, report, detail)
    except Exception:
        report.wrong.append("the test itself failed")
        report.detail = traceback.format_exc()
    judge.w.unmount()
    if judge.w.server.poll() is not None:
        judge.w.start_server()
    return report


def worker(number, args, jobs, out, stop):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    subreaper()
    world = None
    try:
        world = World(number, args)
        judge = Judge(world)
        out.put((counts(judge), judge.seconds) if number == 0 else None)
        while (job := jobs.get()) is not None and not stop.is_set():
            out.put(one(judge, job))
    except Exception:
        out.put(traceback.format_exc())
    finally:
        if world:
            world.sweep(KNOWN)
            world.close()
        if stop.is_set():  # nobody reads any more
            out.cancel_join_thread()


def table(reports):
    rows = collections.OrderedDict()
    for r in sorted(reports, key=lambda r: (r.command, r.fault)):
        rows.setdefault((r.command, r.fault), []).append(r)
    print(f"\n{'command':8} {'fault':26} {'runs':>5} {'not hit':>7}  {'statuses seen':34} {'left':>4} {'crash':>5} {'wrong':>5}")
    for (command, fault), all_of_it in rows.items():
        seen = collections.Counter(r.status for r in all_of_it if r.status is not None)
        statuses = ", ".join(f"{'killed' if s == -9 else s} x {n}" for s, n in sorted(seen.items(), reverse=True))
        print(f"{command:8} {fault:26} {len(all_of_it):5} {sum(bool(r.skipped) for r in all_of_it):7}  {statuses:34} "
              f"{sum(len(r.left) for r in all_of_it):4} {sum(r.crashed for r in all_of_it):5} "
              f"{sum(bool(r.wrong) for r in all_of_it):5}")


def tell(reports, seconds, args):
    reasons = {r.skipped for r in reports if r.skipped and "mounted" in r.skipped}
    table(reports)
    for reason in reasons:
        print(f"not tried: {reason}")
    bad = [r for r in reports if r.wrong]
    print(f"\n{len(reports)} runs in {seconds:.0f} s, seed {args.seed}: {len(bad)} ended wrongly")
    return bad


def where(line, reprove):
    """A line of a backtrace, as function and line of ours; None: not ours."""
    at = re.search(r"/" + re.escape(os.path.basename(reprove)) + r"\(\+(0x[0-9a-f]+)\)", line)
    if at:
        told = subprocess.run(["addr2line", "-e", reprove, "-f", "-s", at[1]], capture_output=True, text=True).stdout
        return "  at " + " ".join(told.split())
    return None if "(+0x" in line or line.startswith("count ") else line


def show_wrong(r, reprove):
    print(f"\n# {r.command}: {r.fault}, {r.what}: status {r.status}", flush=True)
    for w in r.wrong:
        print(f"#   {w}")
    for line in r.detail.splitlines():
        told = where(line, reprove) if shutil.which("addr2line") else line
        if told:
            print(f"#     {told}", flush=True)


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--reprove", required=True)
    p.add_argument("--inject", required=True)
    p.add_argument("--work", required=True)
    p.add_argument("--sample", action="store_true", help="about one in ten, and one of each kind at least")
    p.add_argument("--all", action="store_true", help="every n of every fault: hours")
    p.add_argument("--seed", type=int, default=None)
    p.add_argument("--only", default="", help="what 'COMMAND FAULT SPEC' must hold: 'seal allocation'")
    p.add_argument("--spec", action="append", default=[], help="COMMAND FAULT:N, and nothing else")
    p.add_argument("--jobs", type=int, default=min(os.cpu_count() or 1, 8))
    args = p.parse_args()
    args.seed = random.SystemRandom().randrange(10**6) if args.seed is None else args.seed
    return args


def collect(args, jobs, out):
    """Plan when the first worker has counted, then wait for as many reports as there are jobs."""
    reports, planned, ready = [], None, 0
    while planned is None or ready < args.jobs or len(reports) < len(planned):
        got = out.get()
        if isinstance(got, str):
            print(got)
            return reports, False
        if isinstance(got, Report):
            reports.append(got)
            if got.wrong:
                show_wrong(got, args.reprove)
            continue
        ready += 1
        if got:
            planned = [tuple([*s.split(" ", 1), s.split(" ", 1)[1]]) for s in args.spec] or plan(*got, args)
            print(f"# {len(planned)} runs", flush=True)
            for job in planned:
                jobs.put(job)
    return reports, True


def main():
    args = options()
    print(f"# seed {args.seed}", flush=True)
    began = time.monotonic()
    jobs, out, stop = multiprocessing.Queue(), multiprocessing.Queue(), multiprocessing.Event()
    workers = [multiprocessing.Process(target=worker, args=(i, args, jobs, out, stop)) for i in range(args.jobs)]
    for w in workers:
        w.start()
    try:
        reports, whole = collect(args, jobs, out)
    finally:
        stop.set()
        for _ in workers:
            jobs.put(None)
        for w in workers:
            w.join(DEADLINE_S + 60)
            w.terminate()
    bad = tell(reports, time.monotonic() - began, args)
    return 1 if bad or not whole else 0


if __name__ == "__main__":
    sys.exit(main())
