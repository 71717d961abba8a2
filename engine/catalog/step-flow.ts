/** The picture of a job's steps: boxes in a row, success above and straight on, failure dashed below. */
import type { StepView } from './step-view.ts'

/** Everything in pixels of the picture, ready for SVG. */
export interface StepFlow {
  width: number
  height: number
  boxes: FlowBox[]
  ends: FlowEnd[]
  arrows: FlowArrow[]
  /** Some arrow is dashed. */
  hasFailure: boolean
}

/** A step of the execution whose path is shown. */
export interface WalkedStep {
  name: string
  /** The title of what came next; empty where it has not ended. */
  next: string
  outcome: { tone: string }
}

export interface FlowBox {
  x: number
  y: number
  width: number
  height: number
  textX: number
  nameY: number
  typeY: number
  name: string
  type: string
  /** How it went in the execution that is shown; empty for a step that it did not come to. */
  tone: string
}

export interface FlowEnd {
  x: number
  y: number
  width: number
  height: number
  textX: number
  textY: number
  label: string
  kind: 'good' | 'bad'
}

export interface FlowArrow {
  /** An SVG path. */
  path: string
  kind: 'success' | 'failure'
  /** The execution that is shown went this way. */
  isWalked: boolean
}

interface Edge {
  from: number
  to: number
  kind: FlowArrow['kind']
}

const boxWidth = 154
const boxHeight = 58
const endWidth = 64
const endHeight = 34
const gap = 36
const margin = 6
const arcBase = 16
const arcPerStep = 13
const maxText = 19

/** Lays out the steps, and the path that an execution took through them. Left out is what is the same for every step: that its failure ends the run as failed. */
export function layOutSteps(steps: readonly StepView[], walked: readonly WalkedStep[] = []): StepFlow {
  const results = new Map(walked.map((step) => [step.name, step]))
  const edges = listEdges(steps)
  const above = archHeight(edges.filter(({ kind }) => kind === 'success'))
  const below = archHeight(edges.filter(({ kind }) => kind === 'failure'))
  const top = margin + above
  const middle = top + boxHeight / 2
  const ends = [steps.length, steps.length + 1].filter((index) => edges.some(({ to }) => to === index))
  const places = { count: steps.length, top, middle }
  return {
    width: leftOf(steps.length, steps.length) + ends.length * (endWidth + gap) - gap + margin,
    height: top + boxHeight + below + margin,
    boxes: steps.map((step, index) => ({
      ...layOutBox(step, index, top),
      tone: results.get(step.name)?.outcome.tone ?? '',
    })),
    ends: ends.map((index, order) => layOutEnd(index === steps.length, steps.length + order, places)),
    arrows: edges.map((edge) => {
      const order = ends.indexOf(edge.to)
      const arrow = layOutArrow({ ...edge, to: order < 0 ? edge.to : steps.length + order }, places)
      return { ...arrow, isWalked: isWalked(edge, steps, results) }
    }),
    hasFailure: edges.some(({ kind }) => kind === 'failure'),
  }
}

/** Where both ways lead to the same step, the outcome tells which one was taken. */
function isWalked(
  { from, to, kind }: Edge,
  steps: readonly StepView[],
  results: ReadonlyMap<string, WalkedStep>,
): boolean {
  const step = steps[from]
  const result = step && results.get(step.name)
  const target = steps[to]?.name ?? (to === steps.length ? 'End' : 'Fail')
  if (!step || result?.next !== target) return false
  return step.nextSuccess !== step.nextFailure || (kind === 'success') === (result.outcome.tone === 'good')
}

interface Places {
  /** How many boxes; what stands further right are ends. */
  count: number
  top: number
  middle: number
}

function listEdges(steps: readonly StepView[]): Edge[] {
  const indexes = new Map(steps.map(({ name }, index) => [name, index]))
  indexes.set('End', steps.length).set('Fail', steps.length + 1)
  return steps.flatMap((step, from) => {
    const edges: Edge[] = []
    const success = indexes.get(step.nextSuccess)
    if (success !== undefined) edges.push({ from, to: success, kind: 'success' })
    const failure = indexes.get(step.nextFailure)
    const isBranch = step.type === 'Condition' || step.nextFailure !== 'Fail'
    if (failure !== undefined && isBranch) edges.push({ from, to: failure, kind: 'failure' })
    return edges
  })
}

function isStraight({ from, to, kind }: Edge): boolean {
  return kind === 'success' && to === from + 1
}

function archHeight(edges: Edge[]): number {
  const spans = edges.filter((edge) => !isStraight(edge)).map(({ from, to }) => to - from)
  return spans.length === 0 ? 0 : arcBase + arcPerStep * Math.max(...spans)
}

function layOutBox({ name, type }: StepView, index: number, top: number): Omit<FlowBox, 'tone'> {
  const x = leftOf(index, index)
  return {
    x,
    y: top,
    width: boxWidth,
    height: boxHeight,
    textX: x + boxWidth / 2,
    nameY: top + 25,
    typeY: top + 44,
    name: clip(name),
    type: clip(shorten(type)),
  }
}

function layOutEnd(isGood: boolean, index: number, { count, middle }: Places): FlowEnd {
  const x = leftOf(index, count)
  return {
    x,
    y: middle - endHeight / 2,
    width: endWidth,
    height: endHeight,
    textX: x + endWidth / 2,
    textY: middle + 5,
    label: isGood ? 'End' : 'Fail',
    kind: isGood ? 'good' : 'bad',
  }
}

function layOutArrow(edge: Edge, { count, top, middle }: Places): Omit<FlowArrow, 'isWalked'> {
  const { from, to, kind } = edge
  const fromLeft = leftOf(from, count)
  const toLeft = leftOf(to, count)
  if (isStraight(edge)) {
    return { path: `M ${fromLeft + boxWidth} ${middle} L ${toLeft - 2} ${middle}`, kind }
  }
  const isEnd = to >= count
  const side = kind === 'success' ? -1 : 1
  const startX = fromLeft + boxWidth * 0.66
  const endX = toLeft + (isEnd ? endWidth / 2 : boxWidth * 0.34)
  const startY = kind === 'success' ? top : top + boxHeight
  const endY = isEnd ? middle + (side * endHeight) / 2 : startY
  // A curve reaches three quarters of the way to its control points.
  const bend = startY + (side * (arcBase + arcPerStep * (to - from)) * 4) / 3 - side * 4
  return {
    path: `M ${startX} ${startY} C ${startX} ${bend} ${endX} ${bend} ${endX} ${endY + side * 2}`,
    kind,
  }
}

/** The left edge of a box, or of an end where the index is beyond the boxes. */
function leftOf(index: number, count: number): number {
  const boxes = Math.min(index, count)
  return margin + boxes * (boxWidth + gap) + (index - boxes) * (endWidth + gap)
}

function shorten(type: string): string {
  return type === 'Copy to Cloud Object Storage' ? 'Copy to Cloud' : type
}

function clip(text: string): string {
  const letters = Array.from(text)
  return letters.length <= maxText ? text : `${letters.slice(0, maxText - 1).join('')}…`
}
