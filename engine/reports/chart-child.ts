/** The process that draws one chart. Started by `drawChart` with nothing but the chart. */
import { fileURLToPath } from 'node:url'
import { createCanvas, GlobalFonts, type SKRSContext2D } from '@napi-rs/canvas'
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  type ChartDataset,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
} from 'chart.js'
import type { Chart as ChartFigures, ChartSeries } from '../core/report-overview.ts'
import { chartHeight, chartScale, chartWidth } from './chart-size.ts'
import { cutLabel } from './chart-text.ts'
import { answerParent, readRequest } from './serve-parent.ts'

// The one font: what a machine has installed makes no difference to a picture.
const family = 'DejaVu Sans'
const font = fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'))
// Told apart by brightness too, and each dark enough on white.
const colors = ['#1f6feb', '#c2410c', '#4d7c0f']
const dashes = [[], [8, 4], [2, 3]]
const ink = '#3d444d'

function drawPicture(figures: ChartFigures): Buffer {
  GlobalFonts.registerFromPath(font, family)
  Chart.register(BarController, BarElement, CategoryScale, Legend, LinearScale)
  Chart.register(LineController, LineElement, PointElement)
  // Chart.js makes it as many times larger as `devicePixelRatio` says.
  const canvas = createCanvas(chartWidth, chartHeight)
  const chart = new Chart(canvas as never, configure(figures))
  chart.draw()
  const picture = canvas.toBuffer('image/png')
  chart.destroy()
  return picture
}

function configure({ kind, labels, series, locale }: ChartFigures): ChartConfiguration {
  const isPercent = series.every((each) => each.isPercent)
  const numbers = new Intl.NumberFormat(locale, {
    maximumFractionDigits: 2,
    notation: 'compact',
    ...(isPercent && { style: 'unit', unit: 'percent' }),
  })
  // On a phone a picture is shown a third smaller.
  const text = { family, size: 13 }
  return {
    type: kind,
    data: { labels: labels.map(cutLabel), datasets: series.map((each, at) => dataset(each, at, kind)) },
    options: {
      responsive: false,
      animation: false,
      devicePixelRatio: chartScale,
      events: [],
      layout: { padding: 12 },
      color: ink,
      font: text,
      plugins: {
        legend: {
          display: series.length > 1,
          labels: {
            color: ink,
            font: text,
            boxWidth: 24,
            usePointStyle: kind === 'line',
            pointStyle: 'line',
          },
        },
      },
      scales: {
        x: {
          offset: true,
          grid: { display: false },
          ticks: { color: ink, font: text, maxRotation: 45, autoSkipPadding: 6 },
        },
        y: {
          beginAtZero: true,
          border: { display: false },
          grid: { color: '#d1d9e0' },
          ticks: {
            color: ink,
            font: text,
            maxTicksLimit: 6,
            callback: (value) => numbers.format(Number(value)),
          },
        },
      },
    },
    plugins: [{ id: 'paper', beforeDraw: ({ ctx }) => paintPaper(ctx as unknown as SKRSContext2D) }],
  }
}

/** A background of its own: a mail that is read dark keeps the chart's ink readable. */
function paintPaper(ctx: SKRSContext2D): void {
  ctx.save()
  ctx.fillStyle = '#ffffff'
  ctx.fillRect(0, 0, chartWidth, chartHeight)
  ctx.restore()
}

function dataset({ title, values }: ChartSeries, at: number, kind: ChartFigures['kind']): ChartDataset {
  const color = colors[at % colors.length]!
  const label = cutLabel(title)
  if (kind === 'bar') return { label, data: values, backgroundColor: color, maxBarThickness: 48 }
  const borderDash = dashes[at % dashes.length]!
  const line = { borderColor: color, backgroundColor: color, borderWidth: 2, borderDash }
  return { ...line, label, data: values, type: 'line', pointRadius: values.length > 31 ? 0 : 3 }
}

answerParent({ png: drawPicture((await readRequest()) as ChartFigures).toString('base64') })
