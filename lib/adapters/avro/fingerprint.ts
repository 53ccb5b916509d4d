const EMPTY = 0xc15d213aa4d7a795n;

const TABLE = Array.from({ length: 256 }, (_, index) => {
  let value = BigInt(index);
  for (let bit = 0; bit < 8; bit++) value = (value >> 1n) ^ ((value & 1n) === 1n ? EMPTY : 0n);
  return value;
});

/** CRC-64-AVRO (Rabin) of a schema in Parsing Canonical Form, as in the Avro specification, "Schema Fingerprints". */
export function crc64Avro(canonicalSchema: string): bigint {
  let value = EMPTY;
  for (const byte of Buffer.from(canonicalSchema, 'utf8'))
    value = (value >> 8n) ^ TABLE[Number((value ^ BigInt(byte)) & 0xffn)]!;
  return value;
}
