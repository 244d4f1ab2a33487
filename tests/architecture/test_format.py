"""C and C++ files are laid out by clang-format 19 and .clang-format, and no line is longer than 100
columns: clang-format keeps lines that it can't break, such as raw strings."""

import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("bench", "fuzz", "src", "tests")
COLUMNS = 100


def sources(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".c", ".cc", ".h"):
                yield path


def too_long(root):
    return [
        f"{path.relative_to(root)}:{number}: {len(line)} columns"
        for path in sources(root)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > COLUMNS
    ]


def differing(root):
    """Runs `scripts/format --check` on the tree at `root`."""
    done = subprocess.run(
        [root / "scripts/format", "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode == 0) == (done.stderr == ""), done
    return done.stderr


def test_no_line_is_longer_than_100_columns():
    assert len(list(sources(ROOT))) > 100
    assert too_long(ROOT) == []


def test_every_file_is_as_clang_format_writes_it():
    assert differing(ROOT) == "", "scripts/format lays them out"


def test_the_checks_can_fail(tmp_path):
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/format", tmp_path / "scripts")
    shutil.copy(ROOT / ".clang-format", tmp_path)
    file = tmp_path / "src" / "x.cc"
    file.write_text("int  x;\n")
    assert "src/x.cc" in differing(tmp_path)
    file.write_text("int x;\n")
    assert differing(tmp_path) == ""
    file.write_text(f"const char* const x = R\"({'x' * 100})\";\n")
    assert too_long(tmp_path) == ["src/x.cc:1: 128 columns"]
