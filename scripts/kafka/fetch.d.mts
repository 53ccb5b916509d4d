export function fetchKafka(): Promise<{ classPath: string; dir: string }>;
