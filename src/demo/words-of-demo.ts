import { stringify } from 'yaml'
import { policy, policyOfMailer } from './estate-files.ts'
import { type Fault, faults } from './scenario.ts'

export type DemoFlags = {
  readonly fault: string | null
  readonly list: boolean
  readonly output: 'table' | 'json'
  readonly keep: boolean
  readonly help: boolean
}

export type FlagsRead =
  | { readonly kind: 'ok'; readonly flags: DemoFlags }
  | { readonly kind: 'wrong'; readonly because: string }

export const usage = `Usage: npm run demo [-- OPTIONS]      (or: titrate demo [OPTIONS])

Moves a small shop of real processes from blue to green, with users, jobs and a queue, in about a minute.

  --fault NAME         the same with something broken; see --list
  --list               the faults, and how a release with each should end
  --output json        one document on stdout at the end (default: table)
  --keep               keep all files, in .titrate/demo of this folder
  --help               this text

Exit code 0: it ended as it should. 1: it did not. 2: the command was not understood.
`

const noFlags: DemoFlags = { fault: null, list: false, output: 'table', keep: false, help: false }

/** Understands the words after `demo`. */
export const readFlags = (argv: readonly string[]): FlagsRead => {
  let flags = noFlags
  const rest = argv.flatMap((word) =>
    /^--\w+=/.test(word) ? [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] : [word],
  )
  while (rest.length > 0) {
    const word = rest.shift()
    switch (word) {
      case '--list':
      case '--keep':
      case '--help':
        flags = { ...flags, [word.slice(2)]: true }
        break
      case '--fault': {
        const name = rest.shift()
        if (!faults.some((fault) => fault.name === name))
          return wrong(`--fault needs one of: ${faults.map((fault) => fault.name).join(', ')}`)
        flags = { ...flags, fault: name ?? null }
        break
      }
      case '--output':
      case '-o': {
        const output = rest.shift()
        if (output !== 'json' && output !== 'table') return wrong(`--output is table or json, not "${output ?? ''}"`)
        flags = { ...flags, output }
        break
      }
      default:
        return wrong(`"${word}" is nothing that the demo understands`)
    }
  }
  return { kind: 'ok', flags }
}

const wrong = (because: string): FlagsRead => ({ kind: 'wrong', because })

export const listFaults = (): string => {
  const widest = Math.max(...faults.map(({ name }) => name.length))
  const lines = faults.map(({ name, expect, brief }) => `  ${name.padEnd(widest)}  ${expect.padEnd(11)}  ${brief}`)
  return `${'Fault'.padEnd(widest + 2)}  Should end   What is done to it\n${lines.join('\n')}\n`
}

/** What is said before anything starts: what is to be seen, and the policy that differs from the defaults. */
export const introduction = (fault: Fault | null): string => {
  const what =
    fault === null
      ? 'Nothing is broken: it should end "done", with no failed request.'
      : `Fault "${fault.name}": ${fault.brief}. It should end "${fault.expect}".`
  const written = stringify({ policy, services: { mailer: { policy: policyOfMailer } } }, { lineWidth: 76 })
  return `Titrate demo: an estate called "shop" (9 services, 26 processes at most) moves from blue to green.\n${what}\nThe demo's own policy, in seconds where the defaults are minutes and hours:\n${written.replaceAll(/^/gm, '  ').trimEnd()}\n\n`
}
