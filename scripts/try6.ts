import { writeSync, openSync } from 'node:fs'
import { playSeed } from '../src/rehearsal/testing/play-seed.ts'
const fd = openSync('/tmp/simprof/last.txt', 'w')
const [from = 1, count = 1] = process.argv.slice(2).map(Number)
for (let s = from; s < from + count; s++) { const b = process.threadCpuUsage(); writeSync(fd, `${s}\n`); const p = await playSeed(s); const u = process.threadCpuUsage(b); const ms = (u.user + u.system) / 1000; if (ms > 400) writeSync(fd, `${s} took ${ms}\n`); if (p.problems.length) writeSync(fd, `${s} FAILED ${p.problems[0]!.slice(0, 200)}\n`) }
writeSync(fd, 'end\n')
