import type { KubeObject } from '../../api/object.ts'
import type { Status } from '../../api/types.gen.ts'
import type { ObjectResult } from '../context.ts'
import { encodeUnstored } from '../encode.ts'

/** What a POST answers that makes no object. @param object what was posted */
export function success(object: KubeObject): ObjectResult {
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
  return { bytes: encodeUnstored(status as never), object, isCreated: true }
}
