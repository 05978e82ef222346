const calibrate = () => { const c = process.threadCpuUsage(); let x = 0; const o = { a: 1, b: 'text', c: [1, 2, 3], d: { e: null } }; for (let i = 0; i < 300000; i++) { x += JSON.stringify(o).length; const m = new Map([[i, x]]); x += m.size } const u = process.threadCpuUsage(c); return (u.user + u.system) / 1000 }
calibrate(); const k1 = calibrate()
import { playSeed } from '../src/rehearsal/testing/play-seed.ts'
const [from = 1, count = 1] = process.argv.slice(2).map(Number)
for (let s = 1; s < 20; s++) await playSeed(s)
const c = process.cpuUsage(); const slow: [number, number, number, number][] = []; let sim = 0
for (let s = from; s < from + count; s++) { const b = process.threadCpuUsage(); const p = await playSeed(s); const u = process.threadCpuUsage(b); sim += p.simulatedMs; slow.push([(u.user + u.system) / 1000, s, p.simulatedMs / 1000, p.entries.length]); if (p.problems.length) console.log(s, p.problems[0]!.slice(0, 200)) }
const u = process.cpuUsage(c)
const times = slow.map(([t]) => t).sort((a, b) => a - b)
console.log('cpu ms each', ((u.user + u.system) / 1000 / count).toFixed(1), 'main thread mean', (times.reduce((a, b) => a + b, 0) / count).toFixed(1), 'median', times[count >> 1]!.toFixed(1), 'sim s', (sim / count / 1000).toFixed(1))
for (const [t, s, sm, e] of slow.sort((a, b) => b[0] - a[0]).slice(0, 8)) console.log(t.toFixed(0), 'ms seed', s, 'sim', sm, 'entries', e)

const k2 = calibrate(); console.log('calibration', k1.toFixed(0), k2.toFixed(0), 'normalised main', (times.reduce((a, b) => a + b, 0) / count / ((k1 + k2) / 2) * 100).toFixed(1))
