"""What `weir explain` says is what happens: random rules are asked about requests, which are then
made, and the answer of a running Weir and of a file are the same."""

import itertools
import json
import random

import pytest
from support.client import Ended
from support.reloading import Reloading
from support.tls import client_hello
from support.tunnels import connect
from support.weir import run

CONTENT = {"/a/page.html": ("text/html", 10), "/a/picture.png": ("image/png", 2000), "/b/program.exe": ("application/x-exe", 10)}
# What a browser says in Sec-Fetch-Dest, and what rules call it.
TYPES = {"image": "image", "script": "script", "document": "document", "empty": "fetch"}
CLIENTS = {"127.0.0.1": "here", "127.0.0.7": "tablet"}
HEAD = """
workers = 1
[[client]]
name = "tablet"
addresses = ["127.0.0.7"]
groups = ["kids"]
[[client]]
name = "here"
addresses = ["127.0.0.1"]
[lists.names]
rules = ["elsewhere.test", "=localhost"]
[lists.networks]
rules = ["127.0.0.0/8", "::1"]
[lists.urls]
rules = ["localhost/b/", "127.0.0.1/a/pic*"]
"""


def answers(connection):
    """A web server for CONTENT; of TLS it repeats the first bytes."""
    if connection.socket.recv(1, 2) == b"\x16":  # MSG_PEEK
        connection.send(connection.socket.recv(65536)[:1])
        return
    while connection.more():
        request = connection.head()
        connection.body(request)
        kind, size = CONTENT[request.target.split("?")[0]]
        connection.respond(b"x" * size, fields=[("Content-Type", kind)])


class RandomRules:
    def __init__(self, seed, port):
        self.random = random.Random(seed)
        self.port = port

    def any(self, *values):
        return self.random.choice(values)

    def one_in(self, number):
        return self.random.randrange(number) == 0

    def rule(self, number):
        action = self.any("allow", "deny", "deny", "redirect")
        lines = ["[[rule]]", f'name = "rule {number}"', f'action = "{action}"']
        if action == "redirect":
            lines.append('to = "http://weir.internal/"')
        if self.one_in(6):
            lines.append('mode = "audit"')
        elif action == "deny" and self.one_in(5):
            lines.append("guard = true")
        if self.one_in(3):
            lines.append("who = { %s }" % self.any('group = ["kids"]', 'client = ["here"]'))
        if self.one_in(8):
            lines.append('when = ["every day 00:00-24:00"]')
        for key, odds, values in [
            ("host", 2, ['["localhost"]', '["=127.0.0.1"]', '["*"]']),
            ("url", 4, [f'["http://localhost:{self.port}/a/*"]', '["*://*/b/*"]', '["https://*/"]']),
            ("method", 4, ['["GET"]', '["POST"]']),
            ("type", 4, ['["image"]', '["script", "document"]']),
            ("content_type", 3, ['["image/*"]', '["text/html", "application/x-exe"]']),
            ("not_content_type", 6, ['["image/*"]']),
            ("size_over", 6, ["1000", '"1MiB"']),
            ("list", 4, ['["names"]', '["networks"]', '["urls", "names"]']),
            ("address", 3, ['["127.0.0.0/8", "::1/128"]', '["192.0.2.0/24"]']),
            ("sni_missing", 4, ["true"]),
        ]:
            if self.one_in(odds):
                lines.append(f"what.{key} = {self.any(*values)}")
                if key == "list" and action == "deny" and self.one_in(2):
                    lines[2] = 'action = "filter"'
        return "\n".join(lines) + "\n"

    def text(self):
        default = f'[policy]\ndefault = "{self.any("allow", "deny")}"\n'
        return HEAD + default + "".join(self.rule(number) for number in range(1 + self.random.randrange(6)))

    def questions(self):
        """Each with what the client of the request says besides."""
        plain = itertools.product(CLIENTS, ("localhost", "127.0.0.1"), ("GET", "POST"), CONTENT, TYPES)
        for number, (client, host, method, path, dest) in enumerate(self.random.sample(list(plain), 12)):
            kind, size = CONTENT[path]
            url = f"http://{host}:{self.port}{path}?{number}"
            more = {"method": method, "type": TYPES[dest], "content_type": kind, "size": size}
            yield {"url": url, "client": client, **more}, dest
        for client, host in itertools.product(CLIENTS, ("localhost", "127.0.0.1")):
            yield {"url": f"https://{host}:{self.port}/", "client": client}, None


def target(question):
    url = question["url"]
    return url if url.startswith("http://") else url.removeprefix("https://").removesuffix("/")


def made(weir, question, dest):
    """The status that the client gets, and whether what it asks for comes."""
    host = target(question).removeprefix("http://").split("/")[0]
    with weir.client(source=question["client"]) as client:
        if dest is None:
            client.send_request("CONNECT", host, [("Host", host)])
            status = client.response("CONNECT").status
            if status != 200:
                return status, False
            client.send(client_hello(None if host.startswith("127.") else "localhost"))
            try:
                return status, client.read(1) == b"\x16"
            except (Ended, ConnectionResetError):
                return status, False
        fields = [("Host", host), ("Sec-Fetch-Dest", dest), ("Content-Length", "0")]
        client.send_request(question["method"], question["url"], fields)
        response = client.response(question["method"])
        return response.status, response.body.startswith(b"xxx")


def explained(tmp_path, questions, *place):
    file = tmp_path / "requests"
    file.write_text("".join(json.dumps(question) + "\n" for question in questions))
    status, stdout, stderr = run("explain", "--requests", str(file), *place)
    assert (status, stderr) == (0, ""), stdout
    return [json.loads(line) for line in stdout.splitlines()]


def told_by(line):
    """What the log says, as `weir explain` says it."""
    return line.details.get("rule"), line.details.get("would"), line.details.get("list")


def in_log(told):
    rule = told["rule"]
    if rule == "policy.default" and told["verdict"] == "allow":
        rule = None
    return rule and rule.replace(" ", "_"), told["would"] and told["would"].replace(" ", "_"), told["list_at"]


# So that the test is not one of nothing: verdict, point and status of what has to happen in it.
WANTED = {
    ("allow", "request", 200),
    ("allow", "server_name", 200),
    ("allow", "response", 200),
    ("deny", "request", 403),
    ("deny", "request", 307),
    ("deny", "request", 200),
    ("deny", "address", 403),
    ("deny", "server_name", 200),
    ("deny", "response", 403),
}


@pytest.mark.seconds(120)
def test_random_rules_decide_as_explained(tmp_path, play):
    origin = play(answers)
    verdicts = set()
    with Reloading(tmp_path, HEAD) as weir:
        lines = 0
        for seed in range(60):
            if seed >= 20 and verdicts >= WANTED:
                break
            rules = RandomRules(seed, origin.port)
            text = rules.text()
            weir.reload(text)
            questions = list(rules.questions())
            told = explained(tmp_path, [question for question, _ in questions], "--control", weir.control)
            of_file = explained(tmp_path, [question for question, _ in questions], "--config", str(weir.write_config(text)))
            requests = {}
            for (question, dest), answer, other in zip(questions, told, of_file, strict=True):
                what = f"seed {seed}: {question}\n{text}\n{answer}"
                status, came = made(weir, question, dest)
                assert answer["verdict"] == ("allow" if came else "deny"), what
                assert status == (answer["status"] or 200), what
                # The file that runs has one line more.
                elsewhere = {"rule_at": None, "list_at": None}
                assert {**answer, **elsewhere} == {**other, **elsewhere}, what
                requests[question["client"], question.get("method", "CONNECT"), target(question)] = answer
                verdicts.add((answer["verdict"], answer["point"], status))
            lines += len(requests)
            for line in weir.wait_log(lines)[lines - len(requests) :]:
                method, url, _ = line.request.split(" ")
                answer = requests[line.client, method, url]
                assert told_by(line) == in_log(answer), f"seed {seed}\n{text}\n{answer}\n{line}"
    assert verdicts >= WANTED


@pytest.mark.parametrize("url", ["http://localhost:25/", "http://169.254.169.254/", "https://169.254.169.254/", "http://10.1.2.3/", "https://[fd00::1]/"])
def test_the_built_in_guards_decide_as_explained(tmp_path, url):
    text = '[[listener]]\naddress = "127.0.0.1:0"\nprivate = "deny"\n[[rule]]\nname = "all"\naction = "allow"\n'
    with Reloading(tmp_path, text) as weir:
        (told,) = explained(tmp_path, [{"url": url}], "--control", weir.control)
        if url.startswith("https:"):
            with weir.client() as client:
                connect(client, target({"url": url}) + ":443", status=told["status"])
        else:
            assert weir.get(url).status == told["status"]
        assert (told["verdict"], told["status"]) == ("deny", 403)
        assert weir.wait_log(1)[0].details["rule"] == told["rule"].replace(" ", "_")


def test_clients_are_refused_as_explained(tmp_path):
    listener = '[[listener]]\naddress = "127.0.0.1:0"\nclients = ["127.0.0.1"]\n'
    with Reloading(tmp_path, HEAD + listener) as weir:
        for url in ("http://localhost:81/", "http://weir.internal/"):
            question = {"url": url, "client": "127.0.0.7", "method": "GET"}
            (told,) = explained(tmp_path, [question], "--control", weir.control)
            assert (told["verdict"], told["rule"]) == ("deny", "clients")
            assert made(weir, question, "document")[0] == told["status"] == 403


def test_grants_decide_as_explained(tmp_path, play):
    origin = play(answers)
    url = f"http://localhost:{origin.port}/a/page.html"
    rules = '[[rule]]\nname = "closed"\naction = "deny"\n[[rule]]\nname = "guard"\nguard = true\nwhat.method = ["POST"]\naction = "deny"\n'
    question = {"url": url, "client": "127.0.0.7", "method": "GET"}
    with Reloading(tmp_path, HEAD + rules) as weir:

        def both():
            (told,) = explained(tmp_path, [question], "--control", weir.control)
            status, came = made(weir, {**question, "client": "127.0.0.7"}, "document")
            assert (told["verdict"], told["status"] or 200) == ("allow" if came else "deny", status)
            return told["verdict"], told["rule"], told["grant"]

        assert both() == ("deny", "closed", None)
        assert run("allow", "localhost", "--client", "tablet", "--control", weir.control)[0] == 0
        assert both() == ("allow", "grant 1", 1)
        assert made(weir, {**question, "client": "127.0.0.1"}, "document") == (403, False)
        question["method"] = "POST"
        assert both() == ("deny", "guard", None)
        question["method"] = "GET"
        assert run("block", "localhost", "--control", weir.control)[0] == 0
        assert both() == ("deny", "grant 2", 2)
        assert run("revoke", "2", "--control", weir.control)[0] == 0
        assert both() == ("allow", "grant 1", 1)


def test_a_limit_that_is_used_up_is_explained(tmp_path, play):
    origin = play(answers)
    limit = '[[rule]]\nname = "a little"\naction = "limit"\nwho.client = ["tablet"]\nbytes_per_day = "3000B"\n'
    question = {"url": f"http://127.0.0.1:{origin.port}/a/picture.png", "client": "127.0.0.7", "method": "GET"}
    with Reloading(tmp_path, HEAD + limit) as weir:

        def verdict(**more):
            (told,) = explained(tmp_path, [{**question, **more}], "--control", weir.control)
            return told["verdict"], told["rule"]

        assert verdict() == ("allow", "policy.default")
        assert made(weir, question, "document") == (200, True)
        assert verdict() == ("allow", "policy.default")
        made(weir, question, "document")  # Gets the rest of today's bytes, and no more.
        assert weir.wait_log(2)[1].details["rule"] == "a_little"
        assert verdict() == ("deny", "a little")
        assert made(weir, question, "document") == (403, False)
        assert verdict(client="127.0.0.1") == ("allow", "policy.default")
        assert made(weir, {**question, "client": "127.0.0.1"}, "document") == (200, True)
