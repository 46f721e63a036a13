import { parse, stringify } from 'yaml'
export function decodeYaml(text: string) { return { value: parse(text) as unknown, repeatedKeys: undefined } }
export function encodeYaml(value: object): string { return stringify(value) }
