import { spawn } from 'node:child_process';

/**
 * Ends a process when this one is gone, however it went: a shell waits at the end of a pipe that closes with us.
 * @returns ends the watch
 */
export function endWithThisProcess(pid: number): () => void {
  const shell = spawn('sh', ['-c', `cat >/dev/null; kill -9 ${pid} 2>/dev/null`], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  shell.unref();
  return () => void shell.kill('SIGKILL');
}
