"""Weir and its peers: how each is configured as a forward proxy with one worker, and started."""

import os
import pathlib
import re
import shutil
import subprocess

import processes

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/bench"


class Peer:
    """One proxy. Subclasses write its configuration. The tunnels of a fixed proxy lead to the
    origin without a CONNECT."""

    name = title = package = program = ""
    version_arguments = ("--version",)
    http = tunnels = True
    fixed_tunnels = False
    keeps_clients = True  # A connection stays open after a response.
    note = ""

    def __init__(self, origin_port):
        self.origin_port = origin_port
        self.folder = BUILD / "peers" / self.name
        self.port = self.tunnel_port = 0
        self.process = None

    def found(self):
        return shutil.which(self.program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")

    def version(self):
        done = subprocess.run([self.found(), *self.version_arguments], capture_output=True, text=True, timeout=20)
        match = re.search(r"\d+\.\d+(\.\d+)*", done.stdout + done.stderr)
        return match[0] if match else "unknown"

    def arguments(self):
        """Writes the configuration and returns the command."""
        raise NotImplementedError

    def start(self, cpu, wrap=()):
        if not self.found():
            raise processes.Failure(f"{self.program} is not installed")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o777)
        self.port = self.tunnel_port = processes.free_port()
        if self.fixed_tunnels:
            self.tunnel_port = processes.free_port()
        command = [*wrap, *self.arguments()]
        with open(self.folder / "stdout", "wb") as output, open(self.folder / "stderr", "wb") as error:
            self.process = processes.start(
                command, cpu, error, stdout=output, stdin=subprocess.DEVNULL, cwd=self.folder, env=self.environment()
            )
        try:
            for port in {self.port, self.tunnel_port}:
                processes.wait_for_port(port, self.process)
        except processes.Failure as failure:
            self.stop()
            said = (self.folder / "stderr").read_text(errors="replace").strip().splitlines()
            raise processes.Failure(f"{failure}{': ' + said[-1] if said else ''}") from None

    def environment(self):
        return processes.environment()

    def stop(self):
        if self.process:
            processes.stop(self.process)
            self.process = None

    def pids(self):
        return processes.session_of(self.process.pid)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)


class Weir(Peer):
    name, title = "weir", "Weir"
    program = str(ROOT / "build/release/weir")
    note = "defaults, `workers = 1`, access log to a file"
    # More of the configuration: keys before all tables, and tables.
    top, rules = "", ""

    def found(self):
        return self.program if os.access(self.program, os.X_OK) else None

    def arguments(self):
        text = f'workers = 1\n{self.top}[[listener]]\naddress = "127.0.0.1:{self.port}"\n' + self.rules
        return [self.program, "--config", self.write("weir.toml", text)]


class Relay(Peer):
    name, title = "relay", "raw relay"
    program = str(BUILD / "relay")
    fixed_tunnels = True
    note = "parses nothing, copies; `bench/relay.cc`"

    def found(self):
        return self.program

    def version(self):
        return "-"

    def arguments(self):
        self.tunnel_port = self.port
        return [self.program, str(self.port), str(self.origin_port)]


class Haproxy(Peer):
    name, title, package, program = "haproxy", "haproxy", "haproxy", "haproxy"
    version_arguments = ("-v",)
    fixed_tunnels = True
    options = ""
    note = "`set-dst`, `http-reuse always`; tunnels in tcp mode to a fixed backend"

    def arguments(self):
        text = f"""global
  nbthread 1
  maxconn 7000
defaults
  timeout connect 10s
  timeout client 300s
  timeout server 300s
  timeout http-keep-alive 300s
  {self.options}
frontend forward
  mode http
  bind 127.0.0.1:{self.port}
  http-request set-dst url_ip
  http-request set-dst-port url_port
  default_backend origins
backend origins
  mode http
  http-reuse always
  server s 0.0.0.0:0
frontend tunnels
  mode tcp
  bind 127.0.0.1:{self.tunnel_port}
  default_backend origin
backend origin
  mode tcp
  server s 127.0.0.1:{self.origin_port}
"""
        return [self.found(), "-db", "-f", self.write("haproxy.cfg", text)]


class HaproxySplice(Haproxy):
    name, title = "haproxy_splice", "haproxy, splice"
    options = "option splice-request\n  option splice-response"
    note = "the same with `option splice-request` and `splice-response`"


class Nginx(Peer):
    name, title, package, program = "nginx", "nginx", "nginx-light", "nginx"
    version_arguments = ("-v",)
    tunnels = False
    note = "fixed upstream with `keepalive`, no temporary files; has no CONNECT"

    def listen(self):
        return f"listen 127.0.0.1:{self.port};"

    def proxy_pass(self):
        return "proxy_pass http://origin;"

    def arguments(self):
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = "".join(f"  {kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        text = f"""{user}
worker_processes 1;
daemon off;
pid {self.folder}/pid;
error_log {self.folder}/error.log crit;
events {{ worker_connections 16000; }}
http {{
{temporary}
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  client_max_body_size 0;
  upstream origin {{
    server 127.0.0.1:{self.origin_port};
    keepalive 256;
    keepalive_requests 1000000000;
  }}
  server {{
    {self.listen()}
    location / {{
      {self.proxy_pass()}
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }}
  }}
}}
"""
        return [self.found(), "-c", self.write("nginx.conf", text)]


class Squid(Peer):
    name, title, package, program = "squid", "Squid", "squid-openssl", "squid"
    note = "`cache deny all`, no log"

    def listener(self):
        return f"http_port 127.0.0.1:{self.port}\n"

    def arguments(self):
        text = f"""{self.listener()}http_access allow all
cache deny all
cache_mem 0
access_log none
cache_log {self.folder}/cache.log
cache_store_log none
pid_filename {self.folder}/pid
coredump_dir {self.folder}
netdb_filename none
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname bench
max_filedescriptors 19000
workers 1
"""
        return [self.found(), "-N", "-f", self.write("squid.conf", text)]


class TrafficServer(Peer):
    name, title, package, program = "trafficserver", "Traffic Server", "trafficserver", "traffic_server"
    note = "forward mode, no cache, no log, one event thread"

    def environment(self):
        return processes.environment() | {"TS_RUNROOT": str(self.folder / "runroot.yaml")}

    def arguments(self):
        folder = self.folder
        shutil.copytree("/etc/trafficserver", folder / "etc")
        for name in ("run", "log", "cache"):
            (folder / name).mkdir()
        places = {
            "prefix": folder, "exec_prefix": folder, "bindir": "/usr/bin", "sbindir": "/usr/sbin", "sysconfdir": folder / "etc",
            "datadir": folder / "cache", "includedir": "/usr/include", "libdir": "/usr/lib/trafficserver",
            "libexecdir": "/usr/lib/trafficserver/modules", "localstatedir": folder, "runtimedir": folder / "run",
            "logdir": folder / "log", "cachedir": folder / "cache",
        }
        self.write("runroot.yaml", "".join(f"{key}: {value}\n" for key, value in places.items()))
        self.write("etc/storage.config", f"{folder}/cache 16M\n")
        settings = {
            "http.server_ports STRING": f"{self.port}:ip-in=127.0.0.1",
            "http.connect_ports STRING": "*",
            "http.cache.http INT": 0,
            "url_remap.remap_required INT": 0,
            "reverse_proxy.enabled INT": 0,
            "exec_thread.autoconfig INT": 0,
            "exec_thread.limit INT": 1,
            "exec_thread.affinity INT": 0,
            "accept_threads INT": 0,
            "task_threads INT": 1,
            "cache.threads_per_disk INT": 1,
            "cache.ram_cache.size INT": 0,
            "log.logging_enabled INT": 0,
            "net.connections_throttle INT": 15000,
            "net.max_connections_in INT": 15000,
            "admin.user_id STRING": "#-1",
            "crash_log_helper STRING": "NULL",
        }
        path = folder / "etc/records.config"
        lines = [line for line in path.read_text().splitlines() if not any(f"proxy.config.{key.split()[0]} " in line for key in settings)]
        path.write_text("\n".join(lines + [f"CONFIG proxy.config.{key} {value}" for key, value in settings.items()]) + "\n")
        return [self.found()]


class Tinyproxy(Peer):
    name, title, package, program = "tinyproxy", "tinyproxy", "tinyproxy", "tinyproxy"
    version_arguments = ("-v",)
    keeps_clients = False
    note = "no keep-alive: every request is a connection"

    def arguments(self):
        text = f'Port {self.port}\nListen 127.0.0.1\nTimeout 600\nLogLevel Critical\nLogFile "{self.folder}/log"\nMaxClients 9000\n'
        return [self.found(), "-d", "-c", self.write("tinyproxy.conf", text)]


class Privoxy(Peer):
    name, title, package, program = "privoxy", "Privoxy", "privoxy", "privoxy"
    note = "no filters, keep-alive and shared connections, a thread a client"

    def arguments(self):
        text = f"""confdir /etc/privoxy
logdir {self.folder}
listen-address 127.0.0.1:{self.port}
toggle 0
debug 0
keep-alive-timeout 300
default-server-timeout 300
connection-sharing 1
tolerate-pipelining 1
max-client-connections 9000
listen-backlog -1
socket-timeout 300
"""
        return [self.found(), "--no-daemon", self.write("config", text)]


ALL = (Weir, Relay, Haproxy, HaproxySplice, Nginx, TrafficServer, Squid, Privoxy, Tinyproxy)
