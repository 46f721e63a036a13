import { bytesOf } from '../encode.ts'
import { getEntry } from '../get.ts'
import { update } from '../update.ts'
import type { Subresource } from './subresources.ts'

export const status: Subresource = {
  get: (context, target) => bytesOf(target.definition, getEntry(context, target)),
  update: (context, target, change, options) => update(context, target, (current) => change(current!), options),
}
