"""Adds up the results of unit tests (GoogleTest), ctest and pytest; prints the failures and, last, one line of totals."""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def cases(path):
    """(name, outcome) of each test in a JUnit file: 'passed', 'failed' or 'skipped'."""
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname') or ''}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
            yield name, "failed"
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            yield name, "skipped"
        else:
            yield name, "passed"


def main(folder):
    """`folder` has a folder of results for each build that was tested."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    failed = []
    for build in sorted(path for path in pathlib.Path(folder).iterdir() if (path / "unit").is_dir()):

        def count(name, outcome, build=build.name):
            counts[outcome] += 1
            if outcome == "failed":
                failed.append(name if build == "asan" else f"{name}, under {build}")

        add_up(build, count)
    for name in failed:
        print(f"FAILED {name}")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] or not counts["passed"] else 0


def add_up(folder, count):
    programs = set()
    for path in sorted(folder.glob("unit/*.xml")):
        outcomes = list(cases(path))
        programs.update([path.stem] if any(outcome == "failed" for _, outcome in outcomes) else [])
        for name, outcome in outcomes:
            count(name, outcome)
    # A program that failed without a failed case (it crashed, timed out, leaked or had a race)
    # counts as one failure.
    if (folder / "ctest.xml").exists():
        for name, outcome in cases(folder / "ctest.xml"):
            program = name.rsplit(".", 1)[-1]
            if outcome == "failed" and f"{program.rsplit('/', 1)[-1]}_tests" not in programs:
                count(f"the test program of {program}", outcome)
    if (folder / "scenarios.xml").exists():
        for name, outcome in cases(folder / "scenarios.xml"):
            count(name, outcome)
    else:
        count("the scenarios did not end", "failed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
