/**
 * Judges simulated releases by Titrate's rules and by those of other tools, on the same traffic.
 *
 *     npm run judge:scale -- [--hours N] [--seed S] [--workers W] [--quick] [--output FILE.md|FILE.json]
 *
 * The same seed and hours give the same tables on every machine, whatever the number of workers. Into a Markdown file
 * that has the marks below, only what stands between them is written.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { cellsFor, DESIGN_HOURS } from '../src/rehearsal/judge-scale/cells.ts'
import { type CellResult, runCell } from '../src/rehearsal/judge-scale/run-cell.ts'
import { partsOf, type Study, studyOf } from '../src/rehearsal/judge-scale/study.ts'
import { tablesOf } from '../src/rehearsal/judge-scale/tables.ts'
import type { Order } from './judge-scale-worker.ts'

const QUICK_HOURS = 60
const usage =
  'Usage: npm run judge:scale -- [--hours N] [--seed S] [--workers W] [--quick] [--output FILE.md|FILE.json]'

const marks = { begin: '<!-- judge:scale writes below -->', end: '<!-- judge:scale writes above -->' } as const

type Options = {
  readonly hours: number
  readonly seed: number
  readonly workers: number
  readonly output: string | null
}

/** null: it was said what is wrong. */
const readOptions = (args: readonly string[]): Options | null => {
  const faults: string[] = []
  const { values } = parseArgs({
    args: [...args],
    options: {
      hours: { type: 'string' },
      seed: { type: 'string', default: '1' },
      workers: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      output: { type: 'string' },
    },
  })
  const whole = (name: string, text: string, least: number, most: number): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= least && value <= most))
      faults.push(`--${name} is "${text}"; it takes a whole number from ${least} to ${most}`)
    return value
  }
  const output = values.output ?? null
  if (output !== null && !existsSync(dirname(output)))
    faults.push(`--output is "${output}"; there is no folder ${dirname(output)}`)
  if (output !== null && !/\.(md|json)$/.test(output))
    faults.push(`--output is "${output}"; it takes a file that ends in .md or .json`)
  if (values.quick && values.hours !== undefined) faults.push('--quick chooses the hours itself: leave one of both out')
  const options = {
    hours: whole('hours', values.hours ?? String(values.quick ? QUICK_HOURS : DESIGN_HOURS), 10, 1_000_000),
    seed: whole('seed', values.seed, 0, 4_294_967_295),
    workers: whole('workers', values.workers, 1, 64),
    output,
  }
  for (const fault of faults) console.error(fault)
  return faults.length === 0 ? options : null
}

const progress = (done: number, of: number, started: number): void => {
  const seconds = (performance.now() - started) / 1000
  process.stderr.write(`${done} of ${of} parts, ${Math.round(seconds)} s\n`)
}

const study = async ({ hours, seed, workers }: Options): Promise<Study> => {
  const parts = partsOf(hours)
  const started = performance.now()
  const results: CellResult[] = []
  let done = 0
  const finish = (index: number, result: CellResult): void => {
    results[index] = result
    done += 1
    if (done % Math.ceil(parts.length / 20) === 0 || done === parts.length) progress(done, parts.length, started)
  }
  const orders = parts.map((part, index): Order => ({ index, part, seed, hours }))
  if (workers === 1) {
    const cells = cellsFor(hours)
    for (const { index, part } of orders) {
      const cell = cells[part.cell]
      if (cell !== undefined) finish(index, runCell(cell, seed, part))
    }
  } else {
    const queue = orders.values()
    await Promise.all(Array.from({ length: Math.min(workers, orders.length) }, () => workThrough(queue, finish)))
  }
  return studyOf(seed, hours, results)
}

/** One thread takes orders until there are none. */
const workThrough = (queue: Iterator<Order>, finish: (index: number, result: CellResult) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('judge-scale-worker.ts', import.meta.url))
    const next = (): void => {
      const order = queue.next()
      if (order.done === true) void worker.terminate().then(() => resolve(), reject)
      else worker.postMessage(order.value)
    }
    worker.on('message', ({ index, result }: { readonly index: number; readonly result: CellResult }) => {
      finish(index, result)
      next()
    })
    worker.once('error', reject)
    next()
  })

const command = ({ hours, seed }: Options): string => {
  const named = [...(hours === DESIGN_HOURS ? [] : [`--hours ${hours}`]), ...(seed === 1 ? [] : [`--seed ${seed}`])]
  return `npm run judge:scale${named.length === 0 ? '' : ` -- ${named.join(' ')}`}`
}

const write = (options: Options, done: Study): void => {
  const { output } = options
  const tables = `Made by \`${command(options)}\`.\n${tablesOf(done)}\n`
  if (output === null) console.log(tables)
  else if (output.endsWith('.json')) writeFileSync(output, `${JSON.stringify(done, null, 1)}\n`)
  else if (!existsSync(output)) writeFileSync(output, tables)
  else writeFileSync(output, between(readFileSync(output, 'utf8'), tables, output))
}

const between = (page: string, tables: string, file: string): string => {
  const [begin, end] = [page.indexOf(marks.begin), page.indexOf(marks.end)]
  if (begin < 0 || end < begin)
    throw new Error(
      `${file} is there already and has no lines "${marks.begin}" and "${marks.end}" to write between: name another file, or add them`,
    )
  return `${page.slice(0, begin + marks.begin.length)}\n\n${tables}\n${page.slice(end)}`
}

const main = async (): Promise<number> => {
  let options: Options | null = null
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
  }
  if (options === null) {
    console.error(usage)
    return 2
  }
  // A page without marks is noticed before minutes are spent.
  if (options.output?.endsWith('.md') && existsSync(options.output))
    between(readFileSync(options.output, 'utf8'), '', options.output)
  console.error(
    `seed ${options.seed}, ${options.hours} healthy hours, ${options.workers} worker${options.workers === 1 ? '' : 's'}`,
  )
  write(options, await study(options))
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
