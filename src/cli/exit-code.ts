/** How a command ended, for scripts. `held`: for a person, or left as it is. `rolledBack`: only of `run`. */
export const exitCode = { done: 0, failed: 1, usage: 2, held: 3, rolledBack: 4 } as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]
