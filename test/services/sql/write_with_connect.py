"""Writes rows of many types through clickhouse-connect, with every compression it has. Prints one JSON object: a test compares."""
import datetime
import decimal
import ipaddress
import json
import random
import sys
import uuid
import zlib

import clickhouse_connect
import lz4.frame
import zstandard
from clickhouse_connect.driver.exceptions import DatabaseError

port, columns = int(sys.argv[1]), sys.argv[2].split(",")
# Python rounds sums to 28 digits unless told otherwise.
decimal.getcontext().prec = 60
UTC = datetime.timezone.utc


def connect(compress):
    return clickhouse_connect.get_client(host="127.0.0.1", port=port, database="driftline", compress=compress)


def row(i):
    """The values that the test writes as SQL: see WIDE there."""
    return [
        i,
        None if i % 2 else i / 3,
        None if i % 3 == 0 else f"low-{i % 3}",
        [i, None, -i],
        {"a": i, "ü\n'": 2**63},
        datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC) + datetime.timedelta(milliseconds=i),
        decimal.Decimal("-12345678901234567890.0123456789") + i,
        uuid.UUID(int=2**127 + i),
        ["red", "green"][i % 2],
        ipaddress.IPv4Address(f"10.0.0.{i}"),
        ipaddress.IPv6Address(f"2001:db8::{i + 1:x}"),
        (i, f"t\0{i}"),
        b"\xff\x00" + bytes([i]),
        i % 2 == 0,
        datetime.date(1999, 12, 31),
        -(2**100) - i,
        [[f"x{i}", ""], []],
        float("nan") if i == 1 else float("-inf"),
        "é😀\ud7ff" * i,
    ]


out = {"stored": [], "refused": {}}
for compress in [False, True, "lz4", "zstd", "gzip"]:
    client = connect(compress)
    client.command("TRUNCATE TABLE written")
    client.insert("written", [row(i) for i in range(4)], column_names=columns)
    out["stored"].append([str(compress), client.raw_query("SELECT * REPLACE (hex(fixed) AS fixed) FROM written ORDER BY id FORMAT TSV").decode()])

# Many blocks, each compressed by itself.
random.seed(1)
numbers = [[i, random.random()] for i in range(400_000)]
sums = {}
for compress in [False, "lz4", "zstd", "gzip"]:
    client = connect(compress)
    client.command("TRUNCATE TABLE numbers")
    client.insert("numbers", numbers, column_names=["i", "f"])
    sums[str(compress)] = client.query("SELECT count(), sum(i), uniqExact(i), countIf(f = 0) FROM numbers").result_rows[0]
out["numbers"] = sums
out["expected_numbers"] = [len(numbers), sum(i for i, _ in numbers), len(numbers), 0]

client = connect(False)
client.command("TRUNCATE TABLE numbers")
native = b"\x02\x03" + b"\x01i\x06UInt64" + b"".join(n.to_bytes(8, "little") for n in range(3)) + b"\x01f\x07Float64" + bytes(24)
packed = {
    "": native,
    "lz4": lz4.frame.compress(native),
    "zstd": zstandard.compress(native),
    "gzip": zlib.compress(native, wbits=31),
    "deflate": zlib.compress(native),
}
counts = []
for encoding, body in packed.items():
    client.raw_insert("numbers", column_names=["i", "f"], insert_block=body, fmt="Native", compression=encoding or None)
    counts.append(client.command("SELECT count() FROM numbers"))
    for name, broken in {"cut off": body[:-1], "cut in half": body[: len(body) // 2], "garbage": b"\x07garbage" + body}.items():
        try:
            client.raw_insert("numbers", column_names=["i", "f"], insert_block=broken, fmt="Native", compression=encoding or None)
            out["refused"][f"{encoding} {name}"] = None
        except DatabaseError as error:
            out["refused"][f"{encoding} {name}"] = str(error)
out["raw"] = counts
out["after"] = client.command("SELECT count() FROM numbers")
try:
    client.insert("written", [["no number"] + row(1)[1:]], column_names=columns)
except Exception as error:
    out["wrong"] = type(error).__name__
out["left"] = client.command("SELECT count() FROM written WHERE id = 99")
print(json.dumps(out))
