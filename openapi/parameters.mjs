// The parameters of operations: one table of what each is, and which operation takes which.
const TYPES = {
  allowWatchBookmarks: 'boolean',
  command: 'string',
  container: 'string',
  continue: 'string',
  dryRun: 'string',
  fieldManager: 'string',
  fieldSelector: 'string',
  fieldValidation: 'string',
  follow: 'boolean',
  force: 'boolean',
  gracePeriodSeconds: 'integer',
  ignoreStoreReadErrorWithClusterBreakingPotential: 'boolean',
  insecureSkipTLSVerifyBackend: 'boolean',
  labelSelector: 'string',
  limit: 'integer',
  limitBytes: 'integer',
  orphanDependents: 'boolean',
  path: 'string',
  ports: 'integer',
  pretty: 'string',
  previous: 'boolean',
  propagationPolicy: 'string',
  resourceVersion: 'string',
  resourceVersionMatch: 'string',
  sendInitialEvents: 'boolean',
  sinceSeconds: 'integer',
  stderr: 'boolean',
  stdin: 'boolean',
  stdout: 'boolean',
  stream: 'string',
  tailLines: 'integer',
  timeoutSeconds: 'integer',
  timestamps: 'boolean',
  tty: 'boolean',
  watch: 'boolean',
}

const SELECTION = [
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
]
const WRITE = ['dryRun', 'fieldManager', 'fieldValidation']
const REMOVE = ['dryRun', 'gracePeriodSeconds', 'ignoreStoreReadErrorWithClusterBreakingPotential', 'orphanDependents', 'propagationPolicy']

/** What a verb takes besides the parts of its path. */
export const VERB_PARAMETERS = {
  get: ['pretty'],
  list: ['allowWatchBookmarks', 'pretty', 'watch', ...SELECTION],
  create: ['pretty', ...WRITE],
  update: ['pretty', ...WRITE],
  patch: ['force', 'pretty', ...WRITE],
  delete: ['pretty', ...REMOVE],
  deletecollection: ['pretty', ...SELECTION, ...REMOVE],
}

const STREAMS = ['container', 'stderr', 'stdin', 'stdout', 'tty']

/** What the subresources take that aren't about objects. Upstream: the v1 *Options types. */
export const SUBRESOURCE_PARAMETERS = {
  attach: STREAMS,
  exec: ['command', ...STREAMS],
  log: [
    'container',
    'follow',
    'insecureSkipTLSVerifyBackend',
    'limitBytes',
    'pretty',
    'previous',
    'sinceSeconds',
    'stream',
    'tailLines',
    'timestamps',
  ],
  portforward: ['ports'],
  proxy: ['path'],
}

export function queryParameter(name) {
  return { in: 'query', name, schema: { type: TYPES[name], uniqueItems: true } }
}

export function pathParameter(name) {
  return { in: 'path', name, required: true, schema: { type: 'string', uniqueItems: true } }
}
