"""All origins in one server: a request's path names the run (RUN), the row and the step."""

import threading

from support.origin import Origin

PATIENCE = 6  # Seconds that an origin waits until a client has seen something; then it goes on.


class Case:
    """One request at the origin, with the functions that a row's script needs."""

    def __init__(self, server, connection, request, run, row, step):
        self.server = server
        self.connection = connection
        self.request = request
        self.key = (run, row)
        self.step = step

    def body(self):
        """Reads the request's content."""
        return self.connection.body(self.request).body

    def send(self, data):
        self.connection.send(data)
        return self

    def respond(self, body=b"", status="200 OK", fields=(), **more):
        self.connection.respond(body, status, fields, **more)
        return True

    def seen(self, count):
        """Waits until the client has `count` bytes of this response's content. If it does not get
        them, the row's order is wrong; the origin goes on, so that pieces that were held back
        come."""
        self.server.wait(lambda: self.has(count) or self.is_over())
        if not self.has(count):
            self.server.late.add(self.key)
        return self

    def has(self, count):
        return self.server.progress.get((*self.key, self.step), 0) >= count

    def is_over(self):
        return self.server.ended.get(self.key, -1) >= self.step

    def over(self):
        """Waits until the client has ended this step, so that what follows happens between two
        requests."""
        self.server.wait(self.is_over)
        return self

    def ready(self):
        """Lets the next step begin."""
        with self.server.changed:
            self.server.let_go.add((*self.key, self.step))
            self.server.changed.notify_all()
        return self

    def reset(self):
        self.connection.reset()
        return False


class Server:
    """Plays the origins of all rows. The runs of the clients tell it what they have seen."""

    def __init__(self, rows):
        self.rows = {row.name: row for row in rows}
        self.changed = threading.Condition()
        self.progress = {}  # (run, row, step): bytes of content that the client has.
        self.ended = {}  # (run, row): the last step that the client has ended.
        self.let_go = set()
        self.late = set()
        self.requests = {}  # (run, row): the requests that arrived.
        self.origin = Origin(self.script, tolerant=True)
        self.url = self.origin.url
        self.port = self.origin.port

    def close(self):
        self.origin.close()

    def script(self, connection):
        while connection.more():
            request = connection.head()
            words = request.target.split("?")[0].strip("/").split("/")
            if len(words) != 3 or words[1] not in self.rows:
                connection.respond(b"no such row", "404 Not Found")
                continue
            run, row, step = words[0], words[1], int(words[2])
            with self.changed:
                self.requests.setdefault((run, row), []).append(request)
            case = Case(self, connection, request, run, row, step)
            if not self.rows[row].play(case):
                return

    def wait(self, condition, seconds=PATIENCE):
        with self.changed:
            return self.changed.wait_for(condition, seconds)

    def saw(self, run, row, step, count):
        """Called when a client has so many bytes of content."""
        with self.changed:
            self.progress[run, row, step] = count
            self.changed.notify_all()

    def step_ended(self, run, row, step):
        with self.changed:
            self.ended[run, row] = step
            self.changed.notify_all()

    def wait_until_ready(self, run, row, step):
        """Waits until the origin lets this step begin."""
        self.wait(lambda: (run, row, step - 1) in self.let_go)

    def url_of(self, run, row, number, step):
        userinfo = f"{step.userinfo}@" if step.userinfo else ""
        return f"http://{userinfo}127.0.0.1:{self.port}/{run}/{row}/{number}{step.path}"
