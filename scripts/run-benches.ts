/**
 * Runs benches one after another: all of `bench/*.ts`, or those that are named.
 *
 *     npm run bench -- [NAME...]
 *
 * Each prints its figures and what they are compared to, and fails when a limit is broken.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../bench', import.meta.url))
const known = globSync('*.ts', { cwd: folder })
  .map((file) => basename(file, '.ts'))
  .toSorted()
const named = process.argv.slice(2)
const unknown = named.filter((name) => !known.includes(name))

if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. There are: ${known.join(', ')}.`)
  process.exitCode = 2
} else {
  const failed = (named.length > 0 ? named : known).filter((name) => {
    console.log(`\n== ${name}`)
    return spawnSync(process.execPath, ['--expose-gc', join(folder, `${name}.ts`)], { stdio: 'inherit' }).status !== 0
  })
  if (failed.length > 0) {
    console.error(`\nOver their limits or broken: ${failed.join(', ')}`)
    process.exitCode = 1
  }
}
