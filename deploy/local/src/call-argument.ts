import { SetupError } from './setup-error.ts';

/**
 * The call that a command of make is about.
 * @param command how it is called, with a call id in it
 * @throws SetupError if none is named
 */
export function callArgument(command: (callId: string) => string): string {
  const callId = process.argv[2] ?? '';
  if (callId === '') throw new SetupError(`Which call? For example: ${command('CA0123456789abcdef0123456789abcdef')}`);
  return callId;
}
