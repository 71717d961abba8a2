/** The parts of a workbook other than its rows. */
import type { Column } from '../../core/manifest.ts'
import { columnLetters, escapeXml, numberFormat } from './xlsx-cells.ts'

const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const relationships = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const packages = 'http://schemas.openxmlformats.org/package/2006'
const sheetType = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

/** Places among the cell styles: these, then one for each column, then the same ones in bold. */
export const headerStyle = 1
export const columnStyle = (at: number) => 2 + at
export const totalStyle = (at: number, columns: number) => 2 + columns + at

/** Path and content of each; `sheets` are the sheets' names in order. */
export function workbookParts(sheets: readonly string[], columns: readonly Column[]): [string, string][] {
  return [
    ['[Content_Types].xml', contentTypes(sheets.length)],
    [
      '_rels/.rels',
      `${xml}<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${relationships}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ],
    ['xl/workbook.xml', workbook(sheets)],
    ['xl/_rels/workbook.xml.rels', workbookRelationships(sheets.length)],
    ['xl/styles.xml', styles(columns)],
  ]
}

function contentTypes(sheets: number): string {
  const override = (part: string, type: string) =>
    `<Override PartName="${part}" ContentType="${sheetType}.${type}+xml"/>`
  const each = range(sheets).map((at) => override(`/xl/worksheets/sheet${at + 1}.xml`, 'worksheet'))
  return `${xml}<Types xmlns="${packages}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${override('/xl/workbook.xml', 'sheet.main')}${override('/xl/styles.xml', 'styles')}${each.join('')}</Types>`
}

function workbook(sheets: readonly string[]): string {
  const each = sheets.map(
    (name, at) => `<sheet name="${escapeXml(name)}" sheetId="${at + 1}" r:id="rId${at + 1}"/>`,
  )
  return `${xml}<workbook xmlns="${main}" xmlns:r="${relationships}"><sheets>${each.join('')}</sheets></workbook>`
}

function workbookRelationships(sheets: number): string {
  const each = range(sheets).map(
    (at) =>
      `<Relationship Id="rId${at + 1}" Type="${relationships}/worksheet" Target="worksheets/sheet${at + 1}.xml"/>`,
  )
  return `${xml}<Relationships xmlns="${packages}/relationships">${each.join('')}<Relationship Id="rId${sheets + 1}" Type="${relationships}/styles" Target="styles.xml"/></Relationships>`
}

function styles(columns: readonly Column[]): string {
  // Numbers below 164 are a spreadsheet's own formats.
  const formats = columns.map(
    (column, at) => `<numFmt numFmtId="${164 + at}" formatCode="${escapeXml(numberFormat(column))}"/>`,
  )
  const style = (format: number, font: number, fill: number) =>
    `<xf numFmtId="${format}" fontId="${font}" fillId="${fill}" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"/>`
  const cells = [
    style(0, 0, 0),
    style(0, 1, 2),
    ...columns.map((_, at) => style(164 + at, 0, 0)),
    ...columns.map((_, at) => style(164 + at, 1, 0)),
  ]
  const font = (bold: string) => `<font>${bold}<sz val="11"/><name val="Calibri"/><family val="2"/></font>`
  return `${xml}<styleSheet xmlns="${main}"><numFmts count="${formats.length}">${formats.join('')}</numFmts><fonts count="2">${font('')}${font('<b/>')}</fonts><fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFE7ECF3"/><bgColor indexed="64"/></patternFill></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="${cells.length}">${cells.join('')}</cellXfs></styleSheet>`
}

/** What a sheet of rows begins with: widths, the first row frozen, its titles. */
export function sheetStart(columns: readonly Column[]): string {
  const widths = columns.map(
    (column, at) =>
      `<col min="${at + 1}" max="${at + 1}" width="${Math.max(typeWidths[column.type], column.title.length + 4)}" customWidth="1"/>`,
  )
  const titles = columns.map(({ title }, at) => textCell(at, 1, headerStyle, title))
  return `${xml}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${widths.join('')}</cols><sheetData><row r="1">${titles.join('')}</row>`
}

/** Ends a sheet of rows; the last row that can be filtered is the last one that is no Total. */
export function sheetEnd(columns: number, lastRow: number): string {
  return `</sheetData><autoFilter ref="A1:${columnLetters(columns - 1)}${Math.max(1, lastRow)}"/></worksheet>`
}

/** A whole sheet of labels and texts. */
export function labelSheet(lines: readonly (readonly [string, string])[]): string {
  const rows = lines.map(
    ([label, text], at) =>
      `<row r="${at + 1}">${textCell(0, at + 1, headerStyle, label)}${textCell(1, at + 1, 0, text)}</row>`,
  )
  return `${xml}<worksheet xmlns="${main}"><cols><col min="1" max="1" width="24" customWidth="1"/><col min="2" max="2" width="60" customWidth="1"/></cols><sheetData>${rows.join('')}</sheetData></worksheet>`
}

export function textCell(at: number, row: number, style: number, text: string): string {
  return `<c r="${columnLetters(at)}${row}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escapeXml(text)}</t></is></c>`
}

const typeWidths: Record<Column['type'], number> = {
  text: 18,
  phone: 16,
  integer: 10,
  number: 12,
  percent: 10,
  money: 12,
  timestamp: 20,
  date: 12,
  boolean: 8,
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at)
}
