"""The command line: what a person types and what Weir says."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest
from support.client import Client, eventually
from support.weir import ROOT, START, Weir, binary, environment, run


def free_port():
    """A port that is free on both loopback addresses at this moment."""
    while True:
        with socket.socket(socket.AF_INET6) as six, socket.socket() as four:
            six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            six.bind(("::1", 0))
            port = six.getsockname()[1]
            try:
                four.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def test_port_0_takes_a_free_one_and_names_it(weir):
    hosts = [host for host, _ in weir.addresses]
    assert hosts == ["127.0.0.1", "::1"]
    ports = {port for _, port in weir.addresses}
    assert all(ports)
    for host, port in weir.addresses:
        assert f"http_proxy=http://127.0.0.1:{weir.port}" in weir.stderr
        with Client(port, host) as client:
            authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            assert client.send_request("GET", "/", [("Host", authority)]).response().status == 200


def test_it_says_on_standard_error_what_is_on_and_nothing_on_standard_output(weir):
    weir.wait_stderr("access log")
    assert weir.stdout == ""


def test_the_port_given():
    port = free_port()
    with Weir(arguments=[str(port)]) as weir:
        assert weir.addresses == [("127.0.0.1", port), ("::1", port)]
        assert weir.get(f"http://127.0.0.1:{port}/").status == 200


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["abc"],
        [""],
        ["-1"],
        ["65536"],
        ["99999999999999999999"],
        ["0x50"],
        ["80 "],
        ["+80"],
        ["8080", "8081"],
        ["--nonsense"],
        ["8080", "--nonsense"],
        ["--config"],
        ["nonsense"],
        ["check"],
    ],
)
def test_wrong_arguments(arguments):
    status, stdout, stderr = run(*arguments)
    assert status == 2, stderr
    assert re.search(r"^usage:", stderr, re.IGNORECASE | re.MULTILINE), stderr
    assert stdout == ""


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["alow", "x"], 'there is no command "alow"; the nearest is allow'),
        (["deny", "x"], 'there is no command "deny"; the nearest is block'),
        (["resume"], 'there is no command "resume"; the nearest is revoke'),
        (["list"], 'there is no command "list"; the nearest is lists'),
        (["m.toml"], 'there is no command "m.toml"; did you mean weir --config m.toml?'),
        (["nonsense"], 'there is no command "nonsense"'),
        (["8080", "b", "a"], "The following arguments were not expected: b a"),
    ],
)
def test_a_mistyped_command(arguments, said):
    status, stdout, stderr = run(*arguments)
    assert (status, stdout) == (2, "")
    assert stderr.splitlines()[0] == "weir: " + said
    assert stderr.splitlines()[1].startswith("usage: weir PORT")


def commands():
    """Those of the whole help."""
    return sorted(set(re.findall(r"^  weir ([a-z]+)", run("--help")[1], re.MULTILINE)))


def test_every_command_has_its_help_and_usage():
    assert len(commands()) == 14
    for command in commands():
        status, stdout, stderr = run(command, "--help")
        assert (status, stderr) == (0, ""), command
        assert stdout.startswith(f"usage: weir {command} "), stdout
        status, stdout, stderr = run(command, "--nonsense", "x", "y", "z")
        assert (status, stdout) == (2, "")
        assert [line.split(" ")[:3] for line in stderr.splitlines()[1:]] == [["usage:", "weir", command]], stderr


def check_taken(port, host):
    status, stdout, stderr = run(str(port))
    assert (status, stdout) == (1, ""), stderr
    lines = stderr.strip().splitlines()
    assert len(lines) == 1, stderr
    assert host in lines[0] and str(port) in lines[0]
    assert re.search("in use", lines[0], re.IGNORECASE)


@pytest.mark.parametrize("family, host", [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_port_taken(family, host):
    with socket.socket(family) as other:
        other.bind((host, 0))
        other.listen()
        check_taken(other.getsockname()[1], host)


def test_port_taken_by_another_weir():
    port = free_port()
    with Weir(arguments=[str(port)]) as weir:
        check_taken(port, "127.0.0.1")
        assert weir.get(f"http://127.0.0.1:{port}/").status == 200


def test_port_not_permitted(network):
    with network():
        limit = pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
        try:
            if int(limit.read_text()) <= 81:
                limit.write_text("1024")
        except OSError as error:
            pytest.skip(f"ports below 1024 are open to all here, and that cannot be changed: {error}")
        without = "-net_bind_service"
        command = ["setpriv", f"--bounding-set={without}", f"--inh-caps={without}", binary(), "81"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=START, env=environment(), check=False)
    assert done.returncode == 1, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and "127.0.0.1" in lines[0] and "81" in lines[0]
    assert re.search("permi", lines[0], re.IGNORECASE)


def test_without_ipv6(network):
    with network():
        try:
            pathlib.Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
        except OSError as error:
            pytest.skip(f"IPv6 cannot be switched off here: {error}")
        with Weir() as weir:
            assert [host for host, _ in weir.addresses] == ["127.0.0.1"]
            assert weir.get(weir.url + "/").status == 200


def test_help():
    status, stdout, stderr = run("--help")
    assert (status, stderr) == (0, "")
    for word in ("PORT", "--config", "--debug", "--version", "check"):
        assert word in stdout


def test_version():
    status, stdout, _ = run("--version")
    assert status == 0
    assert re.search(r"weir \d+\.\d+\.\d+", stdout, re.IGNORECASE)
    assert re.search(r"clang (version )?\d+", stdout, re.IGNORECASE)
    assert re.search(r"c-ares \d+\.\d+", stdout)
    assert re.search(r"libmaxminddb \d+\.\d+", stdout)
    assert re.search(r"toml\+\+ v?\d+\.\d+", stdout)
    assert re.search("feature", stdout, re.IGNORECASE)


def test_debug_names_request_url_host_and_port(origin):
    with Weir(arguments=["0", "--debug"]) as weir:
        weir.get(f"{origin.url}/some/path?query")
        weir.wait_stderr(re.escape(f"GET {origin.url}/some/path?query HTTP/1.1"))
        weir.wait_stderr(rf"127\.0\.0\.1.*{origin.port}")
        with weir.client() as client:
            client.send_request("CONNECT", origin.authority, [("Host", origin.authority)])
            assert client.response("CONNECT").status == 200
            weir.wait_stderr(re.escape(f"CONNECT {origin.authority} HTTP/1.1"))
        weir.wait_log(2)


def test_without_debug_it_is_quiet(weir, origin):
    weir.wait_stderr("access log")
    before = len(weir.stderr_lines)
    assert weir.get(origin.url + "/").status == 200
    weir.wait_log(1)
    assert len(weir.stderr_lines) == before


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told(origin, how):
    with Weir() as weir:
        assert weir.get(origin.url + "/").status == 200
        weir.stop(how)
        assert re.search(r"longest stretch .* \d+ us", weir.stderr)


def write(tmp_path, text):
    path = tmp_path / "weir.toml"
    path.write_text(text)
    return path


def test_check_says_that_a_file_is_right(tmp_path):
    status, _, stderr = run("check", str(write(tmp_path, '[[listener]]\naddress = "127.0.0.1:0"\n')))
    assert status == 0, stderr


@pytest.mark.parametrize(
    "text, line, column, said",
    [
        ('resolvr = ["127.0.0.1:53"]\n', 1, 1, ["resolvr", "resolver"]),
        ('\n[[listener]]\nadress = "127.0.0.1:0"\n', 3, 1, ["adress", "address"]),
        ('[[listener]]\naddress = "127.0.0.1:99999"\n', 2, 11, []),
        ("[[listener]]\naddress = 5\n", 2, 11, ["string"]),
        ('[[listener]]\naddress = "127.0.0.1:0"\nprivate = "maybe"\n', 3, 11, ["deny"]),
        ('[[listener]]\naddress = "127.0.0.1:0"\nclients = ["127.0.0.1/99"]\n', 3, None, []),
        ("blocked_ports = [70000]\n", 1, None, []),
        ('[[listener]]\naddress = "127.0.0.1:0"\n[unheard_of]\nx = 1\n', 3, None, ["unheard_of"]),
        ("[[listener\n", 1, None, []),
        ('[[rules]]\nname = "a"\n', 1, 3, ["the nearest one is [[rule]]\n"]),
        ('[[rule]]\nname = "a"\naction = "deny"\nhost = ["a.test"]\n', 4, 1, ["the nearest one is what.host\n"]),
        ('[[rule]]\nname = "a"\naction = "deny"\ngroup = ["kids"]\n', 4, 1, ["the nearest one is who.group\n"]),
        ('[[rule]]\nname = "a"\naction = "deny"\nlist = ["ads"]\n', 4, 1, ["the nearest one is what.list\n"]),
        (
            '[lists.ads]\nrules = []\nblocked_ports = [25]\n',
            3,
            1,
            ["expected a key of [lists.ads]: blocked_ports is a key of the top of the file, above the first table\n"],
        ),
        ('[pages]\nresolver = ["127.0.0.1:53"]\n', 2, 1, ["a key of the top of the file, above the first table\n"]),
        ('[pages]\nresolvers = ["127.0.0.1:53"]\n', 2, 1, ["the nearest one is resolver at the top of the file\n"]),
    ],
)
def test_check_reports_each_mistake(tmp_path, text, line, column, said):
    path = write(tmp_path, text)
    for arguments in (["check", str(path)], ["--config", str(path)]):
        status, stdout, stderr = run(*arguments)
        output = stdout + stderr
        assert status in (1, 2), output
        where = f"{path.name}:{line}:" + (f"{column}" if column else r"\d+")
        assert re.search(re.escape(f"{path.name}:{line}:") + (str(column) if column else r"\d+") + r"\b", output), (
            where,
            output,
        )
        for word in said:
            assert word in output


def test_check_reports_all_mistakes_at_once(tmp_path):
    path = write(tmp_path, 'resolvr = []\nown_nam = "x"\n[[listener]]\nadress = "127.0.0.1:0"\n')
    _, stdout, stderr = run("check", str(path))
    for line in (1, 2, 4):
        assert f"{path.name}:{line}:1" in stdout + stderr


def test_check_of_a_file_that_is_not_there(tmp_path):
    status, stdout, stderr = run("check", str(tmp_path / "nowhere.toml"))
    assert status in (1, 2)
    assert "nowhere.toml" in stdout + stderr


def test_defaults_are_a_file_that_is_right(tmp_path):
    status, stdout, stderr = run("config", "--defaults")
    assert status == 0, stderr
    assert stdout.count("#") > 10
    status, _, stderr = run("check", str(write(tmp_path, stdout)))
    assert status == 0, stderr


def test_the_reference_is_the_one_that_weir_prints():
    status, stdout, stderr = run("config", "--reference")
    assert status == 0, stderr
    assert (ROOT / "docs/guide/configuration.md").read_text() == stdout, "run: weir config --reference > docs/guide/configuration.md"


def test_every_key_is_in_the_reference():
    _, stdout, _ = run("config", "--defaults")
    reference = (ROOT / "docs/guide/configuration.md").read_text()
    keys = re.findall(r"^#? ?(\w+) = ", stdout, re.MULTILINE)
    assert len(keys) > 30
    for key in keys:
        assert key in reference, key


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.toml")), ids=lambda path: path.name)
def test_examples_are_right(path):
    status, stdout, stderr = run("check", str(path))
    assert status == 0, stdout + stderr


def test_config_listens_where_it_says(start, origin):
    weir = start('[[listener]]\naddress = "127.0.0.1:0"\n[[listener]]\naddress = "[::1]:0"\n')
    assert [host for host, _ in weir.addresses] == ["127.0.0.1", "::1"]
    for host, port in weir.addresses:
        with Client(port, host) as client:
            client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            assert client.response().status == 200


def test_own_name_is_a_key(start):
    weir = start('own_name = "proxy.example"\n')
    assert weir.get("http://proxy.example/").status == 200


def closed(*descriptors):
    """A wrapper that starts Weir without these descriptors."""
    return ("sh", "-c", 'exec "$0" "$@" ' + " ".join({0: "<&-", 1: ">&-", 2: "2>&-"}[each] for each in descriptors))


@pytest.mark.parametrize("missing", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
def test_no_client_takes_the_place_of_a_closed_descriptor(tmp_path, play, missing):
    """If standard descriptors are closed, output to them must not reach a client, and other
    descriptors stay as they are."""
    path = tmp_path / "control"
    port = free_port()
    file = write(tmp_path, f'debug = true\ncontrol = "{path}"\n[[listener]]\naddress = "127.0.0.1:{port}"\n')
    got = []

    def script(connection):
        while connection.more():
            got.append(connection.request())
            connection.respond(b"ok")

    origin = play(script)
    process = subprocess.Popen(
        [*closed(*missing), binary(), "--config", str(file)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    try:
        eventually(lambda: path.exists() and run("status", "--control", str(path))[0] == 0, within=START)
        for number in range(3):
            assert not os.readlink(f"/proc/{process.pid}/fd/{number}").startswith(("socket:", "anon_inode:")), number
        clients = [Client(port) for _ in range(3)]
        for _ in range(3):
            for client in clients:
                client.send_request("GET", origin.url + "/", [("Host", origin.authority)])
                response = client.response()
                assert (response.status, response.body, response.complete) == (200, b"ok", True)
        process.send_signal(signal.SIGHUP)
        eventually(lambda: "reloads: 1" in run("status", "--control", str(path))[1])
        for client in clients:
            client.half_close()
            assert client.rest() == b"", "nothing but the answers"
            client.close()
        assert len(got) == 9
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=START)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert stdout.count(b"\n") == (0 if 1 in missing else 9), stdout
    assert (stderr == b"") == (2 in missing), stderr


COMMANDS = [["--help"], ["--version"], ["config", "--defaults"], ["config", "--reference"], ["check"], ["status"]]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: "-".join(command).strip("-"))
@pytest.mark.parametrize("to, why", [("/dev/full", "No space left on device"), ("pipe", "Broken pipe"), ("closed", "Bad file descriptor")])
def test_what_can_not_be_printed_is_noticed(tmp_path, command, to, why):
    with contextlib.ExitStack() as stack:
        if command == ["status"]:
            path = tmp_path / "control"
            stack.enter_context(Weir(f'control = "{path}"\n'))
            command = ["status", "--control", str(path)]
        elif command == ["check"]:
            command = ["check", str(write(tmp_path, ""))]
        if to == "pipe":
            reading, stdout = os.pipe()
            os.close(reading)
            stack.callback(os.close, stdout)
        else:
            stdout = stack.enter_context(open("/dev/full" if to == "/dev/full" else os.devnull, "w"))
        wrapper = closed(1) if to == "closed" else ()
        done = subprocess.run([*wrapper, binary(), *command], stdout=stdout, stderr=subprocess.PIPE, text=True, env=environment(), timeout=START, check=False)
        assert done.returncode == 1
        assert done.stderr == f"weir: standard output can't be written: {why}\n"
