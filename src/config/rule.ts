import type { Fault, PositionedYaml } from './positioned-yaml.ts'
import type { WrittenRelease } from './release-schema.ts'

/** A rule looks at a file whose shape is right, and tells what is wrong with its sense; each looks for one thing. */
export type Rule = (written: WrittenRelease, yaml: PositionedYaml) => readonly Fault[]
