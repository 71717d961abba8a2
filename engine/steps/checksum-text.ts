/** Checksum manifests as text. Pure. */

export interface ListedFile {
  fileName: string
  /** Bytes. */
  size: number
  /** Lower-case hex. */
  digest: string
}

export type ManifestFormat = 'coreutils' | 'csv' | 'json'

/**
 * `coreutils` is what `sha256sum -c` and its kin read, `csv` has a head line, `json` is one document. Every text ends
 * in a line end; a name of whatever characters stays on its line.
 */
export function writeManifest(
  format: ManifestFormat,
  algorithm: string,
  files: readonly ListedFile[],
): string {
  switch (format) {
    case 'coreutils':
      return files.map(coreutilsLine).join('')
    case 'csv':
      return [['fileName', 'size', algorithm], ...files.map(csvCells)].map(csvLine).join('')
    case 'json':
      return `${JSON.stringify({ algorithm, files }, null, 2)}\n`
  }
}

/** A line that begins with a backslash has a name with escapes, as the tools themselves write it. */
function coreutilsLine({ digest, fileName }: ListedFile): string {
  const name = fileName.replace(/[\\\n\r]/g, (character) => escapes[character]!)
  // The star says that every byte counts, on systems where that is not a matter of course.
  return `${name === fileName ? '' : '\\'}${digest} *${name}\n`
}

const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r' }

function csvCells({ digest, fileName, size }: ListedFile): string[] {
  // What a spreadsheet would take for a formula is text, as in reports.
  return [/^[=+\-@\t\r]/.test(fileName) ? `'${fileName}` : fileName, String(size), digest]
}

function csvLine(cells: string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`
}
