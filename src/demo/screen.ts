import type { Recorded } from '../journal/events.ts'
import { phases } from '../journal/events.ts'
import { type Millis, sides } from '../moves/goal.ts'
import { describeEvent } from '../views/describe-event.ts'
import type { ServiceRow, StatusView } from '../views/status-view.ts'
import type { VerdictView } from '../views/verdict-view.ts'
import type { TickSeen } from './accounting.ts'
import { runsOf } from './accounting.ts'
import { type LoadCounts, totalFailed } from './load-counts.ts'
import type { QueueTotals } from './queue.ts'

export type Picture = {
  readonly status: StatusView
  readonly entries: readonly Recorded[]
  readonly ticks: readonly TickSeen[]
  readonly load: LoadCounts
  readonly queue: QueueTotals | null
  /** Since the demo began. */
  readonly elapsedMs: Millis
  readonly fault: string | null
}

export type Look = { readonly columns: number; readonly color: boolean }

const shades = { blue: 34, green: 32, red: 31, yellow: 33, grey: 90, bold: 1 } as const
type Shade = keyof typeof shades

type Paint = (shade: Shade, text: string) => string
const painter =
  ({ color }: Look): Paint =>
  (shade, text) =>
    color ? `\u001b[${shades[shade]}m${text}\u001b[0m` : text

const cut = (text: string, width: number): string =>
  text.length <= width ? text.padEnd(width) : `${text.slice(0, Math.max(0, width - 1))}…`

const barCells = 10

const bar = (percent: number, paint: Paint): string => {
  const green = Math.round((percent / 100) * barCells)
  // Told apart by their shape too: there may be no colours.
  return paint('green', '█'.repeat(green)) + paint('blue', '░'.repeat(barCells - green))
}

/** Where a service is, in as many columns for all kinds: its users by weight, its replicas, or who owns its schedule. */
const crossing = (row: ServiceRow, paint: Paint): string => {
  const share = shareOf(row)
  const words = share === null ? `on ${row.where}` : `${share} % green`
  const percent = share ?? (row.where === 'green' ? 100 : row.where === 'between' ? 50 : 0)
  return `${bar(percent, paint)} ${words.padEnd(11)}`
}

const shareOf = ({ weight, kind, replicas, where }: ServiceRow): number | null => {
  if (weight !== null) return weight
  if (kind !== 'worker' || where === 'blue') return null
  const blue = replicas.blue?.desired ?? 0
  const green = replicas.green?.desired ?? 0
  return blue + green === 0 ? null : Math.round((100 * green) / (blue + green))
}

const replicasOf = (seen: ServiceRow['replicas']['blue']): string =>
  seen === null ? '   ' : `${seen.ready}/${seen.desired}`

/** In as few words as tell it all: the verdict, the evidence against green, and the proof for it. */
const evidence = ({ verdict, E, rollBackAt, proof, proofNeeded }: VerdictView): string => {
  const figure = (value: number): string => String(Number(value.toPrecision(2)))
  const against = E === null || rollBackAt === null ? [] : [`E ${figure(E)}/${figure(rollBackAt)}`]
  const enough = proof === null || proofNeeded === null ? [] : [`proof ${figure(proof)}/${figure(proofNeeded)}`]
  return [verdict, ...against, ...enough].join(', ')
}

const stateOf = (row: ServiceRow): string => {
  const label = row.label === null ? '' : ` (${row.label})`
  const verdict = row.verdict === null || row.label !== null ? '' : `: ${evidence(row.verdict)}`
  if (row.step === null || row.state === 'not begun') return `${row.state}${label}`
  return row.state === 'moving' ? `${row.step}${verdict}` : `${row.state}, ${row.step}${verdict}`
}

const shadeOf = (row: ServiceRow): Shade =>
  row.person || row.state === 'stuck'
    ? 'yellow'
    : row.state === 'going back' || row.state === 'back on blue'
      ? 'red'
      : row.state === 'settled'
        ? 'green'
        : row.state === 'not begun'
          ? 'grey'
          : 'bold'

const serviceLine = (row: ServiceRow, columns: number, paint: Paint): string => {
  const head = `${cut(row.service, 11)}${replicasOf(row.replicas.blue)} `
  const tail = ` ${replicasOf(row.replicas.green)} `
  const room = columns - head.length - tail.length - barCells - 12
  return `${head}${crossing(row, paint)}${tail}${paint(shadeOf(row), cut(stateOf(row), room).trimEnd())}`
}

const phaseLine = ({ phase, outcome }: StatusView, paint: Paint): string =>
  `phase  ${phases.map((one) => (one === phase ? paint('bold', one.toUpperCase()) : paint('grey', one))).join(' > ')}  ${outcome === 'not started' ? 'starting' : outcome}`

const waveLine = ({ waves }: StatusView): string => {
  const moving = waves.find(({ state }) => state === 'moving')
  if (waves.length === 0) return 'wave   not planned yet'
  if (moving === undefined)
    return `wave   ${waves.filter(({ state }) => state === 'settled').length} of ${waves.length} settled`
  return `wave   ${moving.number} of ${waves.length}: ${moving.services.join(', ')} (${moving.settled} settled)`
}

/** One mark a tick. The legend says what each means, because a colour alone says nothing. */
const tickMark = (tick: TickSeen, paint: Paint): string => {
  const runs = runsOf(tick)
  if (runs > 1) return paint('red', '2')
  if (runs === 0) return paint('grey', '·')
  return tick.ranOn.green > 0 ? paint('green', '○') : paint('blue', '●')
}

const tickLines = (ticks: readonly TickSeen[], columns: number, paint: Paint): readonly string[] => {
  const names = [...new Set(ticks.map(({ service }) => service))]
  return names.map((name) => {
    const own = ticks.filter(({ service }) => service === name)
    const shown = own.slice(-Math.max(10, columns - 32))
    return `${cut(name, 11)}${shown.map((tick) => tickMark(tick, paint)).join('')} ${own.length} due`
  })
}

const loudKinds = new Set([
  'phase entered',
  'wave started',
  'wave settled',
  'judged',
  'drifted',
  'drift ended',
  'paused',
  'went on',
  'stuck',
  'asked to go back',
  'rollback ordered',
  'called a person',
  'settled',
  'took over',
  'ended',
  'tick',
])

/** What is worth a line: the rest can be read in the journal. */
export const isLoud = ({ event }: Recorded): boolean => {
  if (event.kind === 'checked') return event.blocking.length > 0
  return event.kind === 'run ended' ? !event.good : loudKinds.has(event.kind)
}

export const usersLine = (load: LoadCounts): string => {
  const parts = sides.map((side) => `${load.answered[side]} by ${side}`)
  return `users  ${load.sent} requests (${parts.join(', ')}), ${totalFailed(load)} failed`
}

export const queueLine = (queue: QueueTotals | null): string =>
  queue === null
    ? 'mails  -'
    : `mails  ${queue.added} added, ${queue.done} done, ${queue.waiting + queue.leased} waiting, ${queue.twice} twice`

const recent = 6

/** The whole picture as lines, none wider than the terminal. */
export const drawPicture = (picture: Picture, look: Look): readonly string[] => {
  const { status, entries, ticks, load, queue } = picture
  const paint = painter(look)
  const columns = Math.max(80, look.columns)
  const seconds = Math.round(picture.elapsedMs / 1_000)
  const title = `Titrate: the shop moves from blue to green${picture.fault === null ? '' : `, with the fault "${picture.fault}"`}`
  const log = entries.filter(isLoud).slice(-recent)
  return [
    `${paint('bold', cut(title, columns - 8))}${`${seconds} s`.padStart(7)}`,
    phaseLine(status, paint),
    cut(waveLine(status), columns).trimEnd(),
    '',
    paint('grey', `${cut('service', 11)}blue            to         green state`),
    ...status.services.map((row) => serviceLine(row, columns, paint)),
    '',
    paint('grey', 'ticks: ● ran on blue  ○ ran on green  2 ran twice  · due, not run (yet)'),
    ...tickLines(ticks, columns, paint),
    '',
    cut(usersLine(load), columns).trimEnd(),
    cut(queueLine(queue), columns).trimEnd(),
    '',
    ...log.map(({ stream, event }) => paint('grey', cut(describeEvent(stream, event), columns).trimEnd())),
  ]
}

/** Draws over what it drew before. */
export const createScreen = (write: (text: string) => void, rows: () => number) => {
  let drawn = 0
  return {
    show: (lines: readonly string[]): void => {
      // A picture that is higher than the terminal could not be drawn over again.
      const shown = lines.slice(0, Math.max(10, rows() - 1))
      const up = drawn === 0 ? '' : `\u001b[${drawn}A`
      write(`${up}\u001b[J${shown.join('\n')}\n`)
      drawn = shown.length
    },
  }
}
