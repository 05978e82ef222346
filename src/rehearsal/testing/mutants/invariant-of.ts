/** Which of the design's invariants a problem of a simulated release is about, told from its words; see docs/reliability.md. */
const invariants: readonly (readonly [pattern: RegExp, invariant: string])[] = [
  [/ runs on \w+, and again on | although it was suspended|ran twice|never ran|at once, under|calls tick/, '1 (ticks)'],
  [/authorised|has not been ready|jumped from step/, '2 (weights)'],
  [/starts before|starts twice|of wave \d+ crosses before/, '3 (waves)'],
  [/which it needs|is reachable on green/, '4 (needs)'],
  [/ a verdict |although it was judged|"after soak"|good runs|different versions/, '5 (evidence)'],
  [/goes back before|goes back by|rolled back, but|is back, but|settled on blue while|on blue, not/, '6 (going back)'],
  [
    /retired|nobody approved|that calendar|has not passed|holds (it|the release)|after break-glass|people said no|undoes what a person/,
    '7 (people)',
  ],
  [/in no journal|by version|the fold of|given twice|without an intent|two different journals/, '8 (journal)'],
  [/epoch|belongs to/, '9 (one engine)'],
  [/a secret/, '10 (secrets)'],
  [/does not end|for ever/, 'it ends'],
  [/nothing is wrong/, 'no false alarm'],
  [/for the \d+th time/, 'no ping-pong'],
  [/copies of/, 'one copy'],
  [/^done, but|^after the release ended/, 'done is done'],
  [/are lost/, 'queues'],
  [/threw/, 'no fault of its own'],
]

export const invariantOf = (problem: string): string =>
  invariants.find(([pattern]) => pattern.test(problem))?.[1] ?? 'other'
