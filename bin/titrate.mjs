#!/usr/bin/env node
// The program's entry. It must parse on old versions of Node.js, so that they get an answer and not a syntax error.
import { existsSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'
import { environmentAnew } from './engine-environment.mjs'
import { neededNode, supportsNode } from './supported-node.mjs'

// A checkout has the sources and runs them as they are; the published package has only what was built from them.
const source = new URL('../src/main.ts', import.meta.url)
const inCheckout = existsSync(source)

const anew = environmentAnew(process.argv[2], process.platform, process.env)

if (supportsNode(process.versions.node)) {
  // The same process, with its number, its terminal and all that it was given, but for the environment.
  if (anew !== null) {
    const self = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)]
    process.execve(process.execPath, [...self, ...process.argv.slice(2)], anew)
  }
  nodeModule.enableCompileCache()
  const entry = inCheckout ? source : new URL('../dist/main.js', import.meta.url)
  import(entry.href).catch((error) => {
    console.error(error)
    process.exitCode = 1
  })
} else {
  console.error(`titrate: Node.js ${process.versions.node} is too old (NODE_TOO_OLD): Titrate needs ${neededNode}.`)
  console.error(
    inCheckout
      ? `Here in the checkout, 'npm run titrate -- COMMAND' finds or installs one.`
      : `Install a newer one (https://nodejs.org), or put it first in PATH, and try again.`,
  )
  process.exitCode = 1
}
