"""The pages about rules: their configurations are right, and their commands print what they say."""

import os
import re
import shutil
import subprocess

import pytest
from support.tunnels import connect
from support.weir import ROOT, binary, environment, run

PAGES = ["explain.md", "rules.md", "home.md", "school.md", "agents.md", "from-squid.md"]
LIVES = ["laptop", "home", "school", "office", "ci", "agent"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page, language):
    text = (ROOT / "docs/guide" / page).read_text()
    return [body for name, body in BLOCK.findall(text) if name == language]


@pytest.fixture
def folder(tmp_path):
    """The examples, and the file of which rules.md shows the warnings."""
    shutil.copytree(ROOT / "examples", tmp_path, dirs_exist_ok=True)
    (tmp_path / "rules-with-warnings.toml").write_text(blocks("rules.md", "toml")[-1])
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/weir").symlink_to(binary())
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_every_configuration_is_right(page, tmp_path):
    for text in blocks(page, "toml"):
        file = tmp_path / "x.toml"
        file.write_text(text)
        status, stdout, stderr = run("check", str(file))
        assert status == 0, text + stdout + stderr


@pytest.mark.parametrize("page", PAGES)
def test_every_command_prints_what_the_page_says(page, folder):
    for block in blocks(page, "console"):
        command, said = block.removeprefix("$ ").split("\n", 1)
        env = environment(PATH=f"{folder}/bin:{os.environ['PATH']}")
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=30, check=False)
        printed = re.sub(r"^state_dir: .*", "state_dir: (the folder)", done.stdout, flags=re.MULTILINE)
        if "(now)" in said:
            printed = re.sub(r"^  when  \w{3} \d\d:\d\d", "  when  (now)", printed, flags=re.MULTILINE)
        assert printed == said, command + done.stderr


HOSTS = ["example.com", "www.example.com", "notexample.com", "192.0.2.1"]
# What rules.md says of each notation: which of the hosts it has in a rule, and in `allow`; None: it
# is a mistake there.
NOTATIONS = {
    "example.com": (HOSTS[:2], HOSTS[:1]),
    "=example.com": (HOSTS[:1], None),
    "*.example.com": (HOSTS[1:2], HOSTS[1:2]),
    "*": (HOSTS, None),
    "192.0.2.1": (HOSTS[3:], HOSTS),  # The address, wherever a name leads there.
}


def test_what_hosts_mean_in_rules_and_in_the_listeners_keys(tmp_path):
    page = (ROOT / "docs/guide/rules.md").read_text()
    table = page.split("| written |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE) == list(NOTATIONS)
    file = tmp_path / "x.toml"

    def has(text, host):
        file.write_text(text)
        address = [] if host == "192.0.2.1" else ["--address", "192.0.2.1"]
        status, _, stderr = run("explain", f"http://{host}/", *address, "--config", str(file))
        return None if status == 2 and "x.toml:" in stderr else status == 0

    for written, (in_rules, in_allow) in NOTATIONS.items():
        rule = '[policy]\ndefault = "deny"\n[[listener]]\naddress = "127.0.0.1:0"\nallow = ["192.0.2.1"]\n'
        rule += f'[[rule]]\nname = "a"\nwhat.host = ["{written}"]\naction = "allow"\n'
        listener = f'[[listener]]\naddress = "127.0.0.1:0"\nprivate = "deny"\nallow = ["{written}"]\n'
        for host in HOSTS:
            assert has(rule, host) == (host in in_rules), (written, host)
            assert has(listener, host) == (None if in_allow is None else host in in_allow), (written, host)


def test_squids_file_and_weirs_decide_alike(tmp_path):
    (tmp_path / "x.toml").write_text(blocks("from-squid.md", "toml")[-1])
    (tmp_path / "x.requests").write_text(blocks("from-squid.md", "json")[-1])
    status, stdout, stderr = run("explain", "--requests", str(tmp_path / "x.requests"), "--config", str(tmp_path / "x.toml"))
    assert (status, stderr) == (0, ""), stdout


def test_a_program_that_is_denied_can_read_why(start):
    said = "No rule allows example.org."
    assert f"```\n{said}\n```" in (ROOT / "docs/guide/agents.md").read_text()
    weir = start(blocks("agents.md", "toml")[0])
    response = weir.get("http://example.org/")
    assert response.status == 403 and said in response.body.decode()
    assert said in response.fields.get("proxy-status")
    with weir.client() as client:
        assert said in connect(client, "example.org:443", status=403).fields.get("proxy-status")


@pytest.mark.parametrize("life", LIVES)
class TestLives:
    def test_each_decides_as_is_expected(self, life):
        examples = ROOT / "examples"
        requests = examples / f"{life}.requests"
        status, stdout, stderr = run("explain", "--requests", str(requests), "--config", str(examples / f"{life}.toml"))
        assert (status, stderr) == (0, ""), stdout
        lines = requests.read_text().splitlines()
        assert all('"expect"' in line for line in lines if not line.startswith("#"))
        assert stdout.count("as_expected") == len(stdout.splitlines()) >= 10

    def test_none_has_a_warning(self, life):
        status, stdout, _ = run("check", str(ROOT / "examples" / f"{life}.toml"))
        assert status == 0 and "warning" not in stdout

    def test_init_writes_it_and_never_over_another_file(self, life, tmp_path):
        file = tmp_path / "new.toml"
        status, stdout, stderr = run("init", life, str(file))
        assert (status, stderr) == (0, "") and f"weir check {file}" in stdout
        text = (ROOT / "examples" / f"{life}.toml").read_text()
        assert file.read_text() == text.replace(f"{life}.toml", str(file)) != text
        file.write_text("mine")
        status, stdout, stderr = run("init", life, str(file))
        assert (status, stdout) == (1, "") and "exists already" in stderr
        assert file.read_text() == "mine"


def test_init_of_another_life(tmp_path):
    status, stdout, stderr = run("init", "castle", cwd=tmp_path)
    assert (status, stdout) == (1, "") and "laptop, home, school, office, ci, agent" in stderr
    status, stdout, stderr = run("init", "home", str(tmp_path / "none" / "x"))
    assert (status, stdout) == (1, "") and "No such file" in stderr
    assert not list(tmp_path.iterdir())
