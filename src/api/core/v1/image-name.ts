/** Upstream: github.com/distribution/reference, whose grammar this is: [domain/]path[:tag][@digest]. */
const REFERENCE =
  /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*(?::(\w[\w.-]{0,127}))?(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$/

/**
 * Does the image float with the newest release: tagged `latest`, or without tag and digest?
 * A name that isn't one doesn't. Upstream: parsers.go ParseImageName.
 */
export function isLatestImage(image: string | undefined): boolean {
  const match = REFERENCE.exec(image ?? '')
  if (match === null) return false
  const tag = match[1]
  return tag === undefined ? match[2] === undefined : tag === 'latest'
}
