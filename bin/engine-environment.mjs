/**
 * The environment in which a process becomes an engine, which lives for hours. The C library of Linux keeps an arena for
 * each thread, and what was once freed in it: 30 MB of an engine with a thousand services. It reads this when a
 * process begins, and never again.
 */
export const engineEnvironment = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' }

/** Commands that become the engine of a release. */
const engines = ['run', 'rollback']

/**
 * What the process is to begin anew with; null: it may go on as it is. Whoever set one of these knows why.
 * @param {string | undefined} command
 * @param {string} platform as in `process.platform`
 * @param {Record<string, string | undefined>} environment
 * @returns {Record<string, string | undefined> | null}
 */
export function environmentAnew(command, platform, environment) {
  if (platform !== 'linux' || !engines.includes(command ?? '')) return null
  if (Object.keys(engineEnvironment).some((name) => environment[name] !== undefined)) return null
  return { ...environment, ...engineEnvironment }
}
