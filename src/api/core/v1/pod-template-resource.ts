import { defineResource } from '../../definition.ts'
import type { PodTemplate } from '../../types.gen.ts'
import { containerImages, containerNames } from './container-cells.ts'
import { labelsText, nameColumn } from './metadata-columns.ts'
import { setPodTemplateDefaults, validatePodTemplate } from './pod-template.ts'
import { hasNewSpec, podTemplateWarnings } from './pod-warnings.ts'

/** The kind PodTemplate; the templates inside workloads are in pod-template.ts. */
export const podTemplate = defineResource<PodTemplate>('v1/podtemplates', {
  countsGenerations: true,
  setDefaults: (object) => {
    object.template ??= {}
    setPodTemplateDefaults(object.template)
  },
  validate: ({ template }) => validatePodTemplate(template ?? {}, 'template'),
  warnings: (next, old) => (hasNewSpec(next, old) ? podTemplateWarnings(next.template, 'template') : []),
  columns: [
    nameColumn,
    {
      name: 'Containers',
      type: 'string',
      description: 'The names of the containers.',
      priority: 0,
      cell: ({ template }) => containerNames(template),
    },
    {
      name: 'Images',
      type: 'string',
      description: 'The images of the containers.',
      priority: 0,
      cell: ({ template }) => containerImages(template),
    },
    {
      name: 'Pod Labels',
      type: 'string',
      description: 'The labels of the pods.',
      priority: 0,
      cell: ({ template }) => labelsText(template?.metadata?.labels),
    },
  ],
})
