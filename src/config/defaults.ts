/**
 * What holds where the release file says nothing: written as a person would write it, so that the parser, the JSON
 * Schema and the reference page all show the same words. Sources: the design's policy and the judge's own defaults.
 */
export const policyDefaults = {
  weights: [1, 5, 25, 50, 100],
  shares: [25, 50, 100],
  dwell: { min: '60s', max: '30m' },
  soak: '10m',
  bake: '1h',
  missed: 'latest',
  blind: { limit: '5m', then: 'call' },
  holdLimit: { after: '10m', then: 'call' },
  stepLimit: '1h',
  goodRuns: 'auto',
  trialRun: false,
  judge: {
    interval: '5s',
    alpha: 0.01,
    errors: { ratio: 1.2, delta: 0.0003 },
    latency: { margin: 1.05, rollbackMargin: 1.25 },
    throughput: { ratio: 0.9 },
    toleratedExtra: 'auto',
    warmUp: '4m',
    dispersion: 'auto',
  },
} as const

/** The same for the release as a whole. */
export const releasePolicyDefaults = {
  parallel: { for: '24h' },
  maxPerWave: 5,
  afterRollback: 'hold',
  approvals: { beforeUserTraffic: false, beforeRelease: false },
  windows: [],
} as const

export const gatewayDefaults = { backend: 'service', header: 'titrate-side' } as const

export const probeDefaults = { timeout: '5m' } as const

export const heartbeatDefaults = { every: '30s' } as const

export const testDefaults = { timeout: '30s', rate: 50, for: '30s', maxAge: '1h' } as const

/** Names of series and labels as the embedded router and the supervisors serve them. */
export const metricNameDefaults = {
  service: 'service',
  side: 'environment',
  code: 'code',
  failed: '5\\d\\d|hang',
  requests: 'titrate_requests_total',
  assigned: 'titrate_assigned_total',
  latency: 'titrate_request_duration_seconds',
  workTaken: 'work_taken_total',
  workDone: 'work_done_total',
  workFailed: 'work_failed_total',
  gauges: ['queue_depth'],
} as const
