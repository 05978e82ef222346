import { z } from 'zod'
import { durationSchema } from '../../config/duration.ts'
import { concurrencyPolicies, serviceKinds } from '../../inventory/estate.ts'

/** The written form of an environment file, as people type it. Names, ports and paths are checked against each other later. */

const name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'a name of small letters, digits and hyphens, at most 63')
const text = z.string()
const httpPath = z.string().regex(/^\/\S*$/, 'a path that begins with /')

const secretReference = z.union([z.strictObject({ file: text.min(1) }), z.strictObject({ variable: text.min(1) })], {
  error: 'a reference: { file: PATH } or { variable: NAME }',
})

export const variableSchema = z.union(
  [text, z.strictObject({ address: text }), z.strictObject({ secret: secretReference })],
  { error: 'text, { address: SERVICE } or { secret: { file: PATH } }' },
)

const variables = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a name of letters, digits and _'),
  variableSchema,
)

const portSchema = z.strictObject({
  publish: z.boolean().default(false),
  health: httpPath.optional(),
  metrics: httpPath.optional(),
})

const scheduleSchema = z.strictObject({
  cron: text.min(1),
  zone: text.default('UTC'),
  concurrency: z.enum(concurrencyPolicies).default('Allow'),
  deadline: durationSchema.optional(),
  suspend: z.boolean().default(false),
})

const healthSchema = z.strictObject({
  every: durationSchema.prefault('500ms'),
  timeout: durationSchema.prefault('1s'),
  failures: z.int().min(1).max(100).default(2),
})

const stopSchema = z.strictObject({ drain: durationSchema.prefault('1s'), grace: durationSchema.prefault('5s') })
const backoffSchema = z.strictObject({ first: durationSchema.prefault('500ms'), max: durationSchema.prefault('30s') })

export const serviceSchema = z.strictObject({
  command: z.array(text, { error: 'a list: the program and its arguments' }).min(1, 'a program to start'),
  directory: text.default('.'),
  version: text.min(1).optional(),
  replicas: z.int().min(0).max(1_000).optional(),
  port: portSchema.optional(),
  variables: variables.default({}),
  files: z.array(text).default([]),
  strategy: z.enum(['RollingUpdate', 'Recreate']).default('RollingUpdate'),
  lease: text.min(1).optional(),
  takesFrom: z.array(text).default([]),
  actsAtStart: z.array(text).default([]),
  kinds: z.array(z.enum(serviceKinds)).min(1).optional(),
  health: healthSchema.prefault({}),
  stop: stopSchema.prefault({}),
  backoff: backoffSchema.prefault({}),
  schedule: scheduleSchema.optional(),
})

export const environmentSchema = z.strictObject({
  apiVersion: z.literal('titrate.dev/v1alpha1'),
  kind: z.literal('Environment'),
  name: name.optional(),
  provider: z.literal('local').default('local'),
  state: text.min(1).optional(),
  metrics: z
    .string()
    .regex(/^(127\.\d+\.\d+\.\d+|localhost):\d{1,5}$/, 'a loopback address such as 127.0.0.1:9401')
    .optional(),
  variables: variables.default({}),
  services: z.record(name, serviceSchema, { error: 'a map of services by name' }),
})

export type WrittenEnvironment = z.output<typeof environmentSchema>
export type WrittenService = z.output<typeof serviceSchema>
export type WrittenVariable = z.output<typeof variableSchema>
