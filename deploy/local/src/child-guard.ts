import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Makes children end with this process, however it ends. Node has nothing for that: a process that is killed runs no
 * handler, and its children live on and keep their ports. So a shell holds the other end of a pipe, is told which
 * children there are, and kills what is left of them when the pipe closes, as it does when this process is gone.
 */
const script = `
  groups=' '
  while read -r change group; do
    case $change in
      +) groups="$groups$group " ;;
      -) groups="\${groups% $group *} \${groups##* $group }" ;;
    esac
  done
  for group in $groups; do kill -KILL "-$group"; done`;

let guard: ChildProcess | undefined;
let guarded = 0;

/** Guards a child that leads a process group of its own. */
export function endWithThisProcess(child: ChildProcess): void {
  guard ??= startGuard();
  tell(guard, `+ ${child.pid}`);
  guarded += 1;
  child.on('exit', () => {
    if (guard === undefined) return;
    tell(guard, `- ${child.pid}`);
    guarded -= 1;
    if (guarded > 0) return;
    guard.stdin?.end();
    guard = undefined;
  });
}

function startGuard(): ChildProcess {
  // In a session of its own, so that Ctrl-C does not reach it. It keeps nobody waiting.
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  shell.unref();
  (shell.stdin as Socket).unref();
  return shell;
}

function tell(shell: ChildProcess, line: string): void {
  shell.stdin?.write(`${line}\n`);
}
