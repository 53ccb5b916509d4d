/** What we use of the package tdigest, which brings no types. */
declare module 'tdigest' {
  export class TDigest {
    /** `delta`: the largest share of the values that one centroid holds; false keeps every distinct value (exact). */
    constructor(delta?: number | false);
    push(x: number | number[]): void;
    /** Merges the centroids in an order drawn with Math.random. */
    compress(): void;
    /** Share of the values below x, with half of those equal to it. undefined when empty. */
    p_rank(x: number): number | undefined;
    percentile(p: number): number | undefined;
    /** Number of centroids. */
    size(): number;
  }
}
