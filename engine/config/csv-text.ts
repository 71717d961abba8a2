/** A record of a CSV text and the line it begins in, from 1. */
export interface CsvRecord {
  line: number
  cells: string[]
}

/** Reads RFC 4180: commas, `"` around cells, doubled inside. Empty lines are passed over; never throws. */
export function readCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = []
  let line = 1
  let record: CsvRecord = { line, cells: [] }
  let cell = ''
  let quoted = false
  const endCell = () => {
    record.cells.push(cell)
    cell = ''
  }
  const endRecord = () => {
    if (cell !== '' || record.cells.length > 0) {
      endCell()
      records.push(record)
    }
    record = { line: line + 1, cells: [] }
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (quoted && character === '"' && text[at + 1] === '"') cell += text[++at]!
    else if (character === '"' && (quoted || cell === '')) quoted = !quoted
    else if (quoted || !/[,\r\n]/.test(character)) cell += character
    else if (character === ',') endCell()
    else if (character === '\n') endRecord()
    if (character === '\n') line += 1
  }
  endRecord()
  return records
}
