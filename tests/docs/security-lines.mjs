// The list in docs/security.md of the lines that begin with `SECURITY:`. Run as a program, this writes it there.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

export const PAGE = 'docs/security.md';
const BEGIN = '<!-- SECURITY lines: written by `node tests/docs/security-lines.mjs` -->\n';
const END = '<!-- end of the SECURITY lines -->\n';
const WIDTH = 100;

/** What begins a comment, and a line of one that goes on, in code and in the files of `service/deploy`. */
const CODE = [/^\s*(\/\/[/!]?|--|\*|\/\*\*?) SECURITY:/, /^\s*(?:\/\/[/!]?|--|\*(?!\/)|\/\*\*?) ?(.*?)(?:\s*\*\/)?$/];
const SETTINGS = [/^\s*# SECURITY:/, /^\s*# ?(.*)$/];

/** The first sentence behind each `SECURITY:` of a file. It may go on over several lines of a comment. */
function sentences(file) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const [first, further] = file.startsWith('service/deploy/') ? SETTINGS : CODE;
  return lines.flatMap((line, at) => {
    if (!first.test(line)) return [];
    const comment = [];
    for (const next of lines.slice(at)) {
      const text = further.exec(next)?.[1];
      if (!text) break;
      comment.push(text);
    }
    const [, sentence] = /SECURITY: (.*?\.)(?=\s|$)/.exec(`${comment.join(' ')}.`);
    // A link of rustdoc leads nowhere from here.
    return [sentence.replace(/\.\.$/, '.').replace(/\[(`[^`]+`)\](\([^)]*\))?/g, '$1')];
  });
}

function wrapped(text) {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (lines.at(-1).length + word.length > WIDTH) lines.push('    ');
    lines.push(`${lines.pop()}${word} `);
  }
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** The list, by file. */
export function list() {
  const folders = ['src', 'service/src', 'service/deploy', 'service/migrations', 'pkg/src', 'pkg/types'];
  const files = execFileSync('git', ['ls-files', ...folders], { encoding: 'utf8' }).trim().split('\n').sort();
  const entries = files.map((file) => [file, sentences(file)]).filter(([, found]) => found.length > 0);
  return entries.flatMap(([file, found]) => [`- \`${file}\``, ...found.map((text) => wrapped(`  - ${text}`))]).join('\n');
}

/** The list as the page has it. */
export function printed() {
  const [, after] = readFileSync(PAGE, 'utf8').split(BEGIN);
  return after?.split(END)[0].trim();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [before, after] = readFileSync(PAGE, 'utf8').split(BEGIN);
  writeFileSync(PAGE, `${before}${BEGIN}\n${list()}\n\n${END}${after.split(END)[1]}`);
}
