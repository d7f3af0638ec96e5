/** A login of a downstream service. */
export interface Credential {
  /** A NATS credentials file: user JWT and seed. */
  readonly credentials: string;
  /** What the user's inboxes have to begin with. */
  readonly inboxPrefix: string;
}

/** What makes logins of downstream services. */
export interface CredentialIssuer {
  /**
   * One that may read the consumer of that name on each event stream, and nothing else.
   * @param expireTimeS seconds since 1970
   */
  issue(consumerName: string, expireTimeS: number): Promise<Credential>;
}
