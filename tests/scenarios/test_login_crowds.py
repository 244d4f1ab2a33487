"""Many users log in at once: behind one address, from many addresses, and while others guess
passwords."""

import collections
import contextlib
import threading
import time

import pytest
from support.client import Client
from support.login import credentials

pytestmark = pytest.mark.threads

# Hashes of "secret": a cheap one, and one that takes so long that many logins come during one
# check.
CHEAP = "$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7"
DEAR = "$2b$12$abcdefghijklmnopqrstuuT1Iwu6o8Wx7BoOyIMHfgVJq6JO/IJhW"


@pytest.fixture
def weir(start, tmp_path):
    """A Weir with users u0 to u99, whose passwords are all "secret"."""
    path = tmp_path / "htpasswd"
    path.write_text("".join(f"u{number}:{CHEAP}\n" for number in range(100)) + f"dear:{DEAR}\n")
    return start(f'[login]\nfile = "{path}"\n')


def ask(weir, user, password="secret", address="127.0.0.1"):
    with Client(weir.port, source=address) as client:
        client.send_request("GET", "http://weir.internal/", [("Host", "weir.internal"), credentials(user, password)])
        return client.response()


def all_at_once(asks):
    """Runs all functions at once, and returns their results in order."""
    answers = [None] * len(asks)

    def one(number):
        answers[number] = asks[number]()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(asks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def statuses(answers):
    return collections.Counter(each.status for each in answers)


def test_forty_users_behind_one_address(weir):
    answers = all_at_once([lambda user=f"u{number % 40}": ask(weir, user) for number in range(120)])
    assert statuses(answers) == {200: 120}


def test_three_hundred_addresses_with_one_login(weir):
    answers = all_at_once([lambda address=f"127.0.{1 + n // 200}.{1 + n % 200}": ask(weir, "dear", address=address) for n in range(300)])
    assert statuses(answers) == {200: 300}


def test_an_old_password_keeps_no_other_name_out(weir):
    """Programs keep trying an old password, behind the same address as a user who logs in for the
    first time."""
    stop = threading.Event()

    def go_on(number):
        while not stop.is_set():
            ask(weir, f"u{number % 3}", f"old {number}")

    threads = [threading.Thread(target=go_on, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1.5)
        assert [ask(weir, f"u{number}").status for number in range(10, 14)] == [200] * 4
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_who_guesses_is_looked_at_so_often_and_told_so(weir):
    """A password that was not checked must not be called wrong."""
    began = time.monotonic()
    answers = all_at_once([lambda guess=f"guess {number}": ask(weir, "u1", guess) for number in range(60)])
    took = time.monotonic() - began
    counts = statuses(answers)
    assert set(counts) == {407, 503}
    assert counts[407] <= 8 * (took + 1)
    unchecked = next(each for each in answers if each.status == 503)
    assert "not looked at, and may be right" in unchecked.text
    assert unchecked.fields.get("retry-after") == "2"
    assert unchecked.fields.get("proxy-authenticate") is None


def test_who_is_logged_in_does_not_wait_behind_guesses(weir):
    """The guesses' hashes fill the queue, but checks of the file go before them."""
    assert ask(weir, "u1").status == 200
    stop = threading.Event()

    def guess(number):
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                ask(weir, "dear", f"guess {number}", address=f"127.0.3.{1 + number // 4}")

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(120)]
    for thread in threads:
        thread.start()
    slowest = 0
    try:
        for _ in range(30):
            time.sleep(0.1)
            began = time.monotonic()
            assert ask(weir, "u1").status == 200
            slowest = max(slowest, time.monotonic() - began)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    # A hundred hashes take ten seconds here.
    assert slowest < 3
