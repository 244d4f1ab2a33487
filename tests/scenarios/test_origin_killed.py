"""The origins' process is killed under load with SIGKILL, and started again."""

import time

import pytest
from support.client import eventually
from support.control import status
from support.crowd import Crowd, Origins

pytestmark = pytest.mark.threads

CLIENTS, REQUESTS, SIZE = 100, 60, 30_000


@pytest.mark.seconds(90)
def test_killed_and_back(weir):
    with Origins(3) as origins:
        ports = origins.ports
        # A client that is refused asks again after 50 ms, until it has all its answers.
        crowd = Crowd(weir.port, origins.authorities, CLIENTS, REQUESTS, SIZE, seconds=80, again=10_000)
        with crowd:
            eventually(lambda: sum(each["requests"] for each in origins.stats()) > 1000, what="load")
            origins.kill()
            ended = status(weir)["exchanges_failed"]
            # All exchanges that ran have failed by now, and new requests are refused.
            eventually(lambda: status(weir)["exchanges_failed"] > ended + 2 * CLIENTS, what="refusals")
            eventually(lambda: status(weir)["idle_origin_connections"] == 0, what="the end of idle connections")
            with Origins(ports=ports) as back:
                result = crowd.result()
                assert (result["right"], result["wrong"], result["late"]) == (CLIENTS * REQUESTS, 0, 0), result
                served = sum(each["requests"] for each in back.stats())
                assert served > 0
        # Each client saw a page or, where its answer had begun, a cut; each has its line.
        assert set(result) <= {"right", "wrong", "late", "ended", "examples", "502"}, result
        assert all("could not be reached" in each or "refused" in each or "closed" in each for each in result["examples"] if each.startswith("502"))
        lines = weir.wait_log(result["right"] + result["502"] + result["ended"])
        time.sleep(0.3)
        assert len(weir.log) == result["right"] + result["502"] + result["ended"]
        outcomes = {line.outcome for line in lines}
        assert outcomes <= {"complete", "connection_refused", "connection_terminated", "http_response_incomplete"}, outcomes
        assert "connection_refused" in outcomes
        eventually(lambda: status(weir)["exchanges_running"] == 0)
