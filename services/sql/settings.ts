import { exception } from './exception.ts';

export type Setting = readonly [name: string, value: string];

/**
 * What clients send by themselves and what has no meaning here: compression and buffering of HTTP (answers are whole and
 * plain), progress headers, sessions, roles, quotas, asynchronous inserts (every insert is durable when answered).
 */
const IGNORED = new Set([
  'wait_end_of_query',
  'buffer_size',
  'enable_http_compression',
  'compress_body',
  'http_zlib_compression_level',
  'http_native_compression_disable_checksumming_on_decompress',
  'http_headers_progress_interval_ms',
  'http_response_buffer_size',
  'http_response_headers',
  'http_receive_timeout',
  'http_send_timeout',
  'http_write_exception_in_output_format',
  'send_progress_in_http_headers',
  'add_http_cors_header',
  'cancel_http_readonly_queries_on_client_close',
  'session_id',
  'session_timeout',
  'session_check',
  'role',
  'quota_key',
  'client_protocol_version',
  'async_insert',
  'wait_for_async_insert',
  'readonly',
  'send_logs_level',
  'log_queries',
  'log_comment',
  'priority',
]);

/** On the read-only port these are ignored too: its own limits hold, and its reads are its own affair. */
const IGNORED_READING = new Set([
  'max_execution_time',
  'max_result_rows',
  'max_result_bytes',
  'result_overflow_mode',
  'timeout_overflow_mode',
  'max_memory_usage',
  'max_rows_to_read',
  'max_bytes_to_read',
  'max_threads',
  'max_query_size',
  'max_insert_block_size',
  'use_query_cache',
  'use_uncompressed_cache',
  'insert_deduplicate',
  'insert_quorum',
  'select_sequential_consistency',
  'mutations_sync',
  'alter_sync',
  'connect_timeout',
  'receive_timeout',
  'send_timeout',
]);

/** How results look, and semantics that reach nothing outside the query. */
const APPLIED_READING =
  /^(output_format_(json|csv|tsv|pretty|xml|sql_insert|markdown|values|custom|bson|binary|native|arrow|parquet|orc|avro|msgpack|protobuf|decimal|write_statistics|float|interval)\w*|date_time_output_format|date_time_input_format|session_timezone|join_use_nulls|cast_keep_nullable|extremes|max_block_size|group_by_use_nulls|aggregate_functions_null_for_empty|format_(csv|tsv|binary)_(delimiter|null_representation|max_\w+_size)|bool_(true|false)_representation|limit|offset|final|enable_named_columns_in_tuple|allow_experimental_(variant|dynamic|json|object)_type)$/;

/** Of a request's settings, those to set on its connection. Throws for what may neither be set nor ignored. */
export function chooseSettings(settings: ReadonlyMap<string, string>, writable: boolean): Setting[] {
  refuseCompressedAnswers(settings);
  return [...settings].filter(([name, value]) => {
    if (!/^\w+$/.test(name)) throw exception('BAD_ARGUMENTS', `${JSON.stringify(name)} is no setting name`);
    if (IGNORED.has(name) || name === 'compress' || name === 'decompress') return false;
    if (writable || APPLIED_READING.test(name)) return value !== '' || writable;
    if (IGNORED_READING.has(name)) return false;
    throw exception('READONLY', `Cannot modify '${name}' setting in readonly mode.`);
  });
}

/** Whether the body is in ClickHouse's compressed blocks. */
export function isInBlocks(settings: ReadonlyMap<string, string>): boolean {
  return isSet(settings.get('decompress'));
}

function refuseCompressedAnswers(settings: ReadonlyMap<string, string>): void {
  const value = settings.get('compress');
  if (!isSet(value)) return;
  throw exception(
    'NOT_IMPLEMENTED',
    `compress=${value}: answers in ClickHouse's own block compression are not supported; leave it out`,
  );
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value);
}
