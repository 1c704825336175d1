# SPDX-License-Identifier: ISC
"""Find every macro, enumerator, typedef, struct and field of our public headers.

The input is the preprocessed text of all headers together. The parser knows only the few forms that
the headers use and stops at anything else: what it does not understand it cannot leave out.
"""

import os
import re
from dataclasses import dataclass, field

INTEGERS = {f"{u}int{w}_t" for u in ("", "u") for w in (8, 16, 32, 64)}
TOKEN = re.compile(r"[A-Za-z_]\w*|0[xX][0-9a-fA-F]+\w*|\d+\w*|\"[^\"]*\"|->|<<|>>|==|\S")


class Unknown(Exception):
    """The headers contain something that this parser has no rule for."""


@dataclass
class Field:
    path: str
    type: str
    is_array: bool
    is_flexible: bool


@dataclass
class Headers:
    macros: dict = field(default_factory=dict)  # name -> body; NAME( for one with arguments
    enumerators: list = field(default_factory=list)
    typedefs: dict = field(default_factory=dict)  # name -> type
    structs: dict = field(default_factory=dict)  # "struct x" -> [Field]

    def is_integer(self, name):
        while name in self.typedefs:
            name = self.typedefs[name]
        return name in INTEGERS


def own_lines(preprocessed, files):
    """The lines that come from these files; `gcc -E -dD` marks where lines are from."""
    ours = False
    for line in preprocessed.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            ours = os.path.realpath(marker.group(1)) in files
        elif ours:
            yield line


class Parser:
    def __init__(self, tokens, headers):
        self.tokens = tokens
        self.at = 0
        self.headers = headers

    def peek(self, ahead=0):
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else ""

    def next(self, expected=None):
        token = self.peek()
        if not token or (expected and token != expected):
            near = " ".join(self.tokens[max(0, self.at - 12) : self.at + 6])
            raise Unknown(f"expected {expected or 'more'}, found {token!r} near: {near}")
        self.at += 1
        return token

    def accept(self, token):
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def identifier(self):
        token = self.next()
        if not re.match(r"[A-Za-z_]", token):
            raise Unknown(f"{token!r} is no identifier")
        return token

    def skip_balanced(self, opening, closing):
        self.next(opening)
        depth = 1
        while depth:
            token = self.next()
            depth += (token == opening) - (token == closing)

    def unit(self):
        while self.peek():
            token = self.peek()
            if token == "_Static_assert":
                self.next()
                self.skip_balanced("(", ")")
                self.next(";")
            elif token == "static" and self.peek(1) == "inline":
                while self.peek() != "{":
                    self.next()
                self.skip_balanced("{", "}")
            elif token == "typedef":
                self.typedef()
            elif token == "enum":
                self.enum()
            elif token == "struct":
                name = "struct " + self.peek(1)
                self.next(), self.next()
                self.body(name, "")
                self.next(";")
            else:
                raise Unknown(f"no rule for what begins with {token!r} {self.peek(1)!r}")

    def typedef(self):
        self.next("typedef")
        if self.accept("struct"):  # only the handle: an anonymous struct
            self.skip_balanced("{", "}")
            self.headers.typedefs[self.identifier()] = "struct"
        else:
            base, name = self.identifier(), self.identifier()
            is_array = self.peek() == "["
            if is_array:
                self.skip_balanced("[", "]")
            self.headers.typedefs[name] = "array" if is_array else base
        self.next(";")

    def enum(self):
        self.next("enum")
        self.identifier()
        self.next("{")
        while not self.accept("}"):
            self.headers.enumerators.append(self.identifier())
            while self.peek() not in (",", "}"):
                self.next()
            self.accept(",")
        self.next(";")

    def body(self, owner, prefix):
        """The members between { and }; `owner` is where their paths begin."""
        fields = self.headers.structs.setdefault(owner, [])
        self.next("{")
        while not self.accept("}"):
            kind = self.peek()
            if kind in ("struct", "union") and self.peek(1) == "{":
                self.next()
                self.inline_member(owner, prefix)
            elif kind == "struct" and self.peek(2) == "{":
                self.next()
                name = "struct " + self.next()
                self.body(name, "")
                fields.extend(self.declarators(prefix, name))
            elif kind == "struct":
                self.next()
                fields.extend(self.declarators(prefix, "struct " + self.identifier()))
            else:
                fields.extend(self.declarators(prefix, self.identifier()))

    def inline_member(self, owner, prefix):
        """An unnamed struct or union: its members' paths continue the outer one's."""
        start = self.at
        self.skip_balanced("{", "}")
        member = "" if self.peek() == ";" else self.peek() + "."
        self.at = start
        self.body(owner, prefix + member)
        if member:
            self.headers.structs[owner].extend(self.declarators(prefix, "inline"))
        else:
            self.next(";")

    def declarators(self, prefix, type_name):
        found = []
        while True:
            name = self.identifier()
            is_array = self.peek() == "["
            is_flexible = is_array and self.peek(1) == "]"
            if is_array:
                self.skip_balanced("[", "]")
            found.append(Field(prefix + name, type_name, is_array, is_flexible))
            if self.accept(";"):
                return found
            self.next(",")


def parse(preprocessed, files):
    headers = Headers()
    text = []
    for line in own_lines(preprocessed, files):
        define = re.match(r"#define (\w+)(\(?)[^ ]*(?:\s+(.*))?$", line)
        undef = re.match(r"#undef (\w+)", line)
        if define:
            name, has_arguments, content = define.groups()
            headers.macros[name + has_arguments] = (content or "").strip()
        elif undef:
            headers.macros = {
                name: body
                for name, body in headers.macros.items()
                if name.rstrip("(") != undef.group(1)
            }
        elif line.startswith("#"):
            raise Unknown(f"directive {line!r}")
        else:
            text.append(line)
    Parser(TOKEN.findall("\n".join(text)), headers).unit()
    return headers
