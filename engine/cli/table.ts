/** Rows as aligned columns, two spaces apart; the last column is not padded. */
export function formatTable(headings: string[], rows: string[][]): string {
  const all = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...all.map((row) => displayWidth(row[column] ?? ''))))
  return all
    .map((row) =>
      row
        .map(
          (cell, column) =>
            cell + ' '.repeat(column === row.length - 1 ? 0 : (widths[column] ?? 0) - displayWidth(cell)),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function displayWidth(text: string): number {
  return [...text].length
}
