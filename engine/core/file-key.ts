/** The identity of a dropped file: the same path with other bytes or a later time is another file. */
export function fileKey(connection: string, entry: { path: string; size: number; mtimeMs: number }): string {
  return `${connection}:${entry.path}:${entry.size}:${entry.mtimeMs}`
}
