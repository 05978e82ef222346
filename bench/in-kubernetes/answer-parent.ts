/** Makes this program one that `runCompiled` runs: it gets its order, sends what it found, and ends, also when whoever asked is gone. */
export const answerParent = <Order, Found extends object>(work: (order: Order) => Promise<Found>): void => {
  process.once('disconnect', () => process.exit(1))
  process.once('message', (order: Order) => {
    work(order)
      .then((found) => process.send?.(found, () => process.exit(0)))
      .catch((error: unknown) => {
        console.error(error)
        process.exit(1)
      })
  })
}
