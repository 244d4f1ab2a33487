"""The workloads by name: what the load generator does, how long a round is, and what is
measured."""

import dataclasses

import certificates

MB = 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    title: str
    load: dict  # Arguments for the load generator.
    operations: int = 0  # In a round.
    warmup: int = 0
    operation_bytes: int = 0  # If CPU is given per GB.
    idle: bool = False
    opened: bool = False  # TLS on both sides, by the proxies of opened.py.
    skips: tuple = ()  # Peers that would behave like another.

    @property
    def tunnels(self):
        return self.load["mode"] in ("bulk", "pingpong", "connect", "idle_tunnels")

    def applies_to(self, peer):
        if self.opened:
            return not peer.only or self.name in peer.only
        if self.name == "idle_clients" and not peer.keeps_clients:
            return False
        return peer.name not in self.skips and (peer.tunnels if self.tunnels else peer.http)

    def words(self, peer, quick):
        """The command line of the load generator."""
        words = dict(self.load)
        words["proxy"] = peer.tunnel_port if self.tunnels else peer.port
        words["origin"] = peer.origin_port
        words["direct"] = int(self.tunnels and peer.fixed_tunnels)
        if self.opened:
            words |= {"host": certificates.HOST, "tls": peer.authority(), "direct": int(peer.reverse)} | peer.more
        if not self.idle:
            words["operations"] = max(1, self.operations // (3 if quick else 1))
            words["warmup"] = self.warmup
            words["milliseconds"] = 1000 if quick else 2500
        return [f"{key}={value}" for key, value in words.items()]


NO_SPLICE = ("haproxy_splice",)


def get(path, connections):
    return {"mode": "get", "path": path, "connections": connections}


def idle(mode, connections, **more):
    return {"mode": mode, "connections": connections, "milliseconds": 60_000, **more}


ALL = (
    Workload("get_1k", "GET of 1 KB, 64 keep-alive connections", get("/1k", 64), 60_000, 2_000, skips=NO_SPLICE),
    Workload("get_64k", "GET of 64 KB, 64 keep-alive connections", get("/64k", 64), 15_000, 500),
    Workload("get_10m", "GET of 10 MB, 8 keep-alive connections", get("/10m", 8), 240, 16, 10 * MB),
    Workload(
        "upload_10m", "POST of 10 MB, 8 keep-alive connections",
        {"mode": "upload", "size": 10 * MB, "connections": 8}, 240, 16, 10 * MB,
    ),
    Workload(
        "tunnel_bulk", "64 MB at a time out of a tunnel, 4 tunnels",
        {"mode": "bulk", "size": 64 * MB, "connections": 4}, 40, 4, 64 * MB,
    ),
    Workload(
        "tunnel_pingpong", "64 bytes there and back in a tunnel, 64 tunnels",
        {"mode": "pingpong", "size": 64, "connections": 64}, 60_000, 2_000,
    ),
    Workload(
        "connect_rate", "new connection, CONNECT, 64 bytes there and back, end; 16 at once",
        {"mode": "connect", "connections": 16}, 6_000, 300, skips=NO_SPLICE,
    ),
    Workload(
        "idle_clients", "5,000 connections, each idle after one GET of 1 KB",
        idle("idle_clients", 5000), idle=True, skips=NO_SPLICE,
    ),
    Workload(
        "idle_tunnels", "2,000 tunnels, each idle after 64 bytes there and back",
        idle("idle_tunnels", 2000), idle=True, skips=NO_SPLICE,
    ),
    Workload(
        "intercept_1k", "GET of 1 KB by opened TLS, 64 keep-alive connections", get("/1k", 64), 30_000, 1_000, opened=True,
    ),
    Workload(
        "intercept_handshakes", "new connection, full handshake of TLS, GET of 1 KB, end; 16 at once",
        {"mode": "handshakes", "connections": 16}, 3_000, 200, opened=True,
    ),
    Workload(
        "idle_opened", "1,000 opened connections, each in the middle of a response that is held back",
        idle("idle_clients", 1000, path="/held", held_back=1), idle=True, opened=True,
    ),
    Workload(
        "idle_opened_clients", "1,000 opened connections, each idle after one GET of 1 KB",
        idle("idle_clients", 1000), idle=True, opened=True,
    ),
)


@dataclasses.dataclass(frozen=True)
class Goal:
    """A limit on the ratio of Weir's CPU to a peer's or, without a peer, on a figure of Weir
    alone."""

    workload: str
    peer: str
    most: float
    what: str = ""
    of: str = "weir"  # Whose CPU.


GOALS = (
    Goal("get_1k", "haproxy", 0.70),
    Goal("get_1k", "nginx", 0.70),
    Goal("get_1k", "trafficserver", 0.35),
    Goal("get_1k", "squid", 0.18),
    Goal("get_1k", "relay", 1.15),
    Goal("get_64k", "haproxy", 0.65),
    Goal("get_64k", "nginx", 0.80),
    Goal("get_10m", "haproxy", 0.45),
    Goal("get_10m", "haproxy_splice", 0.75),
    Goal("get_10m", "nginx", 0.50),
    Goal("tunnel_bulk", "squid", 0.45),
    Goal("tunnel_bulk", "trafficserver", 0.45),
    Goal("tunnel_bulk", "haproxy_splice", 0.70),
    Goal("tunnel_pingpong", "relay", 1.05),
    Goal("connect_rate", "squid", 0.50),
    Goal("connect_rate", "trafficserver", 0.75),
    Goal("idle_clients", "", 1200, "bytes of user memory an idle client connection"),
    Goal("idle_tunnels", "", 2000, "bytes of user memory an idle tunnel"),
    Goal("intercept_1k", "haproxy", 1.0),
    Goal("intercept_1k", "squid", 0.35),
    Goal("intercept_handshakes", "haproxy", 1.0),
    Goal("intercept_handshakes", "", 1.35, "CPU with a certificate made each time by that with a kept one"),
    Goal("intercept_handshakes", "squid", 0.3, of="weir_origin"),
    Goal("intercept_handshakes", "squid", 0.3, of="weir_whole"),
    Goal("idle_opened", "", 44 * 1024, "bytes of user memory an opened connection, both sides held"),
    Goal("idle_opened_clients", "", 20 * 1024, "bytes of user memory an opened connection, the client's side alone"),
    Goal("counts", "", 14_000, "user instructions a request (get_1k, callgrind)"),
    Goal("counts", "", 3_000, "user instructions that 100 rules, 20 groups and 2,000,000 names add"),
    Goal("counts", "", 3_000, "user instructions that they add if one of the rules asks for the path"),
    Goal("counts", "", 4.4, "system calls a request (get_1k, strace -c)"),
)
TOLERANCE = 1.08
