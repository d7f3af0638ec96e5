/** An address is `client:<name>` or `+<digits>` (E.164). */
const pattern = /^(client:[A-Za-z0-9_.@+-]{1,100}|\+[1-9]\d{1,14})$/;

export function isAddress(text: string): boolean {
  return pattern.test(text);
}
