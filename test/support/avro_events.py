"""Reads prediction events (JSON, one a line) and writes each as a file in Avro single-object encoding, by fastavro."""
import io
import json
import pathlib
import sys

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

schema_file, out_dir = sys.argv[1:]
raw = json.loads(pathlib.Path(schema_file).read_text())
schema = fastavro.parse_schema(raw)
digest = fingerprint(to_parsing_canonical_form(raw), "CRC-64-AVRO")
head = b"\xc3\x01" + bytes.fromhex(digest)
for index, line in enumerate(sys.stdin):
    body = io.BytesIO()
    fastavro.schemaless_writer(body, schema, json.loads(line))
    pathlib.Path(out_dir, f"{index:06}.avro").write_bytes(head + body.getvalue())
