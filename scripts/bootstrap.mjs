// Runs a script of this checkout: node scripts/bootstrap.mjs SCRIPT [ARGUMENT...]
//
// Before that it installs what package-lock.json names, unless it is there already. A fresh clone has neither
// node_modules nor, often, a Node.js that runs TypeScript, so this file uses only Node's own modules and works
// on Node 18. Why it is so: docs/decisions/0001-node-and-install.md
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { neededNode, supportsNode } from '../bin/supported-node.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const modules = join(root, 'node_modules')

/** True when npm's own record of what it installed names all that package-lock.json names. */
const isInstalled = () => {
  const record = join(modules, '.package-lock.json') // npm writes it last, so half an installation has none
  if (!existsSync(record)) return false
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  return Object.entries(wanted).every(([path, want]) => {
    if (path === '') return true
    const have = installed[path]
    if (have === undefined) return want.optional === true // of another platform
    return have.version === want.version && have.integrity === want.integrity
  })
}

/** Runs a program with our terminal until it ends; signals reach it, and its end becomes what is returned. */
const run = (program, args, options) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', ...options })
    // In a terminal, Ctrl-C reaches the child by itself (one process group): then only outlive it.
    const inTerminal = process.stdin.isTTY === true || process.stderr.isTTY === true
    const forward = (signal) => {
      if (!(inTerminal && signal === 'SIGINT')) child.kill(signal)
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      for (const each of signals) process.off(each, forward)
      resolve({ code, signal })
    })
  })

/** Ends this process the way the other one ended. */
const endAs = ({ code, signal }) => {
  if (signal === null) process.exitCode = code
  else {
    process.exitCode = 128 + constants.signals[signal]
    process.kill(process.pid, signal)
  }
}

const install = () => {
  process.stderr.write('Installing what package-lock.json names (once; about a minute)...\n')
  // `npm run` puts node_modules/.bin first in PATH. npm must not run on the Node.js that it is about to remove.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(modules))
  const env = { ...process.env, PATH: path.join(delimiter), NODE_ENV: 'development' }
  return run('npm', ['ci', '--loglevel=error', '--no-fund', '--no-audit'], {
    env,
    stdio: ['ignore', 2, 2], // stdout belongs to the script
  })
}

/** The pinned Node.js where this platform has one, else the current one if it is new enough, else nothing. */
const findNode = () => {
  const pinned = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node')
  if (existsSync(pinned)) return pinned
  return supportsNode(process.versions.node) ? process.execPath : undefined
}

const main = async ([script, ...args]) => {
  if (script === undefined) {
    console.error('Usage: node scripts/bootstrap.mjs SCRIPT [ARGUMENT...]')
    process.exitCode = 2
    return
  }
  if (!isInstalled()) {
    const installed = await install()
    if (installed.code !== 0) {
      console.error("The installation failed: 'npm ci' in this folder shows why.")
      endAs(installed)
      return
    }
  }
  const node = findNode()
  if (node === undefined) {
    console.error(
      `Node.js ${process.versions.node} is too old, and none is packaged for ${process.platform} ${process.arch}: ` +
        `Titrate needs ${neededNode}. Install one (https://nodejs.org), put it first in PATH, and try again.`,
    )
    process.exitCode = 1
    return
  }
  endAs(await run(node, [join(root, script), ...args], { cwd: process.cwd() }))
}

await main(process.argv.slice(2))
