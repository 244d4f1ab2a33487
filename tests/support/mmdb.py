"""Writes databases in MaxMind's format (MaxMind DB File Format Specification 2.0)."""

import ipaddress

POINTS_BEHIND = 16  # The zero bytes between the tree and the records.
TYPES = {"text": 2, "uint16": 5, "uint32": 6, "map": 7, "uint64": 9, "list": 11}


def control(kind, size):
    number = TYPES[kind]
    shown = min(size, 29)
    head = bytes([number << 5 | shown]) if number < 8 else bytes([shown, number - 7])
    return head + (bytes([size - 29]) if size >= 29 else b"")


def number(kind, value):
    encoded = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return control(kind, len(encoded)) + encoded


def text(value):
    return control("text", len(value.encode())) + value.encode()


def mapping(members):
    """`members` are texts, dictionaries like this one, or bytes of a value."""
    return control("map", len(members)) + b"".join(text(key) + value_of(value) for key, value in members.items())


def value_of(value):
    if isinstance(value, bytes):
        return value
    return text(value) if isinstance(value, str) else mapping(value)


def database(networks, kind="Test-Country"):
    """The bytes of a database. `networks` has the record of each network: a code of two letters, or
    a dictionary. A network that is within another one stands after it."""
    nodes, records = [[None, None]], b""
    for name, record in networks.items():
        network = ipaddress.ip_network(name)
        short = network.version == 4
        prefix = network.prefixlen + (96 if short else 0)
        bits = f"{int(network.network_address):0128b}"[:prefix]
        leaf = ("record", len(records))
        records += mapping({"country": {"iso_code": record}} if isinstance(record, str) else record)
        at = 0
        for bit in map(int, bits[:-1]):
            if not isinstance(nodes[at][bit], int):
                nodes.append([nodes[at][bit]] * 2)
                nodes[at][bit] = len(nodes) - 1
            at = nodes[at][bit]
        nodes[at][int(bits[-1])] = leaf

    def word(branch):
        if branch is None:
            return len(nodes)
        return branch if isinstance(branch, int) else len(nodes) + POINTS_BEHIND + branch[1]

    tree = b"".join(word(branch).to_bytes(4, "big") for node in nodes for branch in node)
    about = {
        "node_count": number("uint32", len(nodes)),
        "record_size": number("uint16", 32),
        "ip_version": number("uint16", 6),
        "database_type": kind,
        "languages": control("list", 0),
        "binary_format_major_version": number("uint16", 2),
        "binary_format_minor_version": number("uint16", 0),
        "build_epoch": number("uint64", 1_700_000_000),
        "description": {"en": "For tests"},
    }
    return tree + bytes(POINTS_BEHIND) + records + b"\xab\xcd\xefMaxMind.com" + mapping(about)
