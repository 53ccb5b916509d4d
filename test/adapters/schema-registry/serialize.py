"""Serializes events with confluent-kafka's AvroSerializer: argv: registry URL, path of an .avsc, subject's topic. Reads
events as JSON from stdin, one a line; writes the bytes as hex, one a line."""
import json
import sys

from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

url, schema, topic = sys.argv[1:]
with open(schema, encoding="utf-8") as file:
    text = file.read()
serialize = AvroSerializer(SchemaRegistryClient({"url": url}), text)


def plain(event):
    """What JSON cannot say: bytes."""
    for holder in [event, *event.get("columns", [])]:
        for key, value in holder.items():
            if isinstance(value, dict) and set(value) == {"hex"}:
                holder[key] = bytes.fromhex(value["hex"])
    return event


for line in sys.stdin:
    print(serialize(plain(json.loads(line)), SerializationContext(topic, MessageField.VALUE)).hex())
