import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import { describe, expect, it } from 'vitest'
import {
  isOver,
  isOwnedBy,
  isTombstone,
  jobNameOf,
  runOf,
  tickInName,
  tickJobOf,
  tickOf,
  tombstoneOf,
  trialJobOf,
} from './job-facts.ts'

const tick = Date.parse('2026-01-01T00:07:00Z')
const cronJob: CronJob = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'mail', namespace: 'shop', uid: 'u' },
  spec: {
    schedule: '* * * * *',
    jobTemplate: {
      metadata: { labels: { team: 'a' } },
      spec: {
        ttlSecondsAfterFinished: 60,
        activeDeadlineSeconds: 30,
        parallelism: 2,
        template: { spec: { containers: [{ name: 'main' }] } },
      },
    },
  },
}

describe('Jobs of a CronJob', () => {
  it('are named for their tick as the controller names them', () => {
    expect(jobNameOf('mail', tick)).toBe(`mail-${tick / 60_000}`)
    expect(tickInName(jobNameOf('mail', tick), 'mail')).toBe(tick)
    expect(tickInName('mail-daily-29400007', 'mail')).toBeNull()
    expect(tickInName('mail-trial-4', 'mail')).toBeNull()
  })

  it('can be tombstones, which never run a pod and never go away by themselves', () => {
    const tombstone = tombstoneOf(cronJob, tick)
    expect(tombstone.metadata).toMatchObject({
      name: jobNameOf('mail', tick),
      labels: { team: 'a', 'titrate.dev/tombstone': 'mail' },
    })
    expect(tombstone.spec).toEqual({
      suspend: true,
      parallelism: 0,
      template: cronJob.spec?.jobTemplate.spec?.template,
    })
    expect([isTombstone(tombstone), isOwnedBy(tombstone, cronJob)]).toEqual([true, false])
  })

  it('are not taken by Argo CD for its own where nobody owns them, as it would prune them', () => {
    const labels = { team: 'a', 'app.kubernetes.io/instance': 'shop', 'argocd.argoproj.io/instance': 'shop' }
    const spec = {
      ...cronJob.spec,
      schedule: '* * * * *',
      jobTemplate: { ...cronJob.spec?.jobTemplate, metadata: { labels } },
    }
    const tracked: CronJob = { ...cronJob, spec }
    expect(tombstoneOf(tracked, tick).metadata?.labels).toEqual({ team: 'a', 'titrate.dev/tombstone': 'mail' })
    expect(trialJobOf(tracked, 'mail-trial-1').metadata?.labels).toEqual({ team: 'a', 'titrate.dev/trial': 'mail' })
    expect(tickJobOf(tracked, tick).metadata?.labels).toEqual(labels)
  })

  it('can be made by hand for a missed tick, which the CronJob then owns, and for a trial, which it does not', () => {
    const missed = tickJobOf(cronJob, tick)
    expect(missed.metadata?.annotations).toEqual({
      'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T00:07:00Z',
    })
    expect([isTombstone(missed), isOwnedBy(missed, cronJob), tickOf(missed, 'mail')]).toEqual([false, true, tick])
    const trial = trialJobOf(cronJob, 'mail-trial-4')
    expect(isOwnedBy(trial, cronJob)).toBe(false)
    expect(runOf(trial, 'mail', 'green', [])).toMatchObject({
      name: 'mail-trial-4',
      tick: null,
      result: 'running',
      endedAt: null,
    })
  })

  it('say how they ended, with the code of the pod that failed last', () => {
    const ended = (type: string): Job => ({
      ...tickJobOf(cronJob, tick),
      status: {
        startTime: '2026-01-01T00:07:01Z',
        conditions: [{ type, status: 'True', lastTransitionTime: '2026-01-01T00:07:09Z' }],
      },
    })
    const pod = (exitCode: number, finishedAt: string) => ({
      status: {
        containerStatuses: [
          {
            name: 'main',
            image: '',
            imageID: '',
            ready: false,
            restartCount: 0,
            state: { terminated: { exitCode, finishedAt } },
          },
        ],
      },
    })
    const pods = [pod(4, '2026-01-01T00:07:08Z'), pod(9, '2026-01-01T00:07:05Z')]
    expect(runOf(ended('Failed'), 'mail', 'blue', pods)).toEqual({
      name: `mail-${tick / 1_000}`,
      service: 'mail',
      side: 'blue',
      tick,
      startedAt: tick + 1_000,
      endedAt: tick + 9_000,
      result: 'failed',
      exitCode: 4,
    })
    expect(runOf(ended('Failed'), 'mail', 'blue', [])).toMatchObject({ result: 'failed', exitCode: null })
    expect(runOf(ended('Complete'), 'mail', 'blue', [])).toMatchObject({ result: 'succeeded', exitCode: 0 })
    expect([isOver(ended('Complete')), isOver(ended('Suspended'))]).toEqual([true, false])
  })
})
