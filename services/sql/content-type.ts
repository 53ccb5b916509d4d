/** The media type that ClickHouse gives a format. */
export function contentType(format: string): string {
  if (/^JSON(|Strings|Compact|CompactStrings|Columns|ColumnsWithMetadata|CompactColumns|ObjectEachRow)$/.test(format)) {
    return 'application/json; charset=UTF-8';
  }
  if (/^JSON/.test(format)) return 'application/x-ndjson; charset=UTF-8';
  if (/^CSV/.test(format)) return 'text/csv; charset=UTF-8; header=present';
  if (/^(TSV|TabSeparated)/.test(format)) return 'text/tab-separated-values; charset=UTF-8';
  if (/^XML$/.test(format)) return 'application/xml; charset=UTF-8';
  if (/^Pretty|^Vertical|^Markdown|^Values|^TSKV|^LineAsString|^SQLInsert/.test(format))
    return 'text/plain; charset=UTF-8';
  return 'application/octet-stream';
}
