"""The limit of memory: which connections are closed, which requests are refused, what goes on, and
that all memory is given back."""

import collections
import contextlib
import pathlib
import socket
import time

import pytest
from support.client import Client, eventually
from support.message import Ended
from support.site import Site
from support.weir import Weir, fast_binary, run

MIB = 1 << 20


class Limited:
    """A Weir with limits, and a way to ask for its counters."""

    def __init__(self, path, limits, workers=1, **more):
        self.control = path / "control"
        self.workers = workers
        self.weir = Weir(self.text(limits), **more)

    def text(self, limits):
        keys = "".join(f"{key} = {value}\n" for key, value in limits.items())
        return f'control = "{self.control}"\nworkers = {self.workers}\n[limits]\n{keys}'

    def __enter__(self):
        self.weir.__enter__()
        eventually(lambda: run("status", "--control", str(self.control))[0] == 0)
        return self

    def __exit__(self, *error):
        return self.weir.__exit__(*error)

    def status(self):
        code, out, err = run("status", "--control", str(self.control))
        assert code == 0, err
        return {name: int(value) for name, value in (line.split(": ", 1) for line in out.splitlines()) if value.isdigit()}

    def accounted(self):
        """Memory in use, without memory in free lists and promises."""
        numbers = self.status()
        return numbers["memory_accounted"] - numbers["memory_kept"] - numbers["memory_promised"]

    def held_by_the_process(self):
        """The accounted memory that belongs to the process; pipes belong to the kernel."""
        numbers = self.status()
        return numbers["memory_accounted"] - numbers["memory_promised"] - numbers["memory_pipes"]


def sanitized(program):
    """Whether the program has a sanitizer, whose allocator changes resident memory."""
    return b"__asan_init" in pathlib.Path(program).read_bytes() or b"__tsan_init" in pathlib.Path(program).read_bytes()


def ask(weir, site, path, **more):
    client = Client(weir.port, **more)
    client.send_request("GET", site.url + path, [("Host", site.authority)])
    return client


def refused(client):
    """Checks that the client got a 503 with the reason, and that its connection ends."""
    response = client.response()
    assert response.status == 503
    status = response.fields.get("proxy-status", "")
    assert "error=connection_limit_reached" in status and "memory" in status
    assert b"limits.memory" in response.body
    assert client.is_closed()


def test_slow_readers_fill_it_and_nothing_grows_beyond(tmp_path, site):
    """Clients do not read their large downloads. What Weir holds for them stays within the limit,
    new clients are refused, the first ones go on, and all memory is given back."""
    limit = 12 * MIB
    with Limited(tmp_path, {"memory": limit}, program=fast_binary()) as limited:
        weir = limited.weir
        assert weir.get(site.url + "/size/3000000").status == 200
        before, resident = limited.accounted(), weir.rss()
        held, most = [], 0

        def is_full():
            return limited.status()["requests_refused_for_memory"] > 0

        while not is_full():
            held += [ask(weir, site, "/size/50000000", receive_buffer=4096) for _ in range(10)]
            time.sleep(0.05)
            most = max(most, limited.status()["memory_accounted"])
            assert len(held) < 1000
        most = max(most, limited.status()["memory_accounted"])
        assert limit * 7 // 8 < most < limit * 17 // 16 + MIB
        if not sanitized(weir.program):
            grown, accounted = weir.rss() - resident, limited.held_by_the_process() - before
            assert accounted / 1.5 < grown < accounted * 1.5 + MIB // 2, (accounted, grown)

        with ask(weir, site, "/") as late:
            refused(late)
        refusal = weir.wait_log(2)[-1]
        assert (refusal.outcome, refusal.details["rule"]) == ("connection_limit_reached", "limits.memory")

        # Running exchanges go on: a client that begins to read gets all of its content.
        first = held.pop(0)
        response = first.response()
        assert (response.status, len(response.body), response.complete) == (200, 50_000_000, True)
        first.close()

        for client in held:
            client.close()
        eventually(lambda: limited.accounted() <= before + 64 * 1024, what="all memory given back")
        eventually(lambda: weir.get(site.url + "/").status == 200)
        assert weir.is_running()


def is_gone(client):
    """Whether the connection has ended by now; does not wait."""
    client.socket.setblocking(False)
    try:
        return client.socket.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("workers", [1, 3])
def test_idle_connections_make_room_for_a_client_that_works(tmp_path, origin, workers):
    """Weir closes idle connections first, to origins too, on every worker: an active client never
    notices."""
    limit = 2 * MIB
    with Limited(tmp_path, {"memory": limit, "connections": 5000}, workers) as limited:
        weir = limited.weir
        idle, most = [], 0
        with weir.client() as works:
            for number in range(2200):
                client = ask(weir, origin, "/")
                assert client.response().status == 200
                idle.append(client)
                if number % 20 == 0:
                    works.send_request("GET", origin.url + "/", [("Host", origin.authority)])
                    assert works.response().status == 200
                    most = max(most, limited.status()["memory_accounted"])
            assert limit * 3 // 4 < most < limit
            assert limited.status()["requests_refused_for_memory"] == 0
            # The connections that were idle longest were closed. Each worker chooses among its own,
            # so not exactly these.
            eventually(lambda: sum(is_gone(client) for client in idle[:60]) >= 60 // workers // 2, what="the first ones closed")
            assert not any(is_gone(client) for client in idle[-60:])
            works.send_request("GET", origin.url + "/", [("Host", origin.authority)])
            assert works.response().status == 200
        for client in idle:
            client.close()
        eventually(lambda: limited.accounted() < 100_000, what="all memory given back")


def test_free_lists_are_emptied_in_all_workers(tmp_path, site):
    """Idle workers give up their free lists if another worker has too little memory."""
    if sanitized(fast_binary()):
        pytest.skip("under sanitizers nothing is kept")
    with Limited(tmp_path, {"memory": 2 * MIB}, workers=8, program=fast_binary()) as limited:
        weir = limited.weir
        for _ in range(100):
            assert weir.get(site.url + "/").status == 200
        assert limited.status()["memory_kept"] > MIB // 2
        slow = []
        while limited.status()["memory_accounted"] < 2 * MIB * 7 // 8:
            slow.append(ask(weir, site, "/size/50000000", receive_buffer=4096))
            time.sleep(0.1)
            # One client makes Weir hold the bytes that came before its socket was full: up to 256
            # KiB, and far less on a busy machine.
            assert len(slow) < 200 and limited.status()["requests_refused_for_memory"] == 0
        eventually(lambda: limited.status()["memory_kept"] < MIB // 8)
        for client in slow:
            client.close()


def test_heads_that_do_not_come_are_not_waited_for(tmp_path, site):
    """A thousand clients send half a head, each of which takes a block: at the limit Weir does not
    wait for the rest."""
    limit = 4 * MIB
    with Limited(tmp_path, {"memory": limit}) as limited:
        weir = limited.weir
        before = limited.accounted()
        clients = []
        for number in range(400):
            clients.append(Client(weir.port))
            clients[-1].send("GET http://127.0.0.1/ HTTP/1.1\r\nX: ")
            if number % 20 == 0:
                assert limited.status()["memory_accounted"] < limit * 17 // 16 + MIB
        eventually(lambda: limited.status()["requests_refused_for_memory"] > 0)
        for client in clients:
            client.close()
        eventually(lambda: limited.accounted() <= before + 64 * 1024, what="all memory given back")
        assert weir.get(site.url + "/").status == 200


def test_without_a_limit_nobody_is_refused(tmp_path, site):
    with Limited(tmp_path, {"memory": 0}) as limited:
        clients = [ask(limited.weir, site, "/size/5000000", receive_buffer=4096) for _ in range(30)]
        assert limited.status()["memory_limit"] == 0
        assert limited.weir.get(site.url + "/").status == 200
        for client in clients:
            client.close()


def test_a_reload_moves_the_limit(tmp_path):
    """The new limit is for new requests; running exchanges keep their memory."""
    # Nobody reads what the site sends until all is looked at, on a busy machine for a while.
    with Site(wait=60) as site, Limited(tmp_path, {"memory": 0}, program=fast_binary()) as limited:
        weir = limited.weir
        held = []
        while limited.status()["memory_accounted"] < 4 * MIB:
            assert len(held) < 400
            held.append(ask(weir, site, "/size/50000000", receive_buffer=4096, wait=60))
            time.sleep(0.05)
        weir.write_config(limited.text({"memory": 2 * MIB}))
        assert run("reload", "--control", str(limited.control))[0] == 0
        assert limited.status()["memory_limit"] == 2 * MIB
        for client in held[1:]:
            client.close()
        eventually(lambda: weir.get(site.url + "/").status == 200)
        assert len(held[0].response().body) == 50_000_000
        held[0].close()


def test_a_process_that_may_have_less_promises_less(tmp_path, site):
    """Otherwise the process would run out of address space before Weir reaches its own limit."""
    if sanitized(fast_binary()):
        pytest.skip("a sanitizer takes more address space than that (build/release is not there)")
    with Limited(tmp_path, {}, program=fast_binary(), wrapper=("prlimit", f"--as={512 * MIB}")) as limited:
        least, most = 100 * MIB, 384 * MIB
        assert least < limited.status()["memory_limit"] < most
        limited.weir.wait_stderr(r"limits\.memory is \d+ MiB here instead of 1024")
        assert limited.weir.get(site.url + "/").status == 200


def test_a_system_that_gives_no_memory_ends_nothing(tmp_path, site):
    """Clients with half a head each hold all memory that there is: others are answered, if only
    with 503, or wait, and all are served afterwards."""
    if sanitized(fast_binary()):
        pytest.skip("a sanitizer takes more address space than that (build/release is not there)")
    # The account does not come near its own limit here.
    wrapper = ("prlimit", f"--as={200_000_000}:")
    with Limited(tmp_path, {"memory": 0}, workers=2, program=fast_binary(), wrapper=wrapper) as limited:
        weir = limited.weir
        held, answers = [], collections.Counter()

        def hold():
            held.append(Client(weir.port, wait=2))
            with contextlib.suppress(OSError):
                held[-1].send("GET http://127.0.0.1/ HTTP/1.1\r\nX: ")

        while "gives no memory" not in "".join(weir.stderr_lines):
            assert len(held) < 20_000
            hold()
        for _ in range(10):
            hold()
            try:
                answers[ask(weir, site, "/", wait=1).response().status] += 1
            except (OSError, Ended):
                answers["none"] += 1
        assert weir.is_running() and set(answers) <= {200, 503, "none"}, answers
        for client in held:
            client.close()

        def served():
            try:
                return ask(weir, site, "/", wait=2).response().status == 200
            except (OSError, Ended):
                return False

        eventually(served, what="served again")
        assert [weir.get(site.url + "/").status for _ in range(20)] == [200] * 20
        assert limited.accounted() < 4 * MIB
