/** Prometheus metrics, read from the engine when asked. */
import { Gauge, Registry } from 'prom-client'
import type { Engine } from '../runtime/engine.ts'

export function createMetrics(engine: Engine): { contentType: string; render(): Promise<string> } {
  const registry = new Registry()
  const jobs = new Gauge({
    name: 'jobsd_jobs',
    help: 'Jobs by sync state and health.',
    labelNames: ['sync', 'health'] as const,
    registers: [registry],
  })
  const runs = new Gauge({
    name: 'jobsd_runs',
    help: 'Runs that have not ended.',
    labelNames: ['state'] as const,
    registers: [registry],
  })
  return {
    contentType: registry.contentType,
    async render() {
      const { waiting, working } = engine.queueSize()
      runs.set({ state: 'waiting' }, waiting)
      runs.set({ state: 'working' }, working)
      jobs.reset()
      for (const { sync, health } of (await engine.status()).jobs) jobs.inc({ sync, health })
      return registry.metrics()
    },
  }
}
