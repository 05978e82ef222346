import { createStage } from '../src/main/rehearsal-stage.ts'
import { faultNames } from '../src/rehearsal/fault.ts'
import { rehearse } from '../src/rehearsal/rehearse.ts'
import { wideEstate } from '../src/rehearsal/testing/wide-estate.ts'

const { estate, plan } = wideEstate(Number(process.argv[2] ?? 50))
const runs = Number(process.argv[3] ?? 1)
const stage = createStage({ calendar: { windows: {}, freezes: [] } }, plan)
const t0 = performance.now()
const r = await rehearse({
  ...{
    stage,
    plan,
    estate,
    found: new Map(),
    notFound: [],
    set: new Map(),
    now: Date.UTC(2026, 0, 7, 12),
    seed: 1,
    runs,
  },
  ...{ faults: faultNames, targets: [], faultRuns: Number(process.argv[4] ?? 1) },
  tell: (what) => console.error(what, ((performance.now() - t0) / 1000).toFixed(2)),
  signal: new AbortController().signal,
})
console.log(((performance.now() - t0) / 1000).toFixed(2), 's')
console.log(r.outcome, r.stuck.slice(0, 5), r.time?.total, r.time?.phases, r.time?.falseAlarms)
for (const wave of r.time?.waves ?? []) {
  console.log(wave.number, wave.phase, wave.atMs / 3.6e6, wave.tookMs / 3.6e6)
  for (const move of wave.moves.slice(0, 2))
    console.log(
      '  ',
      move.service,
      move.steps.map((s) => `${s.name} ${(s.tookMs / 1000).toFixed(0)}s ${s.verdict ?? ''}`).join(' | '),
    )
}
for (const f of r.faults)
  console.log(
    f.fault,
    f.service,
    JSON.stringify(f.noticed),
    f.step,
    'cost',
    f.cost.p50,
    f.cost.of,
    'notice',
    f.noticeMs?.p50,
    'back',
    f.backMs?.p50,
    'later',
    f.laterMs?.p50,
    JSON.stringify(f.would),
    f.because,
  )
