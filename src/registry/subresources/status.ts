import { bytesOf } from '../encode.ts'
import { getEntry } from '../get.ts'
import { patchObject } from '../patch.ts'
import { update } from '../update.ts'
import type { Subresource } from './subresources.ts'

export const status: Subresource = {
  get: (context, target) => bytesOf(target.definition, getEntry(context, target)),
  update: (context, target, change, options) =>
    'patch' in change ? patchObject(context, target, change.patch, options) : update(context, target, () => change.object, options),
}
