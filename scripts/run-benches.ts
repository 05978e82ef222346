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
import { compileBenches } from './compile-benches.ts'

/** These measure memory, and so run as the package does. */
const measureMemory = ['engine', 'engine-hour', 'engine-lockstep']
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
  const wanted = named.length > 0 ? named : known
  const ofMemory = wanted.filter((name) => measureMemory.includes(name))
  const compiled = ofMemory.length > 0 ? compileBenches(ofMemory) : folder
  const failed = wanted.filter((name) => {
    console.log(`\n== ${name}`)
    const file = ofMemory.includes(name) ? join(compiled, `${name}.js`) : join(folder, `${name}.ts`)
    return spawnSync(process.execPath, ['--expose-gc', file], { stdio: 'inherit' }).status !== 0
  })
  if (failed.length > 0) {
    console.error(`\nOver their limits or broken: ${failed.join(', ')}`)
    process.exitCode = 1
  }
}
