import { z } from 'zod'
import { policyDefaults, releasePolicyDefaults } from './defaults.ts'
import { documented, required } from './documented.ts'
import { durationSchema } from './duration.ts'

const percentSteps = z.array(z.int().min(1).max(100)).min(1).max(100)
const probability = z.number().gt(0).lt(1)

const judgeFields = {
  interval: documented(durationSchema, 'How long one sample lasts.', policyDefaults.judge.interval),
  alpha: documented(
    probability,
    'Chance of rolling a healthy service back, per judged service.',
    policyDefaults.judge.alpha,
  ),
  errors: documented(
    z.strictObject({
      ratio: documented(
        z.number().min(1),
        'Green may fail this many times as often as blue, …',
        policyDefaults.judge.errors.ratio,
      ),
      delta: documented(
        z.number().min(0).lt(1),
        '… plus this part of its requests.',
        policyDefaults.judge.errors.delta,
      ),
      objective: documented(probability, 'The error ratio that green may never exceed, whatever blue does.'),
    }),
    'How errors are judged.',
  ),
  latency: documented(
    z.strictObject({
      margin: documented(
        z.number().gt(1),
        'Slower than this many times blue: hold.',
        policyDefaults.judge.latency.margin,
      ),
      rollbackMargin: documented(
        z.number().gt(1),
        'Slower than this many times blue: roll back.',
        policyDefaults.judge.latency.rollbackMargin,
      ),
      objective: documented(
        z.strictObject({
          quantile: required(probability, 'Which part of the requests, for instance 0.99.'),
          within: required(durationSchema, 'How long they may take.'),
        }),
        'So much of the requests must be answered within this time.',
      ),
    }),
    'How latency is judged.',
  ),
  throughput: documented(
    z.strictObject({
      ratio: documented(
        probability,
        'The part of blue’s throughput that green must keep.',
        policyDefaults.judge.throughput.ratio,
      ),
    }),
    'How throughput is judged.',
  ),
  toleratedExtra: documented(
    z.union([z.literal('auto'), probability]),
    'B of the proof: extra failures that are tolerated, as a part of all traffic (0.0005 is 0.05 %); `auto`: 0.05 %, or 0.2 % for a service that gets less than 50 requests a second on blue.',
    policyDefaults.judge.toleratedExtra,
  ),
  warmUp: documented(
    durationSchema,
    'The latency of replicas younger than this does not count.',
    policyDefaults.judge.warmUp,
  ),
  dispersion: documented(
    z.union([z.literal('auto'), z.number().min(1).max(16)]),
    'How much more blue’s counts vary than chance; `auto`: measured from blue’s own history.',
    policyDefaults.judge.dispersion,
  ),
}

const serviceJudgeSchema = z.strictObject(judgeFields)

const releaseJudgeSchema = z.strictObject({
  ...judgeFields,
  alpha: documented(
    z.union([
      probability,
      z.strictObject({
        perRelease: required(probability, 'The chance for the whole release, divided by its judged services.'),
      }),
    ]),
    'Chance of rolling a healthy service back, per judged service (or `perRelease`).',
    policyDefaults.judge.alpha,
  ),
})

const policyFields = {
  weights: documented(
    percentSteps,
    'The steps of user traffic on green, in percent: rising, the last is 100.',
    policyDefaults.weights,
  ),
  shares: documented(
    percentSteps,
    'The steps of a worker’s replicas on green, in percent: rising, the last is 100.',
    policyDefaults.shares,
  ),
  dwell: documented(
    z.strictObject({
      min: documented(durationSchema, 'At least this long, observed.', policyDefaults.dwell.min),
      max: documented(
        durationSchema,
        'After this it goes on without proof, if nothing speaks against it, and is labelled unproven.',
        policyDefaults.dwell.max,
      ),
    }),
    'How long a weight is watched.',
  ),
  soak: documented(durationSchema, 'How long workers and internal services are watched on green.', policyDefaults.soak),
  bake: documented(durationSchema, 'How long everything is watched at 100 %.', policyDefaults.bake),
  missed: documented(
    z.enum(['latest', 'all', 'skip']),
    'Which ticks that were missed in a handoff are run afterwards.',
    policyDefaults.missed,
  ),
  blind: documented(
    z.strictObject({
      limit: documented(durationSchema, 'How long missing metrics are borne.', policyDefaults.blind.limit),
      then: documented(z.literal('call'), 'Then a person is called.', policyDefaults.blind.then),
    }),
    'What is done when nothing can be measured.',
  ),
  holdLimit: documented(
    z.strictObject({
      after: documented(durationSchema, 'How long evidence may hold a move.', policyDefaults.holdLimit.after),
      then: documented(
        z.enum(['call', 'roll back']),
        'What is done then: call a person, or roll back.',
        policyDefaults.holdLimit.then,
      ),
    }),
    'What is done when evidence holds a move for long.',
  ),
  stepLimit: documented(
    durationSchema,
    'How long one step may take, beside what its own gates wait for, before a person is called.',
    policyDefaults.stepLimit,
  ),
  goodRuns: documented(
    z.union([z.literal('auto'), z.int().min(1).max(1000)]),
    'How many good runs on green settle a job; `auto`: 3, or what runs in 24 hours if that is less.',
    policyDefaults.goodRuns,
  ),
  trialRun: documented(
    z.boolean(),
    'Whether a job may be run once on green, outside its schedule, before it is handed over.',
    policyDefaults.trialRun,
  ),
}

/** What may be said for one service: everything that concerns its own move. */
export const servicePolicySchema = z.strictObject({
  ...policyFields,
  judge: documented(serviceJudgeSchema, 'How the judge looks at this service.'),
})

/** What may be said for the whole release. */
export const releasePolicySchema = z.strictObject({
  ...policyFields,
  judge: documented(releaseJudgeSchema, 'How the judge looks at services.'),
  parallel: documented(
    z.strictObject({
      for: documented(durationSchema, 'At least this long.', releasePolicyDefaults.parallel.for),
    }),
    'How long exposed services stay on blue while the rest is on green.',
  ),
  maxPerWave: documented(z.int().min(1).max(1000), 'Services in one wave, at most.', releasePolicyDefaults.maxPerWave),
  afterRollback: documented(
    z.enum(['hold', 'continue', 'release']),
    'When a service went back: unrelated moves finish their step and `hold`, or `continue`, or the whole `release` goes back.',
    releasePolicyDefaults.afterRollback,
  ),
  approvals: documented(
    z.strictObject({
      beforeUserTraffic: documented(
        z.boolean(),
        'A person approves before the first user reaches green.',
        releasePolicyDefaults.approvals.beforeUserTraffic,
      ),
      beforeRelease: documented(
        z.boolean(),
        'A person approves before 100 %.',
        releasePolicyDefaults.approvals.beforeRelease,
      ),
    }),
    'Approvals that the release as a whole waits for.',
  ),
  windows: documented(
    z.array(z.string()),
    'Calendar windows that must all be open when a service moves, unless it names its own; none: at any time.',
    releasePolicyDefaults.windows,
  ),
})

export type WrittenServicePolicy = z.output<typeof servicePolicySchema>
export type WrittenReleasePolicy = z.output<typeof releasePolicySchema>
