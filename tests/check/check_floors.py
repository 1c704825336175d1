#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Which folders may use which, and how large circles of files are: floors.txt says both.

A file uses another where its object needs a symbol that the other's object defines.
"""
import collections
import os
import re

import common
import objects

FLOORS = "tests/check/floors.txt"


class Floors:
    """What floors.txt says."""

    def __init__(self):
        self.rooms, self.circles, self.contract, self.line = {}, [], {}, {}
        for number, words in common.rows(FLOORS):
            if words[0] == "room":
                folder = words[1].rstrip(":")
                self.rooms[folder], self.line[folder] = {folder, *words[2:]}, number
            elif words[0] == "circle":
                self.circles.append((words[1], int(words[2])))
            elif words[0] == "contract":
                names = re.findall(r"\b(\w+)(?=\(|;|\[)", common.read(words[1]))
                self.contract.setdefault(words[2], set()).update(names)
            else:
                raise SystemExit(f"{FLOORS}:{number}: {words[0]} is none of room, circle, contract")

    def below(self, folder):
        """All folders that files of a folder may use: what is named in its row, and what these may use."""
        seen, new = set(), {folder}
        while new:
            seen |= new
            new = set().union(*(self.rooms.get(name, ()) for name in new)) - seen
        return seen

    def by_contract(self, to, symbol):
        """Whether a symbol is one that the folder owes to all others."""
        return any(to.startswith(folder) and symbol in names for folder, names in self.contract.items())


def circles(graph):
    """The sets of files that all need each other, by two walks: along the arrows, and against them in reverse order."""
    order, seen = [], set()
    for root in sorted(graph):
        stack = [(root, iter(sorted(graph[root])))] if root not in seen else []
        seen.add(root)
        while stack:
            node, rest = stack[-1]
            following = next((n for n in rest if n not in seen), None)
            if following is None:
                order.append(node)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(sorted(graph.get(following, ())))))
    against = collections.defaultdict(set)
    for node, others in graph.items():
        for other in others:
            against[other].add(node)
    taken = set()
    for root in reversed(order):
        group, new = set(), {root} - taken
        while new:
            group |= new
            taken |= new
            new = set().union(*(against[n] for n in new)) - taken
        if len(group) > 1:
            yield group


def check_arrows(report, floors, arrows):
    """Each arrow between folders is allowed."""
    unknown = set()
    for source, other, symbol in arrows:
        report.look()
        from_room, to_room = os.path.dirname(source), os.path.dirname(other)
        if from_room not in floors.rooms:
            if from_room not in unknown:
                report.fault(source, 1, f"{FLOORS} has no row for the folder {from_room}: add one")
            unknown.add(from_room)
        elif to_room not in floors.below(from_room) and not floors.by_contract(to_room, symbol):
            report.fault(source, 1, f"{from_room} may not use {to_room} ({FLOORS}:{floors.line[from_room]}), but "
                         f"{source} uses {symbol} of {other}")


def check_circles(report, floors, arrows):
    """No circle of files of a folder is larger than allowed."""
    for folder, limit in floors.circles:
        graph = collections.defaultdict(set)
        for source, other, symbol in arrows:
            if source.startswith(folder) and other.startswith(folder) and not floors.by_contract(os.path.dirname(other), symbol):
                graph[source].add(other)
        largest = max(circles(graph), key=len, default=())
        report.look()
        print(f"largest circle of files in {folder}: {len(largest)}, at most {limit}")
        if len(largest) > limit:
            report.fault(folder, 1, f"{len(largest)} files need each other, {limit} are the limit: {' '.join(sorted(largest))}")
        elif len(largest) < limit and os.environ.get("CIRCLES"):
            print("  " + " ".join(sorted(largest)))


def main():
    """Checks the arrows and the circles."""
    report = common.Report("floors")
    floors = Floors()
    arrows = sorted({arrow for program in objects.programs() for arrow in program.arrows()})
    check_arrows(report, floors, arrows)
    check_circles(report, floors, arrows)
    report.end()


main()
