/** Why devices can't be looked for at all: the pod is tried again after a while. */
export class AllocationFault extends Error {}

/** Why they can't be had on one node, in words of its own. */
export class NodeFault extends Error {}
