"""Programs that people use, each run once to fetch a URL through a proxy."""

import os
import pathlib
import shutil
import subprocess
import sys
import urllib.parse

SUPPORT = pathlib.Path(__file__).resolve().parent

PYTHON = """
import os, ssl, sys, urllib.request
context = ssl.create_default_context(cafile=os.environ["PEM"])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": os.environ["https_proxy"]}), urllib.request.HTTPSHandler(context=context))
print(len(opener.open(sys.argv[1], timeout=20).read()))
"""
NODE = """
const http = require("http"), tls = require("tls"), fs = require("fs");
const proxy = new URL(process.env.https_proxy), url = new URL(process.argv[1]);
const named = /^[0-9.]+$/.test(url.hostname) ? {host: url.hostname} : {servername: url.hostname};
http.request({host: proxy.hostname, port: proxy.port, method: "CONNECT", path: url.host})
  .on("connect", (response, socket) => {
    const secure = tls.connect({socket, ...named, ca: fs.readFileSync(process.env.PEM)}, () => {
      http.get({createConnection: () => secure, path: url.pathname, headers: {Host: url.host}}, (answer) => {
        let size = 0;
        answer.on("data", (part) => size += part.length).on("end", () => { console.log(size); process.exit(0); });
      });
    });
    secure.on("error", (error) => { console.error(error.message); process.exit(1); });
  }).end();
"""


CLIENTS = {
    "curl": lambda url, pem: ["curl", "-sS", "-f", "-o", "got", "-w", "%{size_download}", "--cacert", str(pem), url],
    "wget": lambda url, pem: ["wget", "-q", "--tries=1", f"--ca-certificate={pem}", "-O", "got", url],
    "python": lambda url, pem: [sys.executable, "-c", PYTHON, url],
    "node": lambda url, pem: ["node", "-e", NODE, url],
}


def run(proxy, pem, command, home, **environment):
    """Runs a command whose proxy is that URL, in the folder `home`."""
    proxies = {f"{name}_proxy": proxy for name in ("http", "https", "HTTPS", "HTTP")}
    return subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "HOME": str(home), **proxies, "no_proxy": "", "PEM": str(pem), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=home,
    )


def fetch(program, proxy, pem, url, home):
    return run(proxy, pem, CLIENTS[program](url, pem), home)


def git(proxy, pem, home, *words):
    settings = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    return run(proxy, pem, ["git", "-c", f"http.sslCAInfo={pem}", *words], home, **settings)


def java(proxy, trusted, url, home):
    """Java that trusts the certificates of a file in PKCS #12 without a password, or in PEM: of that, which Java
    does not read, `keytool` makes one."""
    store, password = pathlib.Path(trusted), ""
    if store.suffix != ".p12":
        store, password = pathlib.Path(home) / f"{store.stem}.p12", "changeit"
    if not store.exists():
        added = ["keytool", "-importcert", "-noprompt", "-alias", "weir", "-file", str(trusted)]
        subprocess.run([*added, "-keystore", str(store), "-storepass", password], check=True, capture_output=True)
    where = urllib.parse.urlsplit(proxy)
    properties = [f"-Dhttps.proxyHost={where.hostname}", f"-Dhttps.proxyPort={where.port}", "-Dhttp.nonProxyHosts="]
    properties += [f"-Djavax.net.ssl.trustStore={store}", f"-Djavax.net.ssl.trustStorePassword={password}"]
    return run(proxy, trusted, ["java", *properties, str(SUPPORT / "Fetch.java"), url], home)


def is_installed(program):
    return program == "python" or shutil.which(program) is not None
