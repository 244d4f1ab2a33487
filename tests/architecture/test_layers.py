"""Tests that the rule of the folders holds, and that its check can fail."""

import pathlib
import warnings

import layers
import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src"


def test_includes_point_down():
    faults, long_files = layers.check(SOURCE)
    for long_file in long_files:
        warnings.warn(long_file)
    assert faults == []


def test_there_is_something_to_check():
    assert len(list(layers.sources(SOURCE))) > 10


def tree(tmp_path, files):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


BELOW = {
    "base/error.h": "",
    "http/head.h": '#include "base/error.h"\n',
    "match/pattern.h": "",
    "net/stream/tcp.h": "#include <sys/socket.h>\n",
    "net/dns/names.h": "",
    "codec/http1/parser.h": "",
    "codec/tls/hello.h": "",
    "stages/errors/errors.h": "",
    "stages/policy/policy.h": "",
    "policy/rules.h": "",
    "server/serve.h": "",
    "server/http1/session.h": "",
    "origin/config.h": "",
    "origin/forward.h": "",
    "origin/pool/pool.h": "",
    "origin/connect/connect.h": "",
    "origin/http1/exchange.h": "",
    "proxy/worker.h": "",
}


@pytest.mark.parametrize(
    "path, text, fault",
    [
        ("base/x.h", '#include "http/head.h"\n', "higher layer"),
        ("http/x.cc", '#include "server/serve.h"\n', "higher layer"),
        ("http/x.h", '#include "match/pattern.h"\n', "same layer"),
        ("policy/x.h", '#include "net/dns/names.h"\n', "same layer"),
        ("net/stream/x.h", '#include "codec/http1/parser.h"\n', "same layer"),
        ("net/stream/x.h", '#include "net/dns/names.h"\n', "same layer"),
        ("server/x.h", '#include "server/http1/session.h"\n', "same layer"),
        ("server/http1/x.h", '#include "origin/config.h"\n', "same layer"),
        ("origin/pool/x.h", '#include "origin/connect/connect.h"\n', "same layer"),
        ("origin/pool/x.h", '#include "origin/http1/exchange.h"\n', "same layer"),
        ("origin/http1/x.h", '#include "origin/forward.h"\n', "same layer"),
        ("codec/http1/x.h", '#include "codec/tls/hello.h"\n', "same layer"),
        ("codec/http1/x.h", "#include <sys/socket.h>\n", "knows no sockets"),
        ("stages/policy/x.cc", '#include "net/stream/tcp.h"\n', "includes net/"),
        ("stages/policy/x.cc", '#include "stages/errors/errors.h"\n', "same layer"),
        ("stages/policy/x.cc", '#include "server/serve.h"\n', "same layer"),
        ("server/x.h", '# include "proxy/worker.h"\n', "higher layer"),
        ("http/x.h", "#include <openssl/ssl.h>\n", "OpenSSL"),
        ("net/stream/x.h", "#include <openssl/ssl.h>\n", "OpenSSL"),
        ("net/stream/x.h", "#include <ares.h>\n", "c-ares"),
        ("proxy/x.cc", "#include <toml++/toml.h>\n", "toml++"),
        ("proxy/x.cc", "#include <CLI/CLI.hpp>\n", "CLI11"),
        ("policy/x.cc", "#include <maxminddb.h>\n", "libmaxminddb"),
        ("main.cc", "#include <CLI/CLI.hpp>\n", "CLI11"),
        ("http/x.h", '#include "head.h"\n', "names no file"),
        ("elsewhere/x.h", "", "in no layer"),
    ],
)
def test_a_broken_rule_is_found(tmp_path, path, text, fault):
    faults, _ = layers.check(tree(tmp_path, BELOW | {path: text}))
    assert len(faults) >= 1
    assert all(each.startswith(path) for each in faults)
    assert fault in faults[0]


@pytest.mark.parametrize(
    "path, text",
    [
        ("main.cc", '#include "proxy/worker.h"\n#include "base/error.h"\n'),
        ("server/x.cc", '#include "net/stream/tcp.h"\n#include "codec/http1/parser.h"\n'),
        ("server/http1/x.cc", '#include "server/serve.h"\n#include "http/head.h"\n'),
        ("origin/pool/x.cc", '#include "origin/config.h"\n'),
        ("origin/http1/x.cc", '#include "origin/pool/pool.h"\n#include "origin/config.h"\n'),
        ("origin/x.cc", '#include "origin/http1/exchange.h"\n#include "origin/connect/connect.h"\n'),
        ("stages/policy/x.cc", '#include "stages/policy/policy.h"\n#include "http/head.h"\n#include <string>\n'),
        ("net/dns/x.cc", "#include <ares.h>\n"),
        ("net/tls/x.cc", "#include <openssl/ssl.h>\n"),
        ("cli/x.cc", "#include <CLI/CLI.hpp>\n"),
        ("config/x.cc", "#include <toml++/toml.h>\n"),
        ("match/x.cc", "#include <maxminddb.h>\n"),
        ("http/x.cc", '// #include "server/serve.h"\n'),
    ],
)
def test_what_is_allowed_passes(tmp_path, path, text):
    assert layers.check(tree(tmp_path, BELOW | {path: text})) == ([], [])


def test_a_long_file_is_named(tmp_path):
    faults, long_files = layers.check(tree(tmp_path, {"base/x.cc": "\n" * 401, "base/x_test.cc": "\n" * 900}))
    assert faults == []
    assert len(long_files) == 1 and long_files[0].startswith("base/x.cc")


def test_each_folder_names_what_it_includes():
    assert len(layers.folders(SOURCE)) > 10
    assert layers.undeclared(SOURCE) == []


@pytest.mark.parametrize(
    "depends, fault",
    [
        ("", "includes http/ and does not name it"),
        ("DEPENDS http base", "names base in DEPENDS and includes nothing of it"),
        ("THREADS DEPENDS http", None),
        ("DEPENDS http Threads::Threads", None),
    ],
)
def test_what_a_folder_does_not_name_is_found(tmp_path, depends, fault):
    files = {
        "base/CMakeLists.txt": "weir_folder(base)\n",
        "http/CMakeLists.txt": "weir_folder(http)\n",
        "http/head.h": "",
        "net/dns/x.cc": '#include "http/head.h"\n#include "net/dns/y.h"\n#include <string>\n',
        "net/dns/CMakeLists.txt": f"weir_folder(net_dns {depends})\n",
    }
    faults = layers.undeclared(tree(tmp_path, files))
    assert faults == ([f"net/dns: {fault}" + (" in DEPENDS" if "does not" in fault else "")] if fault else [])
