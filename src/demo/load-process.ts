import { type Load, type LoadOptions, startLoad } from './load.ts'

/** A process of its own, so that nothing else in the demo can make users look slow. */
const tellEveryMs = 250
let load: Load | null = null

// Only the demo sends messages here, in these shapes.
process.on(
  'message',
  (message: { readonly kind: 'start'; readonly options: LoadOptions } | { readonly kind: 'stop' }) => {
    if (message.kind === 'start') {
      load = startLoad(message.options)
      setInterval(() => process.send?.({ kind: 'counts', counts: load?.counts() }), tellEveryMs).unref()
      return
    }
    void load?.stop().then((counts) => {
      process.send?.({ kind: 'stopped', counts })
    })
  },
)
// The demo has ended, in whatever way.
process.once('disconnect', () => process.exit(0))
process.on('SIGINT', () => undefined)
