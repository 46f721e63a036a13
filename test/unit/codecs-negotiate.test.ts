import { describe, expect, it } from 'vitest'
import { ApiError } from '../../src/api/meta/api-error.ts'
import { bodyMediaType, negotiate, notAcceptable, patchMediaType } from '../../src/http/codecs/negotiate.ts'
import { acceptedForm } from '../../src/http/representation.ts'

const json = 'application/json'
const yaml = 'application/yaml'
const protobuf = 'application/vnd.kubernetes.protobuf'
const table = { as: 'Table', group: 'meta.k8s.io', version: 'v1' }

describe('negotiate', () => {
  it.each([
    [undefined, { mediaType: json }],
    ['', { mediaType: json }],
    ['*/*', { mediaType: json }],
    ['*', { mediaType: json }],
    ['application/*', { mediaType: json }],
    ['application/yaml', { mediaType: yaml }],
    [`${protobuf},application/json`, { mediaType: protobuf }],
    [`application/json,${protobuf}`, { mediaType: json }],
    [`application/json;q=0.5,${protobuf};q=0.9`, { mediaType: protobuf }],
    ['*/*,application/yaml', { mediaType: yaml }],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', { mediaType: json }],
    ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json', { mediaType: json, ...table }],
    [`${protobuf};as=Table;v=v1;g=meta.k8s.io,application/json`, { mediaType: json }],
    [`${protobuf};as=PartialObjectMetadata;v=v1;g=meta.k8s.io`, { mediaType: protobuf, ...table, as: 'PartialObjectMetadata' }],
    ['application/json;as=Foo;v=v1;g=meta.k8s.io,application/yaml', { mediaType: yaml }],
    ['application/json;stream=watch', { mediaType: json }],
    ['application/yaml;stream=watch,application/json', { mediaType: json }],
    ['application/json;pretty=1', { mediaType: json, isPretty: true }],
    ['application/json;charset=utf-8', { mediaType: json }],
    ['text/plain', undefined],
    ['application/cbor', undefined],
    ['application/json;as=Table', undefined],
  ])('%s', (accept, expected) => {
    expect(negotiate(accept)).toEqual(expected && { isPretty: false, ...expected })
  })

  it('leaves other transformations to the endpoint', () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
    expect(negotiate(accept)).toEqual({ mediaType: json, isPretty: false })
    expect(negotiate(accept, (_, { group }) => group === 'apidiscovery.k8s.io')).toMatchObject({
      as: 'APIGroupDiscoveryList',
      version: 'v2',
    })
  })

  it('does not offer protobuf where there is none, but its metadata', () => {
    expect(negotiate(protobuf, undefined, [json, yaml])).toBe(undefined)
    expect(negotiate(`${protobuf};as=PartialObjectMetadata;v=v1;g=meta.k8s.io`, undefined, [json, yaml])?.mediaType).toBe(protobuf)
  })

  it('says what it has', () => {
    expect(notAcceptable().message).toBe(`only the following media types are accepted: ${json}, ${yaml}, ${protobuf}`)
    expect(notAcceptable({ isWatch: true }).message).toBe(
      `only the following media types are accepted: ${json};stream=watch, ${protobuf};stream=watch`,
    )
  })
})

describe('Content-Type', () => {
  it.each([
    [undefined, json],
    ['', json],
    ['application/json; charset=utf-8', json],
    ['Application/YAML', yaml],
    [protobuf, protobuf],
  ])('%s', (contentType, expected) => {
    expect(bodyMediaType(contentType)).toBe(expected)
  })

  it.each(['text/plain', 'application/cbor', 'application/json; charset', 'json'])('refuses %s', (contentType) => {
    expect(() => bodyMediaType(contentType)).toThrow(
      new ApiError(
        415,
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: ${json}, ${yaml}, ${protobuf}`,
      ),
    )
  })

  it('of patches', () => {
    expect(patchMediaType('application/merge-patch+json; charset=utf-8')).toBe('application/merge-patch+json')
    expect(() => patchMediaType('application/json')).toThrow(
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml',
    )
  })
})

describe('a kind that has no protobuf form', () => {
  const accepted = (accept: string, isWatch = false) => acceptedForm(accept, { isWatch, hasProtobuf: () => false })

  it('is had in what comes next, or as its metadata', () => {
    expect(accepted(`${protobuf},application/json`).mediaType).toBe(json)
    expect(accepted(`${protobuf};as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json`).mediaType).toBe(protobuf)
  })

  it('is not to be had as protobuf alone', () => {
    expect(() => accepted(protobuf)).toThrow('only the following media types are accepted: application/json, application/yaml')
    expect(() => accepted(protobuf, true)).toThrow('only the following media types are accepted: application/json;stream=watch')
  })
})
