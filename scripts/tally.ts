/** What a suite or the check came to. Its one line is what CI adds up. */
export type Tally = { readonly passed: number; readonly failed: number; readonly skipped: number }

/** Prints the last line of a run, and sets the exit code by it. */
export const printTally = ({ passed, failed, skipped }: Tally): void => {
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  if (failed > 0) process.exitCode = 1
}
