"""Python's clients, driven by lines of JSON: `python.py CLIENT FORM PROXYPORT`. CLIENT is urllib,
http.client or requests.

Each line of input is a step (see behaviour.Step.message) with `first`, which begins a new session.
Each line of output is {"seen": bytes so far} while content comes, or the step's end."""

import base64
import http.client
import http.cookiejar
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

CLIENT, FORM, PROXY = sys.argv[1], sys.argv[2], int(sys.argv[3])
SECONDS = 10


def say(message):
    print(json.dumps(message), flush=True)


def content_of(pieces, end):
    """Reads whatever comes; origins wait only for the first bytes of a stream."""
    content = bytearray()
    try:
        for piece in pieces:
            content += piece
            if len(content) <= 4096:
                say({"seen": len(content)})
    finally:
        end["content"] = content.decode("latin-1")


def chunks(body):
    return [body[: len(body) // 2], body[len(body) // 2 :]]


def pieces_of(response):
    """Reads like a program that shows content as it comes."""
    while piece := response.read1(65536):
        yield piece
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)


class Urllib:
    def __init__(self):
        self.opener = None

    def begin(self):
        proxies = {"http": f"http://127.0.0.1:{PROXY}"} if FORM == "absolute" else {}
        self.cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.proxies = urllib.request.ProxyHandler(proxies)

    def opener_for(self, step):
        handlers = [self.cookies, self.proxies]
        if step["login"]:
            scheme, user, password = step["login"]
            passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
            passwords.add_password(None, step["url"], user, password)
            kinds = {
                "basic": urllib.request.HTTPBasicAuthHandler,
                "digest": urllib.request.HTTPDigestAuthHandler,
            }
            handlers.append(kinds[scheme](passwords))
        return urllib.request.build_opener(*handlers)

    def ask(self, step, end):
        body = step["body"]
        if body is not None and step["chunked"]:
            body = iter(chunks(body))
        request = urllib.request.Request(
            step["url"], body, dict(step["fields"]), method=step["method"]
        )
        try:
            response = self.opener_for(step).open(request, timeout=SECONDS)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            end["status"] = response.status
            end["fields"] = response.getheaders()
            content_of(pieces_of(response), end)


class HttpClient:
    """A persistent connection, or a tunnel."""

    connection = None

    def begin(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def ask(self, step, end):
        url = urllib.parse.urlsplit(step["url"])
        if not self.connection:
            port = PROXY if FORM == "connect" else url.port
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
            if FORM == "connect":
                self.connection.set_tunnel(url.hostname, url.port)
        target = url.path + ("?" + url.query if url.query else "")
        body, chunked = step["body"], step["chunked"]
        if body is not None and chunked:
            body = iter(chunks(body))
        try:
            self.connection.request(
                step["method"], target, body, dict(step["fields"]), encode_chunked=chunked
            )
            response = self.connection.getresponse()
            end["status"] = response.status
            end["fields"] = response.getheaders()
            content_of(pieces_of(response), end)
            response.close()
        except Exception:
            self.begin()
            raise


class Requests:
    session = None

    def begin(self):
        import requests

        if self.session:
            self.session.close()
        self.session = requests.Session()
        self.session.trust_env = False
        if FORM == "absolute":
            self.session.proxies = {"http": f"http://127.0.0.1:{PROXY}"}

    def ask(self, step, end):
        import requests

        auth = None
        if step["login"]:
            scheme, user, password = step["login"]
            kinds = {"basic": requests.auth.HTTPBasicAuth, "digest": requests.auth.HTTPDigestAuth}
            auth = kinds[scheme](user, password)
        body = step["body"]
        if body is not None and step["chunked"]:
            body = iter(chunks(body))
        with self.session.request(
            step["method"],
            step["url"],
            headers=dict(step["fields"]),
            data=body,
            auth=auth,
            stream=True,
            timeout=SECONDS,
        ) as response:
            end["status"] = response.status_code
            end["fields"] = list(response.raw.headers.items())
            content_of(response.iter_content(1 if step["watched"] else 65536), end)


def is_timeout(error):
    while error is not None:
        if isinstance(error, TimeoutError) or "timed out" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def main():
    client = {"urllib": Urllib, "http.client": HttpClient, "requests": Requests}[CLIENT]()
    for line in sys.stdin:
        step = json.loads(line)
        if step["body"] is not None:
            step["body"] = base64.b64decode(step["body"])
        if step["first"]:
            client.begin()
        end = {
            "status": None,
            "fields": [],
            "content": "",
            "trailers": None,
            "error": None,
            "hung": False,
        }
        try:
            client.ask(step, end)
        except Exception as error:  # Any exception of a library is how the step ended.
            end["hung"] = is_timeout(error)
            end["error"] = f"{type(error).__name__}: {error}"[:300]
        say(end)


main()
