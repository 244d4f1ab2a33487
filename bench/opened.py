"""The proxies that open TLS, and do it on both sides: Weir and Squid by CONNECT, with certificates that they make;
haproxy and nginx as reverse proxies of one origin. Weir's variants differ in what each handshake needs."""

import subprocess

import certificates
import peers
import processes

HANDSHAKES = "intercept_handshakes"


class Opened(peers.Peer):
    """Beside one of peers.py, whose name, program and way to start it has."""

    fixed_tunnels = False
    more = {}  # Arguments for the load generator.
    only = ()  # Workloads; empty: all.
    # In HANDSHAKES. "keeping": connections of the origin are kept; "closing": it ends each, and gives session tickets, as
    # most servers do; "whole": it ends each and gives none, so that each handshake with it is a whole one.
    origin = "keeping"
    reverse = False  # The client's TLS begins at once, with the origin's name.

    def __init__(self, made, ports):
        """`ports`: of the origins, by what they do."""
        super().__init__(ports["keeping"])
        self.made = made
        self.ports = ports

    def prepare(self, workload):
        """Chooses the origin; before start()."""
        self.origin_port = self.ports[self.origin if workload.name == HANDSHAKES else "keeping"]

    def authority(self):
        """The file of whom clients have to believe; after start()."""
        return str(self.made.authority)


class Weir(Opened, peers.Weir):
    note = "`[intercept]` for the origin's names; its certificate verified; else as above"

    def arguments(self):
        self.top = f'state_dir = "{self.folder}/state"\n'
        self.rules = f'[tls]\nroots = ["{self.made.authority}"]\n[intercept]\nmode = "only"\nhosts = ["*.{certificates.BELOW}"]\n'
        return super().arguments()

    def authority(self):
        path = str(self.folder / "authority.pem")
        words = [self.program, "ca", "export", "--pem", "--config", str(self.folder / "weir.toml"), path]
        done = subprocess.run(words, capture_output=True, text=True, timeout=20)
        if done.returncode:
            raise processes.Failure(f"weir ca export failed: {(done.stderr or done.stdout).strip()}")
        return path


class WeirOrigin(Weir):
    name, title = "weir_origin", "Weir, origin each"
    only = (HANDSHAKES,)
    origin = "closing"
    note = "the same; the origin ends each connection, so that each needs a handshake with it; its session is resumed"


class WeirWhole(WeirOrigin):
    name, title = "weir_whole", "Weir, origin whole"
    origin = "whole"
    note = "the same; the origin gives no session tickets, so that each handshake with it is a whole one"


class WeirMinting(WeirWhole):
    name, title = "weir_minting", "Weir, new hosts"
    more = {"each_named": 1}
    note = "the same; each connection asks for a host that was not asked for before"


class WeirTunnel(Weir):
    name, title = "weir_tunnel", "Weir, not opened"
    only = (HANDSHAKES,)
    note = "without `[intercept]`: a tunnel, in which client and origin speak TLS with each other"

    def arguments(self):
        self.top = self.rules = ""
        return peers.Weir.arguments(self)

    def authority(self):
        return str(self.made.authority)


class Haproxy(Opened, peers.Haproxy):
    reverse = True
    note = "reverse: `bind ssl`, `http-reuse always`, `verify required` with the origin's name"

    def arguments(self):
        text = f"""global
  nbthread 1
  maxconn 7000
  ssl-default-bind-options ssl-min-ver TLSv1.2
  ssl-default-bind-curves X25519
  ssl-default-server-options ssl-min-ver TLSv1.2
  tune.ssl.cachesize 0
defaults
  mode http
  timeout connect 10s
  timeout client 300s
  timeout server 300s
  timeout http-keep-alive 300s
frontend clients
  bind 127.0.0.1:{self.port} ssl crt {self.made.identity} alpn http/1.1
  default_backend origin
backend origin
  http-reuse always
  server s 127.0.0.1:{self.origin_port} ssl verify required ca-file {self.made.authority} sni str({certificates.HOST}) verifyhost {certificates.HOST} alpn http/1.1
"""
        return [self.found(), "-db", "-f", self.write("haproxy.cfg", text)]


class Nginx(Opened, peers.Nginx):
    reverse = True
    note = "reverse: `listen ssl`, `keepalive`, `proxy_ssl_verify on`; TLS 1.2 and 1.3, no session cache"

    def listen(self):
        return f"""listen 127.0.0.1:{self.port} ssl;
    ssl_certificate {self.made.identity};
    ssl_certificate_key {self.made.identity};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ecdh_curve X25519;
    ssl_session_cache off;"""

    def proxy_pass(self):
        return f"""proxy_pass https://origin;
      proxy_ssl_protocols TLSv1.2 TLSv1.3;
      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate {self.made.authority};
      proxy_ssl_name {certificates.HOST};
      proxy_ssl_server_name on;"""


class Squid(Opened, peers.Squid):
    origin = "closing"
    note = "`ssl_bump peek`, then `bump`; `security_file_certgen`, certificates in memory; in `intercept_handshakes` as `Weir, origin each`"

    def listener(self):
        folder, helper = self.folder, "/usr/lib/squid/security_file_certgen"
        try:
            done = subprocess.run([helper, "-c", "-s", str(folder / "certificates"), "-M", "16MB"], capture_output=True, text=True, timeout=20)
        except OSError as error:
            raise processes.Failure(f"it has no TLS ({error})") from None
        if done.returncode:
            raise processes.Failure(f"security_file_certgen failed: {done.stderr.strip()}")
        # Squid gives up root's rights.
        for path in [folder / "certificates", *(folder / "certificates").rglob("*")]:
            path.chmod(0o777)
        hosts = self.write("hosts", f"127.0.0.1 {certificates.HOST}\n")
        return f"""http_port 127.0.0.1:{self.port} ssl-bump tls-cert={self.made.signing_identity} generate-host-certificates=on dynamic_cert_mem_cache_size=16MB
sslcrtd_program {helper} -s {folder}/certificates -M 16MB
sslcrtd_children 1 startup=1 idle=1
acl step1 at_step SslBump1
ssl_bump peek step1
ssl_bump bump all
tls_outgoing_options cafile={self.made.authority}
hosts_file {hosts}
"""

    def authority(self):
        return str(self.made.signing)


ALL = (Weir, WeirOrigin, WeirWhole, WeirMinting, WeirTunnel, Haproxy, Nginx, Squid)
