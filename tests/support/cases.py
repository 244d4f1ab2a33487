"""Reads the tables of raw cases (tests/cases/README.md has their format)."""

import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "cases"
ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\", '"': '"'}


def unescape(text):
    """The bytes that a quoted value stands for."""
    assert len(text) >= 2 and text[0] == text[-1] == '"', text
    out = bytearray()
    at, end = 1, len(text) - 1
    while at < end:
        character = text[at]
        if character != "\\":
            out += character.encode("utf-8")
            at += 1
        elif text[at + 1] == "x":
            out.append(int(text[at + 2 : at + 4], 16))
            at += 4
        elif text[at + 1] == "*":
            match = re.compile(r"\\\*(\d+)\{").match(text, at)
            close = at + len(match[0])
            while text[close] != "}":
                close += 2 if text[close] == "\\" else 1
            out += unescape(f'"{text[at + len(match[0]):close]}"') * int(match[1])
            at = close + 1
        else:
            out += ESCAPES[text[at + 1]].encode()
            at += 2
    return bytes(out)


class Case:
    def __init__(self, pairs):
        self.values = {}
        self.raw = b""
        self.fields = []
        self.trailers = []
        for key, value in pairs:
            if key == "raw":
                self.raw += unescape(value)
            elif key == "field":
                self.fields.append(unescape(value))
            elif key == "trailer":
                if value != "none":
                    self.trailers.append(unescape(value))
            else:
                self.values[key] = unescape(value) if value.startswith('"') else value
        self.name = self.values["case"]
        self.expect = self.values["expect"]

    def get(self, key, default=None):
        return self.values.get(key, default)

    def has(self, key):
        return key in self.values

    def __repr__(self):
        return self.name


def load(name):
    """The cases of a table; none if the file does not exist."""
    path = FOLDER / name
    cases, block = [], []
    for line in path.read_text(encoding="utf-8").split("\n") + [""] if path.exists() else []:
        if line.startswith("#"):
            continue
        if line.strip():
            key, _, value = line.partition(":")
            block.append((key.strip(), value.strip()))
        elif block:
            cases.append(Case(block))
            block = []
    assert len({case.name for case in cases}) == len(cases)
    return cases
