export interface RequestStore {
  /**
   * Ties a request id of an account to the content of its first request, before anything is done. That alone books nothing:
   * what is done next is idempotent itself, so that a crash in between neither loses nor doubles it.
   * @throws ParleyError `request.idempotency_conflict` if the id is tied to another content.
   */
  claim(accountId: string, requestId: string, content: readonly string[]): Promise<void>;
}
