import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { engineEnvironment } from '../../bin/engine-environment.mjs'
import { compileBenches } from '../../scripts/compile-benches.ts'

/**
 * Runs a program of a bench as the package runs an engine: in its environment, and without what strips types, which takes
 * memory that no user's engine needs. Gives it its order, and returns what it sends back.
 */
export const runCompiled = async <Found>(name: string, order: object): Promise<Found> => {
  const compiled = compileBenches([name], `titrate-${name.replace('/', '-')}`)
  const child = fork(join(compiled, `${name}.js`), { env: { ...process.env, ...engineEnvironment } })
  child.send(order)
  const ended = once(child, 'exit').then(() => null)
  const answer = once(child, 'message').then(([message]) => message as Found) // what its program sends
  const found = await Promise.race([answer, ended])
  if (found === null) throw new Error(`${name} ended without a word`)
  return found
}
