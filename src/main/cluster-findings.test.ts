import { describe, expect, it } from 'vitest'
import { aCronJob, aDeployment, type Body, indexOf } from '../kubernetes/testing/build-objects.ts'
import { nameFaults } from './cluster-findings.ts'
import { servicesOf } from './green-names.ts'

const faults = (names: Readonly<Record<string, string>>, ...bodies: readonly Body[]) => {
  const green = { namespaces: new Map([['shop', 'shop']]), names: new Map(Object.entries(names)), suffix: '' }
  return nameFaults(servicesOf(indexOf(...bodies), green), green).map(
    ({ severity, message }) => `${severity}: ${message}`,
  )
}

describe('names of what moves', () => {
  it('are refused once where two workloads of a namespace share one, with both of them and what to do', () => {
    expect(faults({}, aDeployment('web'), aCronJob('web'), aDeployment('api'))).toEqual([
      'blocks: Deployment shop/web and CronJob shop/web have one name, and a release knows what it acts on by its name: ' +
        'make one of them anew under another name, and delete it under this one, as names of objects can’t be changed.',
    ])
  })

  it('are refused where two services would have one on green', () => {
    expect(faults({ web: 'api' }, aDeployment('web'), aDeployment('api'))).toEqual([
      'blocks: Web and api would both be shop/api on green: give one of them another nameOnGreen.',
    ])
  })
})
