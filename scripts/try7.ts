import { drawScenario } from '../src/rehearsal/testing/scenario.ts'
import { playScenario } from '../src/rehearsal/testing/play.ts'
let n = 0
const seed = Number(process.argv[2])
setTimeout(() => process.exit(), 3000)
await playScenario(drawScenario(seed), { trace: (at, line) => { if (line.startsWith('RULES')) { if (at > Number(process.argv[3] ?? 24000) && n++ < 12) console.log(at, line) } } })
