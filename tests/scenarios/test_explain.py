"""`weir explain`: why a request would be allowed or denied."""

import json
import subprocess

import pytest
from support.reloading import Reloading
from support.weir import binary, environment, run

RULES = """
[policy]
time_zone = "UTC"
[[client]]
name = "tablet"
addresses = ["192.0.2.7"]
groups = ["kids"]
[[rule]]
name = "kids: bedtime"
who = { group = ["kids"] }
when = ["every day 21:00-06:30"]
action = "deny"
[[rule]]
name = "programs"
what = { content_type = ["application/x-msdownload"] }
action = "deny"
[[rule]]
name = "inside"
what = { address = ["203.0.113.0/24"] }
action = "deny"
"""


@pytest.fixture
def explain(tmp_path):
    """Asks the rules of a file; returns status, standard output and standard error."""
    file = tmp_path / "rules.toml"
    file.write_text(RULES)

    def ask(*arguments):
        return run("explain", *arguments, "--config", str(file))

    return ask


def answer(explain, *arguments):
    status, stdout, stderr = explain(*arguments, "--json")
    assert not stderr, stderr
    told = json.loads(stdout)
    assert status == {"allow": 0, "deny": 1, "depends": 3}[told["verdict"]]
    return told


class TestOfAFile:
    def test_a_denial_names_its_rule_and_place(self, explain, tmp_path):
        status, stdout, stderr = explain("http://a.test/", "--client", "tablet", "--at", "Mon 22:00")
        assert (status, stderr) == (1, "")
        assert stdout.startswith("DENY   at: request   client gets: 403, a page that says why\n")
        assert f'>   1 rule   "kids: bedtime" denies   {tmp_path}/rules.toml:8\n' in stdout
        assert f"to allow it: change the rule in {tmp_path}/rules.toml:8" in stdout

    def test_as_json(self, explain, tmp_path):
        told = answer(explain, "http://a.test/", "--client", "tablet", "--at", "2026-11-30T22:00:00Z")
        assert told["verdict"] == "deny" and told["rule"] == "kids: bedtime"
        assert told["rule_at"] == f"{tmp_path}/rules.toml:8"
        assert told["groups"] == ["kids"] and told["status"] == 403

    def test_what_is_not_told_may_decide(self, explain):
        question = ("http://a.test/", "--client", "tablet", "--at", "Mon 20:00")
        told = answer(explain, *question)
        assert (told["verdict"], told["point"], told["missing"]) == ("depends", "address", ["address"])
        told = answer(explain, *question, "--address", "93.184.216.34")
        assert (told["verdict"], told["missing"]) == ("depends", ["content_type"])
        told = answer(explain, *question, "--address", "93.184.216.34", "--content-type", "text/html; charset=x")
        assert told["verdict"] == "allow"
        told = answer(explain, *question, "--address", "203.0.113.9", "--content-type", "text/html")
        assert (told["verdict"], told["rule"], told["point"]) == ("deny", "inside", "address")

    def test_the_inside_of_a_tunnel_is_not_seen(self, explain):
        told = answer(explain, "https://a.test/x.exe", "--address", "93.184.216.34")
        assert (told["verdict"], told["opened"]) == ("allow", False)

    def test_the_built_in_guards_are_part_of_it(self, explain):
        told = answer(explain, "http://a.test:25/")
        assert (told["verdict"], told["rule"], told["status"]) == ("deny", "blocked_ports", 403)
        told = answer(explain, "http://a.test/", "--address", "169.254.169.254")
        assert (told["verdict"], told["point"], told["rule"]) == ("deny", "address", "metadata address")
        told = answer(explain, "http://weir.internal/")
        assert (told["verdict"], told["rule"]) == ("allow", None)

    def test_names_are_looked_up_by_this_machine(self, explain):
        told = answer(explain, "http://127.0.0.1/", "--resolve", "--content-type", "")
        assert told["verdict"] == "allow"
        status, stdout, stderr = explain("http://no-such-name.invalid/", "--resolve")
        assert (status, stdout) == (2, "") and "no-such-name.invalid" in stderr

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("a.test",),
            ("http://a.test/", "http://b.test/"),
            ("http://",),
            ("http://a.test/", "--client", "nobody"),
            ("http://a.test/", "--at", "tomorrow"),
            ("http://a.test/", "--type", "picture"),
            ("http://a.test/", "--size", "big"),
            ("http://a.test/", "--address", "::1", "--resolve"),
            ("http://a.test/", "--control", "/x"),
            ("http://a.test/", "--requests", "/x"),
            ("--requests", "/nonexistent"),
            ("--requests", "/tmp"),
            ("http://a.test/" + "x" * 100_000,),
            ("http://a.test/\udcff", "--client", "\udcff\x1b"),
        ],
    )
    def test_what_is_not_understood(self, explain, arguments):
        status, stdout, stderr = explain(*arguments)
        assert (status, stdout) == (2, ""), stderr
        assert stderr and "\x1b" not in stderr

    def test_a_file_with_mistakes(self, tmp_path):
        file = tmp_path / "x.toml"
        file.write_text("[[rule]]\n")
        status, stdout, stderr = run("explain", "http://a.test/", "--config", str(file))
        assert (status, stdout) == (2, "") and f"{file}:1:1: [[rule]] has no name" in stderr


class TestRequests:
    def ask(self, explain, tmp_path, *lines):
        file = tmp_path / "requests"
        file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
        status, stdout, stderr = explain("--requests", str(file))
        return status, [json.loads(line) for line in stdout.splitlines()], stderr

    def test_one_answer_a_line(self, explain, tmp_path):
        status, told, stderr = self.ask(
            explain,
            tmp_path,
            "# by day, by night",
            {"url": "https://a.test/", "client": "tablet", "at": "Mon 20:00", "address": "93.184.216.34"},
            "",
            {"url": "https://a.test/", "client": "tablet", "at": "Mon 22:00"},
        )
        assert (status, stderr) == (0, "")
        assert [each["verdict"] for each in told] == ["allow", "deny"]

    def test_what_is_expected(self, explain, tmp_path):
        night = {"url": "https://a.test/", "client": "tablet", "at": "Mon 22:00"}
        status, told, stderr = self.ask(explain, tmp_path, {**night, "expect": {"verdict": "deny", "rule": "kids: bedtime"}})
        assert (status, stderr, told[0]["as_expected"]) == (0, "", True)
        status, told, stderr = self.ask(explain, tmp_path, {**night, "expect": {"verdict": "allow"}})
        assert (status, told[0]["as_expected"]) == (1, False)
        assert stderr == f"{tmp_path}/requests:1: this is not as expected\n"

    def test_a_line_that_is_not_understood(self, explain, tmp_path):
        status, told, stderr = self.ask(
            explain, tmp_path, "{", {"url": "http://a.test/", "x": 1}, "[" * 100_000, "{" + " " * 70_000 + "}", {"url": "https://a.test:25/"}
        )
        assert status == 2
        assert [("error" in each) for each in told] == [True] * 4 + [False]
        assert told[3]["error"] == "a question has at most 64 KiB"
        assert f"{tmp_path}/requests:2: unknown key" in stderr

    def test_complaints_end_somewhere(self, explain, tmp_path):
        status, told, stderr = self.ask(explain, tmp_path, *["x"] * 100)
        assert (status, len(told)) == (2, 100)
        assert len(stderr.splitlines()) == 21 and "and 80 more" in stderr


class TestOfARunningWeir:
    def test_it_is_asked_what_it_decides(self, tmp_path):
        def explained(weir, *arguments):
            return run("explain", *arguments, "--control", weir.control)

        url = "http://127.0.0.1:81/"
        with Reloading(tmp_path, RULES) as weir:
            status, stdout, stderr = explained(weir, url, "--content-type", "text/html")
            assert (status, stderr) == (0, ""), stdout
            assert stdout.startswith("ALLOW")
            weir.reload('[[rule]]\nname = "closed"\naction = "deny"\n')
            status, stdout, stderr = explained(weir, url, "--json")
            assert (status, stderr) == (1, "")
            told = json.loads(stdout)
            assert (told["rule"], told["clients"]) == ("closed", [])
            assert weir.get(url).status == told["status"] == 403
            for kind, dest in (("image", "image"), ("script", "script"), ("style", "style"), ("document", "document")):
                told = json.loads(explained(weir, url, "--type", kind, "--json")[1])
                assert weir.get(url, [("Sec-Fetch-Dest", dest)]).status == told["status"], told
            own = f"http://127.0.0.1:{weir.port}/"
            assert explained(weir, own)[0] == 0 and weir.get(own).status == 200

    def test_a_file_of_questions(self, tmp_path):
        file = tmp_path / "requests"
        questions = [{"url": f"https://h{n}.test/", "client": "tablet", "at": "Tue 23:00"} for n in range(30)]
        file.write_text("".join(json.dumps(each) + "\n" for each in questions))
        with Reloading(tmp_path, RULES) as weir:
            status, stdout, stderr = run("explain", "--requests", str(file), "--control", weir.control)
            assert (status, stderr) == (0, "")
            assert [json.loads(line)["rule"] for line in stdout.splitlines()] == ["kids: bedtime"] * 30

    def test_what_is_not_understood(self, tmp_path):
        with Reloading(tmp_path, RULES) as weir:
            for arguments in (["http://a.test/", "--client", "nobody"], ["http://a.test/" + "x" * 100_000]):
                status, stdout, stderr = run("explain", *arguments, "--control", weir.control)
                assert (status, stdout) == (2, "") and stderr.startswith("weir: "), stderr

    def test_no_weir(self, tmp_path):
        status, stdout, stderr = run("explain", "http://a.test/", "--control", str(tmp_path / "none"))
        assert (status, stdout) == (2, "") and "no Weir answers" in stderr

    @pytest.mark.threads
    def test_while_it_reloads(self, tmp_path):
        with Reloading(tmp_path, RULES) as weir:
            command = [binary(), "explain", "https://a.test/", "--client", "tablet", "--at", "Mon 23:00", "--control", weir.control]
            asking = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) for _ in range(4)]
            for n in range(4):
                weir.reload(RULES + f'[[rule]]\nname = "r{n}"\naction = "deny"\n')
            for each in asking:
                out, _ = each.communicate(timeout=30)
                assert each.returncode == 1 and out.startswith(b"DENY")
