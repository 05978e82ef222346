/**
 * `npm run test:kills -- [--kills N] [--seed S]`: kills engines of real releases, N times (40), at moments drawn from S
 * (random, printed). Every promise is a test of its own, and the last line is `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const usage = 'Usage: npm run test:kills -- [--kills N] [--seed S]'

const wholeNumber = (name: string, text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} is "${text}", expected a whole number`)
  return Number(text)
}

const readFlags = (argv: readonly string[]): { readonly kills: number; readonly seed: number } => {
  const { values } = parseArgs({ args: [...argv], options: { kills: { type: 'string' }, seed: { type: 'string' } } })
  return {
    kills: values.kills === undefined ? 40 : wholeNumber('kills', values.kills),
    seed: values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : wholeNumber('seed', values.seed),
  }
}

const main = (argv: readonly string[]): void => {
  try {
    const { kills, seed } = readFlags(argv)
    const suite = fileURLToPath(new URL('run-tests.ts', import.meta.url))
    const env = { ...process.env, TITRATE_KILLS: String(kills), TITRATE_SEED: String(seed) }
    const { status } = spawnSync(process.execPath, [suite, 'kills'], { stdio: 'inherit', env })
    process.exitCode = status ?? 1
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
    process.exitCode = 2
  }
}

main(process.argv.slice(2))
