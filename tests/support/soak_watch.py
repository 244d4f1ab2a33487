"""Watches memory and descriptors during the soak, and checks that they stay flat."""

import pathlib
import statistics
import threading
import time

# Flat means that the median of the last window exceeds that of the first by no more than this. The
# windows begin after the warm-up.
WINDOWS = 4
MEMORY_SHARE, MEMORY_BYTES = 0.05, 8 << 20
DESCRIPTORS_SHARE, DESCRIPTORS = 0.10, 16


def warm_up(seconds):
    """How long caches, pools and free lists may grow: a fourth of the run, at most five minutes."""
    return min(300, seconds / 4)


def windows(samples, seconds):
    """The medians of equal windows of the time after the warm-up; `samples` are (time since the start, value)."""
    begin = warm_up(seconds)
    length = (seconds - begin) / WINDOWS
    medians = []
    for number in range(WINDOWS):
        low, high = begin + number * length, begin + (number + 1) * length
        values = [value for at, value in samples if low <= at < high]
        assert values, f"no sample between {low} s and {high} s"
        medians.append(statistics.median(values))
    return medians


def growth(medians, share, slack):
    """By how much the last window exceeds the allowed value; 0 or less is flat."""
    return medians[-1] - (medians[0] * (1 + share) + slack)


class Watch(threading.Thread):
    """Samples a process each second, or ten times a second if the run is short."""

    def __init__(self, pid, seconds):
        super().__init__(daemon=True)
        self.pid, self.seconds = pid, seconds
        self.memory, self.descriptors = [], []
        self.ended = threading.Event()
        self.began = time.monotonic()

    def run(self):
        while not self.ended.wait(min(1, self.seconds / 600)):
            try:
                at = time.monotonic() - self.began
                self.memory.append((at, rss(self.pid)))
                self.descriptors.append((at, descriptors(self.pid)))
            except OSError:
                return  # It has ended.

    def faults(self):
        found = []
        for name, samples, share, slack in (
            ("memory", self.memory, MEMORY_SHARE, MEMORY_BYTES),
            ("descriptors", self.descriptors, DESCRIPTORS_SHARE, DESCRIPTORS),
        ):
            medians = windows(samples, self.seconds)
            if growth(medians, share, slack) > 0:
                found.append(f"{name} grow: the medians of {WINDOWS} windows after the warm-up are {medians}")
        return found

    def summary(self):
        memory, many = windows(self.memory, self.seconds), windows(self.descriptors, self.seconds)
        return f"memory {memory[0] / 1e6:.1f} -> {memory[-1] / 1e6:.1f} MB, descriptors {many[0]:.0f} -> {many[-1]:.0f}"


def rss(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise OSError("no memory: it has ended")


def descriptors(pid):
    return sum(1 for _ in pathlib.Path(f"/proc/{pid}/fd").iterdir())
