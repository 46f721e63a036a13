import type { Json } from './api.ts'

/** What is said of an object at a place of it: `.spec.ports[0].port`. */
interface Place {
  readonly path: string
  readonly value: Json
}

/**
 * Where fieldsV1 and what a manager wrote differ: paths that lead nowhere in it, and values of it that no path covers. Knows
 * nothing of schemas, so that it can't share a mistake with the code it judges: a path may end above the leaves (atomic).
 * @param zerosAreUncovered of a new object, the zero values that Go has anyway are nobody's
 */
export function ownershipFaults(fieldsV1: Json, written: Json, { zerosAreUncovered = false } = {}): string[] {
  return faultsAt(fieldsV1, { path: '', value: written }, zerosAreUncovered)
}

function faultsAt(node: Json, { path, value }: Place, zerosAreUncovered: boolean): string[] {
  const elements = Object.keys(node).filter((element) => element !== '.')
  if (elements.length === 0) return []
  const faults: string[] = []
  const covered = new Set<string>()
  for (const element of elements) {
    const found = step(element, { path, value })
    if (found === undefined) faults.push(`${path} has no ${element}`)
    else {
      covered.add(found.path)
      faults.push(...faultsAt(node[element], found, zerosAreUncovered))
    }
  }
  for (const child of childrenOf({ path, value })) {
    if (covered.has(child.path) || (zerosAreUncovered && isZero(child.value))) continue
    faults.push(`${child.path} is nobody's`)
  }
  return faults
}

function step(element: string, place: Place): Place | undefined {
  const children = childrenOf(place)
  const rest = element.slice(2)
  if (element.startsWith('f:')) return children.find(({ path }) => path === `${place.path}.${rest}`)
  const wanted = JSON.parse(rest)
  if (element.startsWith('v:')) return children.find(({ value }) => JSON.stringify(value) === rest)
  return children.find(({ value }) => Object.entries(wanted).every(([key, expected]) => (value[key] ?? '') === expected))
}

function childrenOf({ path, value }: Place): Place[] {
  if (Array.isArray(value)) return value.map((item, i) => ({ path: `${path}[${i}]`, value: item }))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).map(([name, item]) => ({ path: `${path}.${name}`, value: item }))
}

function isZero(value: Json): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isZero)
  return value === null || value === '' || value === 0 || value === false || value === '0'
}

/** A set of owned fields for an object that has only leaves and maps: what a patch of labels owns. */
export function fieldsOf(value: Json): Json {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [`f:${name}`, fieldsOf(item)]))
}
