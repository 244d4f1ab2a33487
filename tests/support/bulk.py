"""What tests share that move gigabytes and watch Weir's memory meanwhile."""

import threading

from .site import generated

SLACK = 48 << 20  # What a big exchange may need beyond a small one: buffers, a sanitizer's quarantine.
# Otherwise the memory would be mostly the sanitizer's quarantine.
CALM = {"ASAN_OPTIONS": "quarantine_size_mb=4:detect_stack_use_after_return=0:detect_leaks=1"}


class Peak:
    """The most memory that Weir had while something ran."""

    def __init__(self, weir):
        self.weir = weir
        self.most = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self.ended.wait(0.05):
            self.most = max(self.most, self.weir.rss())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def receive(client, size):
    """Counts content and looks at a sample of it."""
    buffer = bytearray(1 << 20)
    got = len(client.reader.buffer)
    while got < size:
        count = client.socket.recv_into(buffer)
        assert count, f"ended after {got} bytes"
        assert buffer[0] == got % 256, f"wrong content at {got}"
        got += count
    return got


def transmit(client, size):
    for piece in generated(size):
        client.socket.sendall(piece)
