import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ApiError } from '../errors.ts';

const inflate = promisify(gunzip);

/** The body's bytes, decompressed; never more than `limit` of them in memory. */
export async function decodeBody(body: Buffer, encoding: string | undefined, limit: number): Promise<Buffer> {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return body;
  if (encoding !== 'gzip' && encoding !== 'x-gzip')
    throw new ApiError('unsupported_encoding', `Content-Encoding ${encoding} is not read; send gzip or none.`);
  try {
    return await inflate(body, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new ApiError('too_large', `The body is larger than ${limit} bytes after decompression; split it.`);
    throw new ApiError('malformed_body', 'The body is not the gzip that Content-Encoding says.');
  }
}
