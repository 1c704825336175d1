#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Measures Plinth beside stock Xen 4.17 on the same work, prints the tables and writes docs/benchmarks.md.

bench.py [--out FILE] [--saved] [GROUP ...]

The page is written when every group was measured. --saved takes the results of earlier runs from build/bench
instead of measuring, for work on the tables. The status is 0 if everything was measured, even where a figure misses
its target or is worse than in the old FILE: those are named at the end.
"""
import argparse
import concurrent.futures
import os
import pickle
import sys
import time

import devices
import machine
import paths
import report
import scheduler
import sizes
import store
import system
import toolstack

# Each has jobs(), {key: (function, argument...)}, and tables(results, judge), {name in benchmarks.md.in: text}.
GROUPS = {module.__name__: module for module in (paths, system, toolstack, store, devices, scheduler, sizes)}
BOOTS_AT_A_TIME = min(2, os.cpu_count() or 1)


def measure(groups):
    """All jobs, some at a time: {group: {key: result}}."""
    results, begun = {group: {} for group in groups}, time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(BOOTS_AT_A_TIME) as pool:
        futures = {pool.submit(*job): (group, key) for group in groups for key, job in GROUPS[group].jobs().items()}
        for n, future in enumerate(concurrent.futures.as_completed(futures)):
            group, key = futures[future]
            results[group][key] = future.result()
            print(f"bench: {n + 1} of {len(futures)} done after {time.monotonic() - begun:.0f} s: "
                  f"{group} {' '.join(map(str, key))}", file=sys.stderr, flush=True)
    return results


def saved(group):
    return f"{machine.BUILD}/bench/{group}.pickle"


def save(results):
    os.makedirs(f"{machine.BUILD}/bench", exist_ok=True)
    for group, result in results.items():
        with open(saved(group), "wb") as file:
            pickle.dump(result, file)


def load(groups):
    results = {}
    for group in groups:
        with open(saved(group), "rb") as file:
            results[group] = pickle.load(file)
    return results


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--out", default=f"{machine.TOP}/docs/benchmarks.md")
    parser.add_argument("--saved", action="store_true")
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], metavar="GROUP")
    options = parser.parse_args()
    groups = options.groups or list(GROUPS)
    judge = report.Judge(report.read_old(options.out))
    results = load(groups) if options.saved else measure(groups)
    if not options.saved:
        save(results)
    tables = {}
    for group in groups:
        tables.update(GROUPS[group].tables(results[group], judge))
        judge.collect_broken(results[group])
    for text in tables.values():
        print(f"\n{text}")
    if set(groups) == set(GROUPS) and not judge.broken:
        report.write(options.out, tables)
        print(f"\nbench: written to {os.path.relpath(options.out)}")
    print()
    judge.shout()
    sys.exit(1 if judge.broken else 0)


if __name__ == "__main__":
    main()
