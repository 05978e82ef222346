import type { EstateService, ScheduleDefinition, ServiceDefinition } from '../inventory/estate.ts'
import { byText } from '../inventory/ordering.ts'
import { type Shown, showCommand, showText } from '../inventory/shown-text.ts'
import type { Json } from '../moves/goal.ts'
import { compareVariables, type GreenNames } from './compare-variables.ts'
import type { Found } from './difference.ts'
import type { Rewriter } from './rewrites.ts'
import { canonicalCron, canonicalZone } from './schedule-text.ts'
import { durationText } from './yaml-text.ts'

/** All differences between the two sides of one service that both have, in the order in which a file would list them. */
export const compareService = (service: EstateService, greenNames: GreenNames, rewrite: Rewriter): readonly Found[] => {
  const { name, blue, green } = service
  if (green === null) return []
  const content = [
    ...compareCommand(name, blue, green, rewrite),
    ...compareDirectory(blue, green),
    ...compareVariables(service, greenNames, rewrite),
    ...compareFiles(blue, green),
  ]
  return [
    ...compareVersion(blue, green, content),
    ...content,
    ...compareReplicas(blue, green),
    ...compareSchedules(blue.schedule, green.schedule),
    ...comparePort(blue, green),
    ...compareField('strategy', blue.strategy, green.strategy),
    ...compareField('lease', blue.lease, green.lease),
    ...compareList('takesFrom', blue.takesFrom, green.takesFrom),
    ...compareList('actsAtStart', blue.actsAtStart, green.actsAtStart),
  ]
}

type Scalar = string | number | boolean | null

const differ = 'the two sides say different things'

const compareField = (path: string, blue: Scalar, green: Scalar): readonly Found[] =>
  blue === green ? [] : [{ path, blue: textOf(blue), green: textOf(green), why: differ, patch: { [path]: blue } }]

const compareList = (path: string, blue: readonly string[], green: readonly string[]): readonly Found[] => {
  const [a, b] = [blue, green].map((list) => list.toSorted(byText))
  if (JSON.stringify(a) === JSON.stringify(b)) return []
  const shown = (list: readonly string[]): Shown => showText(list.join(', '))
  const found: Found = {
    path,
    blue: shown(blue).text || null,
    green: shown(green).text || null,
    why: differ,
    patch: shown(blue).masked ? null : { [path]: blue },
  }
  return [
    shown(blue).masked
      ? { ...found, remedy: `give green blue's ${path}; it isn't printed, as it holds a secret` }
      : found,
  ]
}

const textOf = (value: Scalar): string | null => (value === null ? null : String(value))

const compareCommand = (
  service: string,
  { command: blue }: ServiceDefinition,
  { command: green }: ServiceDefinition,
  rewrite: Rewriter,
): readonly Found[] => {
  const same = (a: readonly string[], b: readonly string[]): boolean =>
    a.length === b.length && a.every((one, index) => one === b[index])
  if (same(blue, green)) return []
  const rewritten = blue.map((argument) => rewrite(service, 'command', argument))
  const expected = rewritten.map(({ text }) => text)
  const meant = same(expected, green)
  const shown = [showCommand(blue), showCommand(green), showCommand(expected)] as const
  const hidden = shown[0].text === shown[1].text ? ', differs' : ''
  const found: Found = {
    path: 'command',
    blue: `${shown[0].text}${hidden}`,
    green: `${shown[1].text}${hidden}`,
    why: 'the command lines differ',
    rewrittenBy: meant ? [...new Set(rewritten.flatMap(({ by }) => by))] : [],
    patch: shown[2].masked ? null : { command: expected },
  }
  return [
    shown[2].masked ? { ...found, remedy: "give green blue's command; it isn't printed, as it holds a secret" } : found,
  ]
}

const compareDirectory = (
  { workingDirectory: blue }: ServiceDefinition,
  { workingDirectory: green }: ServiceDefinition,
): readonly Found[] => {
  const found = compareField('directory', blue, green)
  if (blue === null || green === null || !isAbsolute(blue) || !isAbsolute(green)) return found
  const required =
    'each environment has a folder of its own; the files that belong to a service are compared by content'
  return found.map((one) => ({ ...one, required }))
}

const isAbsolute = (path: string): boolean => path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path)

const compareFiles = (blue: ServiceDefinition, green: ServiceDefinition): readonly Found[] => {
  const onBlue = new Map(blue.files.map(({ path, sha256 }) => [path, sha256]))
  const onGreen = new Map(green.files.map(({ path, sha256 }) => [path, sha256]))
  const paths = [...new Set([...onBlue.keys(), ...onGreen.keys()])].sort(byText)
  const list: Json = { files: blue.files.map(({ path }) => path) }
  return paths.flatMap((file): readonly Found[] => {
    const path = `files.${file}`
    const [was, is] = [onBlue.get(file), onGreen.get(file)]
    if (was === is && was !== null) return []
    const sides = { path, blue: hashText(was), green: hashText(is) }
    if (is === undefined) return [{ ...sides, why: 'green has no such file', patch: list }]
    if (was === undefined) return [{ ...sides, why: 'only green has this file', patch: list }]
    const remedy = `copy ${file} from blue to green`
    if (was === null)
      return [{ ...sides, why: 'the file is missing on blue', patch: null, remedy: `put ${file} back on blue` }]
    return [
      { ...sides, why: is === null ? 'the file is missing on green' : 'the contents differ', patch: null, remedy },
    ]
  })
}

const hashText = (sha256: string | null | undefined): string | null =>
  sha256 === undefined ? null : sha256 === null ? 'missing' : `sha256 ${sha256.slice(0, 12)}…`

/** A version that nobody wrote is a hash of what is deployed. */
const computed = /^(sha256[:-])?[0-9a-f]{12,64}$/

const compareVersion = (
  { version: blue }: ServiceDefinition,
  { version: green }: ServiceDefinition,
  content: readonly Found[],
): readonly Found[] => {
  const found = compareField('version', blue, green)
  if (!computed.test(blue) || !computed.test(green) || content.length === 0) return found
  const unsettled = content.some(({ required, rewrittenBy = [] }) => required === undefined && rewrittenBy.length === 0)
  const required = 'both versions are computed from what differs below'
  if (unsettled) return found.map((one) => ({ ...one, patch: null, required }))
  const why =
    'both versions are computed from command, variables and files, which differ on purpose; a service moves only while both sides say the same version'
  const remedy = "write the same version in both environments' files"
  return found.map((one) => ({ ...one, why, patch: null, remedy }))
}

const compareReplicas = (
  { replicas: blue }: ServiceDefinition,
  { replicas: green }: ServiceDefinition,
): readonly Found[] => {
  const found = compareField('replicas', blue, green)
  if (green !== 0) return found
  return found.map((one) => ({
    ...one,
    required: "green sleeps until this service moves, and then gets blue's number",
  }))
}

const compareSchedules = (blue: ScheduleDefinition | null, green: ScheduleDefinition | null): readonly Found[] => {
  if (blue === null && green === null) return []
  if (blue === null || green === null) {
    const schedule = blue === null ? null : writtenSchedule(blue)
    const text = (one: ScheduleDefinition | null): string | null => (one === null ? null : `${one.cron} (${one.zone})`)
    return [
      {
        path: 'schedule',
        blue: text(blue),
        green: text(green),
        why: 'only one side has a schedule',
        patch: { schedule },
      },
    ]
  }
  const field = (key: string, was: Scalar, is: Scalar): readonly Found[] =>
    compareField(`schedule.${key}`, was, is).map((one) => ({ ...one, patch: { schedule: { [key]: was } } }))
  return [
    ...(canonicalCron(blue.cron) === canonicalCron(green.cron) ? [] : field('cron', blue.cron, green.cron)),
    ...(canonicalZone(blue.zone) === canonicalZone(green.zone) ? [] : field('zone', blue.zone, green.zone)),
    ...field('concurrency', blue.concurrency, green.concurrency),
    ...field('deadline', limitText(blue.deadlineMs), limitText(green.deadlineMs)),
    ...field('suspend', blue.suspended, green.suspended).map((one) =>
      blue.suspended
        ? { ...one, why: 'it is suspended on blue, so it has to be on green, and stays so' }
        : { ...one, required: 'green sleeps until the schedule is handed over' },
    ),
  ]
}

const limitText = (ms: number | null): string | null => (ms === null ? null : durationText(ms))

export const writtenSchedule = ({ cron, zone, concurrency, deadlineMs, suspended }: ScheduleDefinition): Json => ({
  cron,
  zone,
  concurrency,
  ...(deadlineMs === null ? {} : { deadline: durationText(deadlineMs) }),
  // Whoever adds it by hand must not set it running: it is resumed by the handoff.
  suspend: suspended,
})

const comparePort = ({ port: blue }: ServiceDefinition, { port: green }: ServiceDefinition): readonly Found[] => {
  if (blue === null && green === null) return []
  if (blue === null || green === null) {
    const text = (port: typeof blue): string | null => (port === null ? null : 'it listens')
    const patch = { port: blue === null ? null : writtenPort(blue) }
    return [{ path: 'port', blue: text(blue), green: text(green), why: 'only one side listens', patch }]
  }
  const field = (key: string, was: Scalar, is: Scalar): readonly Found[] =>
    compareField(`port.${key}`, was, is).map((one) => ({ ...one, patch: { port: { [key]: was } } }))
  return [
    ...field('publish', blue.published, green.published),
    ...field('health', blue.healthPath, green.healthPath),
    ...field('metrics', blue.metricsPath, green.metricsPath),
  ]
}

export const writtenPort = (port: NonNullable<ServiceDefinition['port']>): Json => ({
  publish: port.published,
  ...(port.healthPath === null ? {} : { health: port.healthPath }),
  ...(port.metricsPath === null ? {} : { metrics: port.metricsPath }),
})
