import type { Period, RunFile } from '../core/model.ts'

/** The period that every one of these files covers; null where they cover several, or one has none. */
export function commonPeriod(files: readonly RunFile[]): Period | null {
  const [first] = files
  const isOne = files.every(({ period }) => JSON.stringify(period) === JSON.stringify(first?.period))
  return (isOne && first?.period) || null
}
