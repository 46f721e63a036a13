import { existsSync } from 'node:fs'

/** The folder of package.json, wherever this file was compiled or bundled to. */
function packageRoot(): URL {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    if (existsSync(new URL('package.json', folder))) return folder
    if (folder.pathname === '/') throw new Error(`no package.json above ${import.meta.url}`)
  }
}

/** A file or folder that is shipped with the package. @param path from the package's folder: `openapi/resources.json` */
export function packageFile(path: string): URL {
  return new URL(path, packageRoot())
}
