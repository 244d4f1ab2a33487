"""Each test is a cell: a row of the table, a client, and a form of it. All selected cells are
played once, before the first test."""

import pytest
from support.weir import Weir

from .clients import CLIENTS
from .play import Played
from .table import TABLE

CONFIG = 'resolver = "127.0.0.1:1"\n'
CONFIG_ALWAYS = CONFIG + '[tunnel]\nserve = "always"\n'

# The Weirs that the forms go through: `absolute` and `connect` use "", and `connect@NAME` uses the
# one called NAME.
WEIRS = {"": CONFIG, "always": CONFIG_ALWAYS}


def cells():
    for client, (_, forms, _) in CLIENTS.items():
        through = [*forms, *(f"connect@{weir}" for weir in WEIRS if weir and "connect" in forms)]
        for form in through:
            for row in TABLE.rows:
                if row.concerns(client, form):
                    yield client, form, row.name


def pytest_configure(config):
    config.addinivalue_line("markers", "seconds(n): a test that may take longer than the others")


def pytest_generate_tests(metafunc):
    if "cell" in metafunc.fixturenames:
        every = list(cells())
        metafunc.parametrize("cell", every, ids=["-".join(each) for each in every])


@pytest.fixture(scope="session")
def played(request):
    items = [item for item in request.session.items if "cell" in getattr(item, "fixturenames", ())]
    wanted = [item.callspec.params["cell"] for item in items]
    wanted = [cell for cell in wanted if not CLIENTS[cell[0]][2]()]
    weirs = {name: Weir(config) for name, config in WEIRS.items()}
    ended = Played(TABLE.rows)
    try:
        ended.play(wanted, {name: weir.port for name, weir in weirs.items()})
        yield ended
    finally:
        ended.server.close()
        for weir in weirs.values():
            weir.stop()
