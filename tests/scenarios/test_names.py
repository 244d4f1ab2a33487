"""Names: Weir asks once, remembers answers for their lifetime, reads the hosts file, and connects
by Happy Eyeballs."""

import os
import socket
import threading
import time

import pytest
from support.client import Client, eventually
from support.namespace import Etc
from support.nameserver import NXDOMAIN, SERVFAIL, Answer, NameServer, Sequence, Silent
from support.origin import Origin
from support.weir import Weir

WORKERS = len(os.sched_getaffinity(0))
LOCAL = '[[listener]]\naddress = "127.0.0.1:0"\nlocal_names = ["*.test"]\n'


@pytest.fixture
def local(start, names):
    """A Weir that uses the test's name server, whose names may lead to loopback."""
    return start(names.config() + LOCAL)


def get(client, url):
    client.send_request("GET", url, [("Host", url.split("/")[2]), ("Connection", "keep-alive")])
    return client.response()


def closing(connection):
    """An origin that closes the connection after each request."""
    connection.request()
    connection.respond(b"ok", close=True)


def test_a_name_is_asked_for_once(local, names, play):
    names.set("a.test", {"A": Answer(["127.0.0.1"], ttl=300)})
    origin = play(closing)
    with local.client() as client:
        for _ in range(4):
            assert get(client, f"http://a.test:{origin.port}/").status == 200
    assert names.asked("a.test", "A") == 1
    assert names.asked("a.test", "AAAA") <= 1


def test_until_its_lifetime_ends(local, names, play):
    names.set("a.test", {"A": Answer(["127.0.0.1"], ttl=1)})
    origin = play(closing)
    with local.client() as client:
        assert get(client, f"http://a.test:{origin.port}/").status == 200
        time.sleep(1.3)  # The test needs the lifetime to pass.
        assert get(client, f"http://a.test:{origin.port}/").status == 200
    assert names.asked("a.test", "A") == 2


def test_one_query_for_a_crowd(local, names, play):
    names.set("crowd.test", {"A": Answer(["127.0.0.1"], delay=0.5)})
    origin = play(closing)
    clients = [Client(local.port) for _ in range(30)]
    for client in clients:
        client.send_request("GET", f"http://crowd.test:{origin.port}/", [("Host", f"crowd.test:{origin.port}")])
    assert [client.response().status for client in clients] == [200] * 30
    for client in clients:
        client.close()
    assert names.asked("crowd.test", "A") <= WORKERS


def test_a_crowd_whose_first_leaves(local, names, play):
    names.set("crowd.test", {"A": Answer(["127.0.0.1"], delay=0.5)})
    origin = play(closing)
    clients = [Client(local.port) for _ in range(10)]
    for client in clients:
        client.send_request("GET", f"http://crowd.test:{origin.port}/", [("Host", f"crowd.test:{origin.port}")])
    eventually(lambda: names.asked("crowd.test"))
    clients[0].reset()
    clients[1].close()
    assert [client.response().status for client in clients[2:]] == [200] * 8
    for client in clients[2:]:
        client.close()


@pytest.mark.parametrize("answer", [None, Answer(code=NXDOMAIN), Answer([])])
def test_what_is_not_there_is_remembered_too(local, names, answer):
    if answer:
        names.set("none.test", answer)
    with local.client() as client:
        for _ in range(3):
            response = get(client, "http://none.test/")
            assert response.status == 502
            assert "dns_error" in response.fields.get("proxy-status")
    assert names.asked("none.test", "A") == 1


def test_but_not_for_ever(local, names, origin):
    names.negative_ttl = 1
    with local.client() as client:
        assert get(client, f"http://soon.test:{origin.port}/").status == 502
        names.set("soon.test", "127.0.0.1")

        def there():
            return get(client, f"http://soon.test:{origin.port}/").status == 200

        eventually(there, within=8)


def test_a_failing_server_is_not_remembered_long(local, names, origin):
    names.set("flaky.test", Answer(code=SERVFAIL))
    with local.client() as client:
        response = get(client, f"http://flaky.test:{origin.port}/")
        assert response.status in (502, 504)
        assert "dns" in response.fields.get("proxy-status")
        names.set("flaky.test", "127.0.0.1")
        eventually(lambda: get(client, f"http://flaky.test:{origin.port}/").status == 200, within=15)


@pytest.mark.seconds(120)
def test_a_silent_server(local, names):
    names.set("silent.test", Silent)
    with local.client(wait=60) as client:
        response = get(client, "http://silent.test/")
        assert response.status == 504
        assert "dns_timeout" in response.fields.get("proxy-status")


def test_an_answer_too_large_for_udp(local, names, origin):
    names.set("big.test", {"A": Answer(["127.0.0.1"], truncate_udp=True)})
    assert local.get(f"http://big.test:{origin.port}/").status == 200


def test_aliases(local, names, origin):
    names.set("alias.test", {"CNAME": "second.test"})
    names.set("second.test", {"CNAME": "third.test"})
    names.set("third.test", "127.0.0.1")
    assert local.get(f"http://alias.test:{origin.port}/").status == 200
    assert origin.requests[0].fields.get("host") == f"alias.test:{origin.port}"


def test_aliases_in_a_circle(local, names):
    names.set("one.test", {"CNAME": "two.test"})
    names.set("two.test", {"CNAME": "one.test"})
    assert local.get("http://one.test/").status in (502, 504)


def test_only_ipv6(local, names):
    names.set("six.test", "::1")
    with Origin(host="::1") as origin:
        assert local.get(f"http://six.test:{origin.port}/").status == 200


@pytest.mark.parametrize("fault", [Answer(code=SERVFAIL), Silent, Answer(code=NXDOMAIN)])
def test_one_family_fails(local, names, origin, fault):
    """Weir uses the address that came; a name server that does not answer for the other family
    costs little time."""
    names.set("half.test", {"A": ["127.0.0.1"], "AAAA": fault})
    before = time.monotonic()
    assert local.get(f"http://half.test:{origin.port}/").status == 200
    assert time.monotonic() - before < 3


class TestHappyEyeballs:
    def test_a_refusing_address_falls_back_at_once(self, local, names, origin):
        names.set("two.test", ["::1", "127.0.0.1"])  # Nothing listens on ::1.
        before = time.monotonic()
        assert local.get(f"http://two.test:{origin.port}/").status == 200
        assert time.monotonic() - before < 2

    def test_a_silent_address_is_overtaken(self, local, names):
        names.set("two.test", ["::1", "127.0.0.1"])
        with socket.socket(socket.AF_INET6) as full, Origin() as origin:
            full.bind(("::1", origin.port))
            full.listen(0)  # Once its queue is full, further attempts are not answered.
            fillers = []
            for _ in range(3):
                filler = socket.socket(socket.AF_INET6)
                filler.setblocking(False)
                filler.connect_ex(("::1", origin.port))
                fillers.append(filler)
            before = time.monotonic()
            assert local.get(f"http://two.test:{origin.port}/").status == 200
            assert time.monotonic() - before < 2
            for filler in fillers:
                filler.close()

    def test_ipv6_is_preferred(self, local, names):
        names.set("two.test", ["127.0.0.1", "::1"])
        with Origin() as four, Origin(host="::1", port=four.port) as six:
            assert local.get(f"http://two.test:{four.port}/").status == 200
            assert (len(six.requests), len(four.requests)) == (1, 0)

    def test_further_addresses_are_tried(self, local, names, origin):
        names.set("many.test", ["127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.1"])
        assert local.get(f"http://many.test:{origin.port}/").status == 200

    def test_all_refuse(self, local, names):
        names.set("many.test", ["127.0.0.5", "127.0.0.6", "::1"])
        with Origin() as gone:
            pass
        response = local.get(f"http://many.test:{gone.port}/")
        assert response.status == 502
        assert "connection_refused" in response.fields.get("proxy-status")


class TestFiles:
    def test_the_hosts_file_is_read_again(self, network, names, play):
        origin = play(closing)
        with Etc(hosts="127.0.0.1 localhost\n") as etc, Weir(
            names.config(), wrapper=etc.wrapper
        ) as weir, weir.client() as client:
            url = f"http://host.test:{origin.port}/"
            assert get(client, url).status == 502
            etc.write("hosts", "127.0.0.1 localhost host.test\n")
            eventually(lambda: get(client, url).status == 200, within=15)
            etc.write("hosts", "127.0.0.1 localhost\n")
            eventually(lambda: get(client, url).status == 502, within=15)

    def test_comments_tabs_and_aliases_of_the_hosts_file(self, network, names, origin):
        hosts = "# nothing\n127.0.0.1\tlocalhost  first.test second.test # third.test\n\nbad line\n::1 localhost\n"
        with Etc(hosts=hosts) as etc, Weir(names.config(), wrapper=etc.wrapper) as weir:
            for name, status in (("first.test", 200), ("SECOND.test", 200), ("third.test", 502)):
                assert weir.get(f"http://{name}:{origin.port}/").status == status, name

    def test_resolv_conf_is_read_again(self, network):
        """A laptop moves to another network."""
        with network("10.77.0.1/32", "10.77.0.2/32"), Origin(host="10.77.0.1") as origin:
            home = NameServer({"home.test": "10.77.0.1"}, host="10.77.0.1", port=53)
            cafe = NameServer({"cafe.test": "10.77.0.1"}, host="10.77.0.2", port=53)
            with home, cafe, Etc(resolv_conf="nameserver 10.77.0.1\n") as etc, Weir(wrapper=etc.wrapper) as weir:
                assert weir.get(f"http://home.test:{origin.port}/").status == 200
                assert weir.get(f"http://cafe.test:{origin.port}/").status == 502
                etc.write("resolv.conf", "nameserver 10.77.0.2\n")
                url = f"http://cafe.test:{origin.port}/x"
                eventually(lambda: weir.get(url).status == 200, within=15)
                assert cafe.asked("cafe.test")

    def test_resolver_overrides_resolv_conf(self, network, names, origin):
        names.set("here.test", "127.0.0.1")
        with Etc(resolv_conf="nameserver 127.0.0.9\n") as etc, Weir(names.config() + LOCAL, wrapper=etc.wrapper) as weir:
            assert weir.get(f"http://here.test:{origin.port}/").status == 200

    def test_the_hosts_file_comes_before_dns(self, network, names, origin):
        names.set("both.test", "127.0.0.9")
        with Etc(hosts="127.0.0.1 both.test\n") as etc, Weir(names.config(), wrapper=etc.wrapper) as weir:
            assert weir.get(f"http://both.test:{origin.port}/").status == 200
        assert names.asked("both.test") == 0


def test_queries_do_not_stop_other_traffic(local, names, origin):
    names.set("slow.test", {"A": Answer(["127.0.0.1"], delay=2)})
    done = threading.Event()

    def slow():
        assert local.get(f"http://slow.test:{origin.port}/").status == 200
        done.set()

    thread = threading.Thread(target=slow)
    thread.start()
    before = time.monotonic()
    for _ in range(2 * WORKERS):
        assert local.get(f"http://127.0.0.1:{origin.port}/").status == 200
    assert time.monotonic() - before < 1.5
    assert done.wait(10)
    thread.join()


def test_answers_change(local, names, play):
    names.set("moves.test", {"A": Sequence(Answer(["127.0.0.1"], ttl=0), Answer(["127.0.0.2"], ttl=0))})
    first = play(closing)
    with Origin(closing, host="127.0.0.2", port=first.port) as second:
        url = f"http://moves.test:{first.port}/"
        with local.client() as client:
            assert get(client, url).status == 200
            time.sleep(1.2)  # A lifetime of 0 may be stretched to a second.
            assert get(client, url).status == 200
        assert (len(first.requests), len(second.requests)) == (1, 1)
