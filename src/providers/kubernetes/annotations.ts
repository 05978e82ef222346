/** The names that Titrate uses on objects. */
export const annotation = {
  /** Whose act it was, for which intent, and what was there before: JSON. */
  stamp: 'titrate.dev/stamp',
  /** When a schedule was paused: RFC 3339. */
  pausedAt: 'titrate.dev/paused-at',
  /** On a route, by service: whose weights these are, and the backends as they were before: JSON. */
  traffic: 'titrate.dev/traffic',
  /** When the scheduler was last told to look at a schedule anew: RFC 3339. */
  nudgedAt: 'titrate.dev/nudged-at',
  /** On the Jobs of the probe: for which pass of the barrier they were made. */
  pass: 'titrate.dev/pass',
  /** On what we made on green: the environment that it was copied from. */
  copiedFrom: 'titrate.dev/copied-from',
} as const

export const label = {
  /** On a Job that only takes a tick's name: the CronJob whose tick it is. */
  tombstone: 'titrate.dev/tombstone',
  /** On the Job of a trial: the CronJob. */
  trial: 'titrate.dev/trial',
  /** On the CronJob by which the scheduler is seen to have looked, and on its Jobs. */
  probe: 'titrate.dev/probe',
  /** On a route of ours by which testers reach green: the service. */
  testRoute: 'titrate.dev/test-route',
  /** On the Job that tries from a cluster what a service needs, and on its pod: the service. */
  probeOf: 'titrate.dev/probe-of',
  /** On a Service of blue's cluster that leads to green's pods, and on its EndpointSlices: the service. */
  follows: 'titrate.dev/follows',
} as const

/** Owner of the fields that we write. */
export const fieldManager = 'titrate'
