// Lives until it is told to end, or not even then.
console.log(`worker ${process.env.TITRATE_REPLICA} began`)
process.on('SIGTERM', () => {
  if (process.env.STUBBORN === 'yes') return console.log('no')
  process.exit(0)
})
setInterval(() => {}, 1_000)
if (process.env.CRASH === 'yes') setTimeout(() => process.exit(3), 20)
