import { faultNames } from '../rehearsal/fault.ts'
import { command } from './command.ts'
import { aliases, optionalNumber, optionalText, releaseFlags, several, text, wholeNumber } from './flags.ts'

export const rehearse = command(
  async () => (await import('./commands/rehearse.ts')).rehearse,
  {
    flags: {
      ...releaseFlags,
      fault: several('What is wrong with green; without it, all that are listed below', 'name'),
      service: several('Whose green is bad; without it, the busiest and the quietest', 'service'),
      runs: {
        kind: 'parsed',
        parse: wholeNumber,
        optional: true,
        placeholder: 'number',
        brief: 'How often the release is played; without it, by its size',
      },
      seed: optionalNumber('Makes the same rehearsal again, with the same "begin"', 'number'),
      assume: several('What is assumed, such as rate.checkout=20/s', 'key=value'),
      assumptions: optionalText('A YAML file of assumptions', 'path'),
      measure: {
        kind: 'parsed',
        parse: text,
        default: '3s',
        placeholder: 'time',
        brief: 'How long what runs now is measured; 0: not at all',
      },
      out: optionalText('Writes it as a page, too', 'file.html'),
    },
    aliases,
  },
  {
    brief: 'Play the release in simulated time: how long it takes, and what a bad green would cost',
    fullDescription: `Plays the release file by the real engine in a simulated world: as the inventory has it, as it was measured, and as is assumed. Changes nothing.\nFaults, where a number stands for any: ${faultNames.join(', ')}.\nExit code 0: done; 1: the release cannot end, or would be refused.`,
  },
)
