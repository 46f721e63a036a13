/** Cells about the containers of a template. Upstream: printers.go layoutContainerCells. */
import type { PodTemplateSpec } from '../../types.gen.ts'

export function containerNames(template: PodTemplateSpec | undefined): string {
  return (template?.spec?.containers ?? []).map(({ name }) => name).join(',')
}

export function containerImages(template: PodTemplateSpec | undefined): string {
  return (template?.spec?.containers ?? []).map(({ image = '' }) => image).join(',')
}
