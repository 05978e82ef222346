import { playScenario } from '../src/rehearsal/testing/play.ts'
import { drawScenario } from '../src/rehearsal/testing/scenario.ts'

const [from = 1, count = 1] = process.argv.slice(2).map(Number)
const trace = process.env.TRACE
  ? (at: number, line: string) => console.log((at / 1000).toFixed(3), line.slice(0, Number(process.env.W ?? 230)))
  : undefined
const t = performance.now()
let failed = 0
const outcomes: Record<string, number> = {}
const kinds: Record<string, number> = {}
let sim = 0,
  ent = 0
for (let seed = from; seed < from + count; seed++) {
  const s = drawScenario(seed)
  if (trace)
    console.log(
      JSON.stringify(s.troubles, null, 0),
      s.scheduler,
      JSON.stringify(
        s.estate.services.map((x) => [
          x.definition.name,
          x.definition.declaredKinds,
          x.definition.replicas,
          x.definition.schedule?.concurrency,
          x.definition.lease,
        ]),
      ),
    )
  const p = await playScenario(s, trace ? { trace } : {})
  outcomes[p.outcome] = (outcomes[p.outcome] ?? 0) + 1
  sim += p.simulatedMs
  ent += p.entries.length
  if (p.problems.length > 0) {
    failed++
    const k = p.problems[0]!.replace(/\b(auth|basket|cart|desk|edge|feed|gate)\b/g, 'X')
      .replace(/\d+/g, 'N')
      .slice(0, 110)
    kinds[k] = (kinds[k] ?? 0) + 1
    if (failed < 12 || process.env.ALL) console.log(seed, s.scheduler, s.troubles.length, p.problems[0]!.slice(0, 400))
  }
}
console.log(kinds)
console.log(
  failed,
  'failed',
  outcomes,
  ((performance.now() - t) / count).toFixed(1),
  'ms each',
  (sim / count / 1000).toFixed(1),
  'sim s',
  ent / count,
  'entries',
)
