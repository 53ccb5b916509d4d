"""Reads and, where asked, writes through clickhouse-connect. Prints one JSON object: what a test compares."""
import json
import sys

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError

port, mode = int(sys.argv[1]), sys.argv[2]
client = clickhouse_connect.get_client(host="127.0.0.1", port=port, database="driftline")


def refused(statement):
    try:
        client.command(statement)
    except DatabaseError as error:
        return str(error)
    return None


out = {}
if mode == "write":
    client.command("CREATE TABLE typed (id UInt64, name String, score Nullable(Float64), tags Array(String)) ENGINE = MergeTree ORDER BY id")
    client.insert("typed", [[1, "a'\n\u20ac", 0.1, ["x", "y"]], [2, "", None, []]], column_names=["id", "name", "score", "tags"])
out["rows"] = client.query("SELECT id, name, score, tags FROM typed WHERE id <= {most:UInt64} ORDER BY id", parameters={"most": 2}).result_rows
out["unknown_column"] = refused("SELECT nope FROM typed")
out["drop"] = refused("DROP TABLE typed") if mode == "read" else None
print(json.dumps(out))
