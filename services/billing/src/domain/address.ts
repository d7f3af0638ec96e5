/** `client:<name>` or `+<digits>`; nothing in it may break an id that it is part of. */
const address = /^(client:[^\s/\p{Cc}]{1,120}|\+\d{1,20})$/u;

export function isAddress(text: string): boolean {
  return address.test(text);
}

/** A wallet is held by an address of an account. */
export function walletIdOf(accountId: string, holder: string): string {
  return `${accountId}/${holder}`;
}

/** Whose wallet it is. */
export function walletHolderOf(walletId: string): { readonly accountId: string; readonly holder: string } {
  const at = walletId.indexOf('/');
  return { accountId: walletId.slice(0, at), holder: walletId.slice(at + 1) };
}

/** CallSid of the root leg. */
export function isCallId(text: string): boolean {
  return /^CA[0-9a-f]{32}$/.test(text);
}
