/** The programs whose outcome is known. */
import { BUILTINS } from './shell-builtins.ts'

export const SHELLS = new Set(['sh', 'bash', 'ash', 'dash', 'zsh', 'ksh'])
/** Programs that do their work in no time worth simulating, and succeed. */
export const QUICK = new Set(
  (
    'awk base64 basename cd chmod chown clear command cp curl cut df dig dirname env export file find free getent grep gunzip gzip ' +
    'head id ip ifconfig jq kill ln local md5sum mktemp mv nc netstat nproc nslookup ping pkill ps readlink ' +
    'readonly realpath rmdir sed set sha256sum shift shopt sort source split stat sync sysctl tar tee tr trap type ulimit ' +
    'umask uname uniq unset unzip uptime wait wc wget which xargs zip .'
  ).split(' '),
)
/** Commands that run on whatever their arguments. */
export const ENDLESS = new Set(['pause', 'yes'])

/** Programs that run the one in their arguments in their own place. */
export const WRAPPERS = new Set(['exec', 'nohup', 'nice', 'time', 'eval', 'tini', 'dumb-init', 'busybox'])

/** Is the outcome of this command line known, or only guessed by `unknownCommand`? */
export function isKnownCommand(argv: readonly string[]): boolean {
  const name = programName(argv[0] ?? '')
  return SHELLS.has(name) || QUICK.has(name) || ENDLESS.has(name) || name in BUILTINS || name === 'tail'
}

export function programName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
