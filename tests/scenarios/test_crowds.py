"""Thousands of clients at once: clients, Weir and origins are separate processes, and every client
gets the right answer."""

import pytest
from support.bulk import CALM
from support.client import eventually
from support.control import status
from support.crowd import Crowd, Origins
from support.weir import Weir, fast_binary


@pytest.fixture
def fast():
    with Weir(program=fast_binary(), env=CALM) as running:
        yield running


@pytest.mark.seconds(120)
def test_ten_thousand_clients_share_a_thousand_connections(fast):
    clients = 10_000
    with Origins(hold=True) as origins, Crowd(fast.port, origins.authorities, clients, seconds=100) as crowd:
        crowd.wait_sent()
        # All clients are there at once, and use all connections that the limit allows.
        eventually(lambda: status(fast)["exchanges_running"] == clients, within=30, what="10,000 exchanges at once")
        eventually(lambda: origins.stats()[0]["now"] == 1000, what="1,000 connections to the origin")
        origins.release()
        result = crowd.result()
        assert result["right"] == clients, result
        [seen] = origins.stats()
        assert seen["most"] == 1000 and seen["requests"] == clients
    eventually(lambda: status(fast)["client_connections"] == 0)
    assert status(fast)["exchanges_complete"] == clients
    assert len(fast.wait_log(clients)) == clients


@pytest.mark.seconds(120)
@pytest.mark.parametrize("tunnel", [False, True], ids=["get", "connect"])
def test_four_thousand_clients_with_a_connection_each(fast, tunnel):
    clients = 4000
    with Origins(5, hold=not tunnel) as origins, Crowd(fast.port, origins.authorities, clients, tunnel=tunnel) as crowd:
        if not tunnel:
            crowd.wait_sent()
            eventually(lambda: [each["now"] for each in origins.stats()] == [800] * 5, within=30, what="800 connections each")
            origins.release()
        result = crowd.result()
        assert result["right"] == clients, result
        assert [each["most"] for each in origins.stats()] == [800] * 5
        if tunnel:
            assert status(fast)["exchanges_running"] == clients
    eventually(lambda: status(fast)["client_connections"] == 0)
