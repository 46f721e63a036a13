import { afterAll, beforeAll, it } from 'vitest'
import { checkApiOperations } from '../../support/api-operations.ts'
import { Conformance } from '../../support/conformance.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

it('[sig-apps] CronJob should support CronJob API operations', () =>
  checkApiOperations(e2e, {
    title: 'CronJob',
    path: 'batch/v1/cronjobs',
    isNamespaced: true,
    object: {
      spec: {
        schedule: '*/1 * * * ?',
        concurrencyPolicy: 'Allow',
        jobTemplate: {
          spec: {
            parallelism: 1,
            completions: 1,
            template: {
              spec: { restartPolicy: 'OnFailure', containers: [{ name: 'c', image: 'busybox', command: ['sleep', '300'] }] },
            },
          },
        },
      },
    },
    status: {
      takesMetadata: true,
      patch: { lastScheduleTime: '2025-12-31T23:00:00Z' },
      update: (status) => {
        status.lastScheduleTime = '2025-12-31T23:30:00Z'
      },
    },
  }))
