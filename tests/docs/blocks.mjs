// The Markdown files of the documentation, and the fenced blocks in them.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Every Markdown file that is documentation, tracked or about to be. */
export const pages = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', 'README.md', 'CHANGELOG.md', 'pkg/README.md', 'docs'],
  { encoding: 'utf8' },
)
  .split('\n')
  .filter((file) => file.endsWith('.md'))
  .sort();

export const read = (file) => readFileSync(file, 'utf8');

/**
 * The fenced blocks of a page in their order. The info string is the language and a label: `sh terminal` has
 * the language `sh` and the label `terminal`. `section` is the heading above.
 */
export function blocks(file) {
  const found = [];
  let section = '';
  let open = null;
  for (const [at, line] of read(file).split('\n').entries()) {
    const where = `${file}:${at + 1}`;
    const fence = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(line);
    if (fence && open === null) {
      const [, indent, marks, info] = fence;
      if (indent !== '' || marks !== '```') throw new Error(`${where}: write blocks with three backticks, at column 1`);
      const [, languages, label] = /^(\S*)\s*(.*)$/.exec(info);
      if (languages === '') throw new Error(`${where}: the block has no language`);
      open = { where, section, language: languages.split(',')[0], label, lines: [] };
    } else if (open && line === '```') {
      found.push({ ...open, code: `${open.lines.join('\n')}\n` });
      open = null;
    } else if (open) {
      open.lines.push(line);
    } else if (line.startsWith('#')) {
      section = line.replace(/^#+\s*/, '');
    }
  }
  if (open) throw new Error(`${open.where}: the block does not end`);
  return found;
}
