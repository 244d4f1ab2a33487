"""The text of an Error is a sentence, since pages, the log and Proxy-Status show it unchanged."""

import pathlib
import re

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src"
CALL = re.compile(r"\b(?:fail|Error)\(\s*(?:base::)?ErrorType::(\w+),(?:\s*\d{3},)?\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+)[,)]")
PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"')


def details(text):
    """The literal texts in calls that make an error, without the values that are inserted."""
    for match in CALL.finditer(text):
        yield match.group(1), "".join(PIECE.findall(match.group(2)))


def is_sentence(detail):
    return not detail[:1].islower() and detail[-1:] in ".!?"


def faults(root):
    for path in sorted(root.rglob("*.cc")):
        if path.name.endswith("_test.cc"):
            continue
        for _, detail in details(path.read_text(encoding="utf-8")):
            if not is_sentence(detail):
                yield f"{path.relative_to(root)}: {detail!r}"


def test_errors_speak_in_sentences():
    found = [each for path in SOURCE.rglob("*.cc") for each in details(path.read_text(encoding="utf-8"))]
    assert len(found) > 40
    assert list(faults(SOURCE)) == []


def test_what_is_none_is_found(tmp_path):
    (tmp_path / "x.cc").write_text(
        'return base::fail(ErrorType::dns_error, "the name " "is unknown.");\n'
        'return Error(ErrorType::http_request_error, 408, "Too slow", "timeouts");\n'
        'return fail(base::ErrorType::dns_error, "The name is unknown.");\n'
    )
    assert list(faults(tmp_path)) == ["x.cc: 'the name is unknown.'", "x.cc: 'Too slow'"]
