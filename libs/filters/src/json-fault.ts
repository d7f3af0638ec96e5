// oxlint-disable-next-line no-control-regex
const token = /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;

type State = 'value' | 'first-value' | 'first-key' | 'key' | 'colon' | 'after';

/**
 * Where a text stops being JSON (RFC 8259), in UTF-16 units from 0: at the token that cannot stand there, or at the end. The
 * parser of the language says so for some faults only, and repeats the text, which may hold telephone numbers.
 */
export function jsonFaultAt(text: string): number {
  const open: string[] = [];
  let state: State = 'value';
  token.lastIndex = 0;
  for (;;) {
    const start = token.lastIndex + /^[ \t\n\r]*/.exec(text.slice(token.lastIndex))![0].length;
    const found = token.exec(text);
    if (found === null) return start;
    const next = advance(state, open, found[1] ?? (found[2] === undefined ? 'scalar' : 'string'));
    if (next === undefined) return start;
    state = next;
  }
}

/** @returns undefined when the token cannot stand there. */
function advance(state: State, open: string[], token: string): State | undefined {
  if (state === 'colon') return token === ':' ? 'value' : undefined;
  if (state === 'after') return afterValue(open, token);
  if (state === 'key' || state === 'first-key') return token === 'string' ? 'colon' : close(state === 'first-key', '{', open, token);
  if (token === '{' || token === '[') {
    open.push(token);
    return token === '{' ? 'first-key' : 'first-value';
  }
  if (token === 'string' || token === 'scalar') return 'after';
  return close(state === 'first-value', '[', open, token);
}

function afterValue(open: string[], token: string): State | undefined {
  const inside = open.at(-1);
  if (token === ',' && inside !== undefined) return inside === '{' ? 'key' : 'value';
  return close(true, inside, open, token);
}

function close(mayClose: boolean, inside: string | undefined, open: string[], token: string): State | undefined {
  if (!mayClose || inside === undefined || token !== (inside === '{' ? '}' : ']')) return undefined;
  open.pop();
  return 'after';
}
